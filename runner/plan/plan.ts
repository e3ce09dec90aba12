import { normalizePlatform } from "../../builder/manifest.ts";
import type { ExitCode, Problem } from "../../config/problems/errors.ts";
import type { Image, PlannedImage } from "../registry/image.ts";
import type { TagCheck } from "../registry/tags.ts";
import type { StoredRelease } from "../release/record.ts";
import type { TagPlan } from "../tags/tags.ts";
import type { Gate } from "../targets/gate.ts";
import { isMove, type TargetPlan } from "../targets/target.ts";
import type { ComparedService } from "./compare.ts";
import type { NewestWins } from "./newest-wins.ts";

/** What is known of an image before it is built: where it will be, and for which platforms. */
type Buildable = Pick<ComparedService, "service" | "repository" | "registry"> & {
  readonly source?: Pick<ComparedService["source"], "hash">;
  readonly image?: Image | undefined;
};

/** The image that targets are planned with: the one in the registry, or the one that will be built. */
export function plannedImage({ service, repository, registry, source, image }: Buildable): PlannedImage {
  if (image !== undefined) return image;
  const platforms = service.platforms.map((platform) => [normalizePlatform(platform), undefined]);
  return {
    service: service.name,
    repository,
    registry,
    digest: undefined,
    manifests: Object.fromEntries(platforms),
    ...(source === undefined ? {} : { sourceHash: source.hash }),
  };
}

/** A service, and the tags that its image is to have. */
export interface TaggedService extends ComparedService {
  readonly tagPlan: TagPlan;
  /** Whether its build reads what is not in the commit. */
  readonly isDirty: boolean;
  /** Why its source may not be deployed: it is not committed, where the stack does not allow that. */
  readonly sourceProblems: readonly Problem[];
  /** What was asked of its source. */
  readonly gates: readonly Gate[];
}

/** What a deployment would do to one service: its image, its tags, and each of its targets. */
export interface PlannedService extends TaggedService {
  readonly tagCheck: TagCheck;
  readonly targets: readonly TargetPlan[];
  /** The newest release record of the service on this stack. */
  readonly newestRecord: StoredRelease | undefined;
  readonly newestWins: NewestWins;
  /** Everything that stands in the way of the service itself; the targets have their own. */
  readonly problems: readonly Problem[];
}

/** Everything that stands in the way of a plan, each problem once. */
export function problemsOf(
  services: readonly {
    readonly problems: readonly Problem[];
    readonly targets: readonly Pick<TargetPlan, "problems">[];
  }[],
): readonly Problem[] {
  const all = services.flatMap(({ problems, targets }) => [
    ...problems,
    ...targets.flatMap((target) => target.problems),
  ]);
  return [...new Map(all.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Whether a service's image is to be built or tagged, or one of its targets moved. */
export function isChanged({ image, tagCheck, targets }: PlannedService): boolean {
  return image === undefined || tagCheck.toPut.length > 0 || targets.some(isMove);
}

/** Codes of refusals by a gate: a newer release runs, or an image has what the stack does not accept. */
const refusals: readonly Problem["code"][] = ["superseded", "gate-failed"];

/** What the process exits with when a plan is refused: 3 when only gates stand in the way. */
export function exitCodeOfProblems(problems: readonly Problem[]): 0 | ExitCode {
  if (problems.length === 0) return 0;
  return problems.every(({ code }) => refusals.includes(code)) ? 3 : 2;
}
