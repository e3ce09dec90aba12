import { sourceTag } from "../../config/names.ts";
import type { ExitCode, Problem } from "../../config/problems/errors.ts";
import { type Image, imageReference } from "../registry/image.ts";
import { normalizePlatform } from "../registry/manifest.ts";
import type { TagCheck } from "../registry/tags.ts";
import type { StoredRelease } from "../release/record.ts";
import type { TagPlan } from "../tags/tags.ts";
import type { Gate } from "../targets/gate.ts";
import type { TargetPlan } from "../targets/target.ts";
import { isMove } from "../targets/target.ts";
import { type ComparedService, reasonToBuild } from "./compare.ts";
import type { DeployPlan, ServicePlan } from "./document.ts";

/** What stands for the digest of an image that is still to be built. */
export const afterBuild = "(after build)";

/**
 * The image that a service's targets are planned with: the one there is, or a stand-in for the one
 * that will be, with the platforms that it will have and digests that nobody knows yet. Pure.
 */
export function imageToPlanWith({ service, repository, registry, source, image }: ComparedService): Image {
  return (
    image ?? {
      service: service.name,
      repository,
      registry,
      digest: afterBuild,
      manifests: Object.fromEntries(
        service.platforms.map((platform) => [normalizePlatform(platform), afterBuild]),
      ),
      sourceHash: source.hash,
    }
  );
}

/** A service, and the tags that its image is to have. */
export interface TaggedService extends ComparedService {
  readonly tagPlan: TagPlan;
  /** Why it may not be deployed as it is here: what is not committed, where that is not allowed; an older commit. */
  readonly sourceProblems?: readonly Problem[];
  /** What was asked of its source. */
  readonly gates?: readonly Gate[];
}

/** What was found out about one service and everything that it would be moved to. */
export interface InspectedService extends TaggedService {
  readonly tagCheck: TagCheck;
  readonly targets: readonly TargetPlan[];
  /** The newest release record of the service on this stack. */
  readonly head: StoredRelease | undefined;
}

/** The plan of a deployment as data. Pure. */
export function planDeployment(
  where: { readonly stack: string; readonly account: string; readonly region: string },
  inspected: readonly InspectedService[],
): DeployPlan {
  return {
    version: 1,
    kind: "plan",
    ...where,
    services: inspected.map((one) => planService(one, inspected)),
  };
}

function planService(inspected: InspectedService, all: readonly InspectedService[]): ServicePlan {
  const { service, repository, registry, source, image, tagPlan, tagCheck, targets } = inspected;
  return {
    service: service.name,
    repository,
    registry,
    source,
    image:
      image === undefined
        ? {
            action: "build",
            reason: reasonToBuild(inspected),
            platforms: service.platforms,
            push: [sourceTag(source.hash)],
          }
        : { action: "none", digest: image.digest, reference: imageReference(image) },
    tags: {
      put: tagCheck.toPut,
      present: tagCheck.present,
      planned: tagPlan.planned,
      leftOut: tagPlan.leftOut,
    },
    targets: targets.map(({ title, target, action, changes, problems, notes }) => ({
      title,
      kind: target.kind,
      order: target.order,
      action,
      changes,
      problems,
      notes,
    })),
    sidecarIn: sidecarIn(service.name, all),
    problems: [...(inspected.sourceProblems ?? []), ...tagPlan.problems, ...tagCheck.problems],
  };
}

/** Titles of other services' targets that run a service's image beside their own. Pure. */
function sidecarIn(name: string, all: readonly InspectedService[]): string[] {
  const others = all.filter(({ service }) => service.name !== name).flatMap(({ targets }) => targets);
  return others
    .filter(({ target }) => target.kind === "ecs" && Object.values(target.containers).includes(name))
    .map(({ title }) => title);
}

/** Everything that stands in the way of a plan, each thing once. Pure. */
export function problemsOfPlan(plan: DeployPlan): Problem[] {
  const all = plan.services.flatMap(({ problems, targets }) => [
    ...problems,
    ...targets.flatMap((target) => target.problems),
  ]);
  const seen = new Set<string>();
  return all.filter((problem) => {
    const text = JSON.stringify(problem);
    return seen.has(text) ? false : seen.add(text);
  });
}

/** Whether carrying the plan out would change nothing; targets may be left to prove. Pure. */
export function isNothingToDo(plan: DeployPlan): boolean {
  return plan.services.every(
    ({ image, tags, targets }) => image.action === "none" && tags.put.length === 0 && !targets.some(isMove),
  );
}

/** What the process exits with when a plan is refused: 3 when only a newer release stands in the way. Pure. */
export function exitCodeOfProblems(problems: readonly Problem[]): 0 | ExitCode {
  if (problems.length === 0) return 0;
  return problems.every(({ code }) => code === "superseded") ? 3 : 2;
}
