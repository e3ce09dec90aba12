import { sidecarsOf } from "../../config/description/sidecars.ts";
import { type Image, imageReference } from "../registry/image.ts";
import type { ReleaseRecord } from "../release/record.ts";
import { kindOf } from "../targets/kinds.ts";
import type { FieldChange, TargetOutcome, TargetPlan } from "../targets/target.ts";
import { servicesOf } from "../targets/target.ts";

/** A service, and the plans of the targets that are moved with it. */
interface PlannedService {
  readonly image: Image;
  readonly targets: readonly TargetPlan[];
}

/**
 * The plans of all targets in which a run moves a service: its own, and those of the run's other services
 * that run its image as a sidecar.
 */
export function plansOf(one: PlannedService, all: readonly PlannedService[]): readonly TargetPlan[] {
  const { service } = one.image;
  const beside = plansByService(all).get(service) ?? [];
  const others = beside.filter(({ of }) => of !== one);
  return [...one.targets, ...others.map(({ plan }) => ({ ...plan, service }))];
}

interface PlanOf {
  readonly of: PlannedService;
  readonly plan: TargetPlan;
}

const indexes = new WeakMap<readonly PlannedService[], ReadonlyMap<string, readonly PlanOf[]>>();

/** The plans of a run by each service whose image they run: made once, however many services ask. */
function plansByService(all: readonly PlannedService[]): ReadonlyMap<string, readonly PlanOf[]> {
  const known = indexes.get(all);
  if (known !== undefined) return known;
  const plans = all.flatMap((of) =>
    of.targets.flatMap((plan) => servicesOf(plan).map((service) => ({ service, of, plan }))),
  );
  const made = Map.groupBy(plans, ({ service }) => service);
  indexes.set(all, made);
  return made;
}

/** The change of the image that a service runs in a target. */
export function imageChange(plan: TargetPlan, service: string): FieldChange | undefined {
  return kindOf(plan.target).imageChange(plan, service);
}

/** What a record says of one target: what became of it, what it ran of this service, and runs now. */
export function recordedTarget(
  plan: TargetPlan,
  image: Image,
  outcome: TargetOutcome | undefined,
): ReleaseRecord["targets"][number] {
  const { title, target } = plan;
  const change = imageChange(plan, image.service);
  const previous = change?.before?.includes("@sha256:") === true ? change.before : undefined;
  const digest = change?.after.split("@")[1];
  const [platform] =
    digest === image.digest
      ? []
      : (Object.entries(image.manifests).find(([, child]) => child === digest) ?? []);
  const sidecars = sidecarsOf(target, image.service);
  const running = runningOf(image, outcome, previous);
  return {
    kind: target.kind,
    title,
    ...(sidecars.length === 0 ? {} : { sidecar: sidecars.join(", ") }),
    outcome: outcome?.outcome ?? "unchanged",
    message: outcome?.message ?? "runs this image",
    ...(previous === undefined ? {} : { previous }),
    ...(platform === undefined ? {} : { platform }),
    ...(running === undefined ? {} : { running }),
    details: { ...outcome?.details },
  };
}

/** An outcome tells what runs of the target's main service; its sidecars came along, or went back. */
function runningOf(
  image: Image,
  outcome: TargetOutcome | undefined,
  previous: string | undefined,
): string | undefined {
  if (outcome === undefined || outcome.service === image.service) return outcome?.running;
  if (outcome.outcome === "done" || outcome.outcome === "unchanged") return imageReference(image);
  return outcome.outcome === "rolled back" ? previous : undefined;
}
