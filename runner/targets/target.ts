import { servicesIn } from "../../config/description/sidecars.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Target } from "../../config/targets/target.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image, PlannedImage } from "../registry/image.ts";
import type { Emit } from "../report/events.ts";
import type { Gate } from "./gate.ts";
import type { Hint } from "./hint.ts";
import type { ImageUse, ProjectContext, ReadContext } from "./image-use.ts";
import type { LiveTarget, Nearby, NearbyRequest } from "./live.ts";
import type { LogSource } from "./logs.ts";

/**
 * What a target is moved to: an image, and which container takes which image for a kind with several
 * containers. Containers that are not named keep their images.
 */
export type TargetImage<I extends PlannedImage = Image> = I & {
  /** Container → image; the target's own service comes first. Default: the kind's only place. */
  readonly containers?: Readonly<Record<string, I>>;
};

/** One field that an update changes: `containerDefinitions[ui].image`. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string;
}

/**
 * What a run would do to one target, as data; the same for `plan` and `deploy`.
 *
 * `S` is the target as its kind found it, which it needs again to apply the plan.
 */
export interface TargetPlan<S = unknown, T extends Target = Target> {
  readonly service: string;
  readonly target: T;
  /**
   * Kind and identity, by which outcomes, keep tags and records know the target: `ecs shop-dev/ui`. A catalogue
   * has no two targets of one identity.
   */
  readonly title: string;
  /**
   * `update` moves the target, `create` creates it. `none`: it already runs this image. `prove`: it already
   * runs this image, but no record says that it worked; Slipway follows it without changing it.
   */
  readonly action: "update" | "create" | "prove" | "none";
  readonly changes: readonly FieldChange[];
  /** Problems that block the move. A plan with problems is never applied. */
  readonly problems: readonly Problem[];
  /** What the user should know, though it blocks nothing: "desired count is 0, no task will run". */
  readonly notes: readonly string[];
  /**
   * What an earlier release of this image left in the target: a function's version, a revision of the
   * task definition. Reused if it still exists and has this image.
   */
  readonly reuse?: string;
  /** Gates that were asked before the move, and let it pass. */
  readonly gates?: readonly Gate[];
  /** The image, `repository@digest`, that the registry had marked as the one in use here; undefined: unknown. */
  readonly marked?: string | undefined;
  readonly state: S;
}

/**
 * What a kind records of a release beside its image: revisions of the task definition, a function's
 * version.
 */
export type TargetDetails = Readonly<Record<string, string | number>>;

/** How a run ended for one target. */
export interface TargetOutcome {
  readonly service: string;
  readonly title: string;
  readonly kind: Target["kind"];
  /** `proposed`: a pull request with the image is open; the target still runs what it ran. */
  readonly outcome:
    | "done"
    | "unchanged"
    | "proposed"
    | "failed"
    | "rolled back"
    | "not started"
    | "cancelled";
  /**
   * For a target that was not started: a newer commit is already deployed there, or a target before it is only
   * proposed.
   */
  readonly because?: "superseded" | "proposed";
  /** One line: the revision that runs, or why it failed. */
  readonly message: string;
  /** Reference, by digest, of the image that runs now, if known. */
  readonly running?: string;
  /** Evidence for a failure: events, stopped reasons, last log lines; in reading order. */
  readonly evidence?: readonly string[];
  /** How to fix a failure whose reason is known; one line. */
  readonly hint?: string;
  readonly milliseconds: number;
  /** Further facts of the kind: revision numbers, function version. */
  readonly details?: TargetDetails;
  /** The gates that were asked. */
  readonly gates?: readonly Gate[];
}

/** What a running target shows in `status`. */
export interface TargetStatus {
  readonly service: string;
  readonly title: string;
  readonly kind: Target["kind"];
  readonly health: "healthy" | "updating" | "unhealthy" | "missing";
  readonly message: string;
  readonly running?: string;
  readonly since?: Date;
  readonly details?: TargetDetails;
}

/** Something that a target needs, and whether it has it. */
export interface TargetCheck {
  /** What was checked: `execution role shop-ui-start`. */
  readonly name: string;
  /** `not checked`: Slipway could not look at it. That does not block a deployment. */
  readonly state: "ok" | "fail" | "not checked";
  readonly message: string;
  readonly fix?: string;
}

