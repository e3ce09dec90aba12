import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Image } from "../registry/image.ts";
import { isProven, releasesOf } from "../release/history.ts";
import type { StoredRelease } from "../release/record.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetPlan } from "../targets/target.ts";
import { servicesOf } from "../targets/target.ts";

/** A service that is to be moved, and its newest release record. */
interface RecordedService {
  readonly service: Service;
  /** Undefined while it is still to be built: nothing runs it yet. */
  readonly image: Image | undefined;
  readonly targets: readonly TargetPlan[];
  /** The newest release record of the service on this stack. */
  readonly newestRecord: StoredRelease | undefined;
}

/**
 * Plans to prove a target that runs its image without a successful release of it. The run that moved it ended
 * before its last check, or the check failed and the version was kept. Such a target is followed again; it does
 * not count as done.
 */
export function planProofs<S extends RecordedService>(services: readonly S[]): readonly S[] {
  const isRecorded = ({ image, newestRecord }: RecordedService) =>
    image === undefined || isProven(releasesOf(newestRecord), image.digest);
  if (services.every(isRecorded)) return services;
  const byName = new Map(services.map((one) => [one.service.name, one]));
  return services.map((one) => ({
    ...one,
    targets: one.targets.map((plan): TargetPlan => {
      if (plan.action !== "none" || plan.problems.length > 0) return plan;
      const recorded = servicesOf(plan)
        .flatMap((name) => byName.get(name) ?? [])
        .every(isRecorded);
      if (recorded || kindOf(plan.target).resume(plan) === undefined) return plan;
      const note =
        "already runs this image, but no successful release is recorded; it will be verified again";
      return { ...plan, action: "prove", notes: [...plan.notes, note] };
    }),
  }));
}