/** What the checks of a target take into account. */
export interface Verification {
  /** The image to move to; undefined: the target is checked as it is. */
  readonly image: TargetImage<PlannedImage> | undefined;
  /** See `TargetPlan.reuse`. */
  readonly reuse?: string | undefined;
  /** Host (and port) of the registry that images are pushed to. */
  readonly registry: string;
}

export interface TargetContext {
  /** The project's, which paths in services.yaml are relative to. */
  readonly directory: string;
  readonly clients: Clients;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** The step that events belong to. */
  readonly step: string;
  /** What a target is moved for, where a kind notes it beside the image: in the message of a commit. */
  readonly release?: MovedRelease;
  /** Whether to wait until people have merged what a kind only proposes. Default: false. */
  readonly waitMerge?: boolean;
}

/** The release that a target is moved for. */
export interface MovedRelease {
  readonly stack: string;
  /** The commit of the image's source, when it is known. */
  readonly commit?: string | undefined;
  /**
   * What has changed in the image since the one that a target runs, for a kind that tells people. Calls AWS and
   * git, and throws nothing for what they do not know.
   *
   * @param before reference of the image that runs
   */
  changesSince?(before: string | undefined): Promise<ImageChanges>;
}

/** What is known of the difference between two images of a service. */
export interface ImageChanges {
  /** The commit of the source of the image before. */
  readonly before: string | undefined;
  /** Commits from there to the image's own, the newest first; the first of them. */
  readonly commits: readonly { readonly id: string; readonly subject: string }[];
  /** How many commits are left out of the list. */
  readonly more: number;
  /** Bytes, compressed, as the registry counts them. */
  readonly sizeBefore: number | undefined;
  readonly sizeAfter: number | undefined;
}

/** A planned target, its image, and the context of its own step. */
export interface PlannedMove<T extends Target, S> {
  readonly plan: TargetPlan<S, T>;
  readonly image: TargetImage;
  readonly context: TargetContext;
}

/** How several targets are changed by one call. */
export interface TogetherApply<T extends Target, S, A> {
  /** Targets of a group with the same key are applied together. */
  key(target: T, directory: string): string;
  /**
   * Does for all of them what `apply` does for one.
   *
   * @returns what became of each, in their order
   */
  apply(moves: readonly PlannedMove<T, S>[]): Promise<readonly PromiseSettledResult<A>[]>;
}

/** A read-only call that shows whether AWS allows it. */
export interface Probe {
  /** As in an IAM policy: `ecs:DescribeServices`. */
  readonly action: string;
  /** The resource that it was tried on: `shop-dev/ui`. */
  readonly on: string;
  call(context: ReadContext): Promise<unknown>;
}

/** The settings that a release ran with beside its image, for kinds that keep settings with each release. */
export interface ReleaseSettings<T extends Target> {
  /** Where the kind keeps them: `revision`, `version`. */
  readonly name: string;
  /** Fields whose values may be secrets, anywhere in the document. */
  readonly hiddenFields: readonly string[];
  /** What to read for a release, given what its record says of the target; undefined: nothing was kept. */
  of(details: TargetDetails): string | undefined;
  /** The settings, without values that AWS sets itself; undefined when they are gone. */
  read(target: T, name: string, context: ReadContext): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * A kind of target: inspect, plan, verify, apply, follow, revert. runner/targets/kinds.ts lists the
 * kinds, and says how to add one.
 *
 * `S` is a target as it was found; `A` is what `apply` started.
 */
export interface TargetKind<T extends Target, S, A> {
  readonly kind: T["kind"];
  /** The kind and the target's identity (`TargetDeclaration.identity`), unique in an account and region. */
  title(target: T): string;
  /** Fixes for known failures, the most certain first. */
  readonly hints: readonly Hint[];
  /**
   * Chooses what a target moves to, from the images of a run.
   *
   * @param image the image of the target's own service
   * @param images by service: the images that this run moves targets to
   */
  imageFor<I extends PlannedImage>(target: T, image: I, images: ReadonlyMap<string, I>): TargetImage<I>;
  /** The target without the parts that a rollback skips: a gradual shift, a migration. */
  withoutPreparations(target: T): T;
  /**
   * Reads the target, with read-only calls. A target that does not exist or can't be updated is a
   * problem of the plan, not an exception.
   *
   * @param wanted the image that `plan` will be asked for: of a target that already runs it, a kind may leave
   *   out what only a move needs
   */
  inspect(target: T, context: TargetContext, wanted?: TargetImage<PlannedImage>): Promise<S>;
  /** Plans the change from the target as it was found and the image. Makes no calls. */
  plan(service: string, target: T, state: S, image: TargetImage<PlannedImage>): TargetPlan<S, T>;
  /** The change of the image that the target runs for a service; undefined when the plan has none. */
  imageChange(plan: TargetPlan<S, T>, service: string): FieldChange | undefined;
  /**
   * Checks what a deployment needs around the target: roles, secrets, log groups, other images. Makes
   * read-only calls, all at once.
   */
  verify(
    target: T,
    state: S,
    verification: Verification,
    context: TargetContext,
  ): Promise<readonly TargetCheck[]>;
  /**
   * Whether the target is still as the plan saw it: one call, right before `apply`. False when someone
   * else has moved it since.
   */
  isAsPlanned(plan: TargetPlan<S, T>, context: TargetContext): Promise<boolean>;
  /**
   * Starts the change with as few calls as possible; returns what `follow` and `revert` need.
   *
   * @throws ChangedSincePlan when somebody else has changed the target since `isAsPlanned`, for a kind that can
   *   tell: it is planned again then
   */
  apply(plan: TargetPlan<S, T>, image: TargetImage, context: TargetContext): Promise<A>;
  /** Undefined for a kind that changes each target by a call of its own. */
  readonly together?: TogetherApply<T, S, A>;
  /**
   * What `apply` would have returned if it had just moved the target to where it is; `follow` can then
   * verify it. Undefined for a kind that sends no callers to a release before it is verified.
   */
  resume(plan: TargetPlan<S, T>): A | undefined;
  /** Follows the change that `apply` started to its end. */
  follow(
    plan: TargetPlan<S, T>,
    applied: A,
    image: TargetImage,
    context: TargetContext,
  ): Promise<TargetOutcome>;
  /** Reverts what `apply` changed. */
  revert(plan: TargetPlan<S, T>, applied: A, context: TargetContext): Promise<TargetOutcome>;
  status(service: string, target: T, context: TargetContext): Promise<TargetStatus>;
  /**
   * What a rollback can reuse of a release, given what its record says of the target.
   *
   * @param withSettings whether to bring back the settings of the release as well as its image
   */
  reusable(details: TargetDetails, withSettings: boolean): string | undefined;
  /** Undefined for a kind that keeps no settings with a release. */
  readonly settings?: ReleaseSettings<T>;
  /** Where the target logs to. Read-only. A target that does not exist gives a source that says so. */
  logs(service: string, target: T, context: TargetContext): Promise<readonly LogSource[]>;
  /** A call that shows whether targets of this kind can be read; undefined when AWS is not asked. */
  probe(target: T): Probe | undefined;
  /**
   * Every image that anything of this kind runs in the account and region, including those that others
   * deployed. Read-only.
   *
   * @param targets those of the catalogue, for a kind that can look nowhere else
   */
  inUse(context: ProjectContext, targets: readonly T[]): Promise<readonly ImageUse[]>;
  /** Everything of this kind in the account and region that runs an image, for `init` to propose. Read-only. */
  live(context: ReadContext): Promise<readonly LiveTarget[]>;
  /**
   * The targets of this kind that files call for, in the project's repository and beside it, for `init` to propose.
   * Reads files only. Undefined for a kind that only AWS knows.
   */
  readonly nearby?: (request: NearbyRequest) => Promise<Nearby>;
  /**
   * Follows a change in progress to its end, including one that someone else started; undefined when there
   * is none.
   *
   * @param registry host (and port) of the registry that has our images
   */
  wait(
    service: string,
    target: T,
    registry: string,
    context: TargetContext,
  ): Promise<TargetOutcome | undefined>;
}

/** Whether the plan changes or creates the target. */
export function isMove({ action }: Pick<TargetPlan, "action">): boolean {
  return action === "update" || action === "create";
}

/** Names of the services whose images a target runs, its own service first. */
export function servicesOf({ service, target }: Pick<TargetPlan, "service" | "target">): readonly string[] {
  return [...new Set([service, ...servicesIn(target)])];
}
