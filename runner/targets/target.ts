import { containersOf } from "../../config/description/sidecars.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Target } from "../../config/targets/target.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image, PlannedImage } from "../registry/image.ts";
import type { Emit } from "../report/events.ts";
import type { Gate } from "./gate.ts";
import type { Hint } from "./hint.ts";
import type { ImageUse, ReadContext } from "./image-use.ts";
import type { LogSource } from "./logs.ts";

/**
 * What a target is moved to: an image, and for a kind with several containers which of them takes which
 * image. Containers that are not named keep what they run.
 */
export type TargetImage<I extends PlannedImage = Image> = I & {
  /** Container → image, the target's own service's first. Default: the kind's one place. */
  readonly containers?: Readonly<Record<string, I>>;
};

/** One field that an update changes: `containerDefinitions[ui].image`. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string;
}

/**
 * What would be done to one target, as data; the same for `plan` and for `deploy`.
 *
 * `S` is the target as its kind found it, which it needs again to apply the plan.
 */
export interface TargetPlan<S = unknown, T extends Target = Target> {
  readonly service: string;
  readonly target: T;
  /** Name for people: `ecs shop-dev/ui`, `lambda shop-checkout-dev:live`. */
  readonly title: string;
  /**
   * `update` moves it, `create` makes it, `none`: it already runs this image. `prove`: it does, but no
   * release says that this went well; it is followed once more, and not changed.
   */
  readonly action: "update" | "create" | "prove" | "none";
  readonly changes: readonly FieldChange[];
  /** What stands in the way. A plan with problems is never applied. */
  readonly problems: readonly Problem[];
  /** What does not stand in the way but should be known: "desired count is 0, nothing will run". */
  readonly notes: readonly string[];
  /**
   * What an earlier release of this image left in the target: a function's version, a revision of the
   * task definition. Used again if it still exists and has this image.
   */
  readonly reuse?: string;
  /** What was asked before it is moved, and did not stand in the way. */
  readonly gates?: readonly Gate[];
  readonly state: S;
}

/** What a kind says of a release beside its image: revisions of the task definition, a function's version. */
export type TargetDetails = Readonly<Record<string, string | number>>;

/** How it ended for one target. */
export interface TargetOutcome {
  readonly service: string;
  readonly title: string;
  readonly kind: Target["kind"];
  readonly outcome: "done" | "unchanged" | "failed" | "rolled back" | "not started" | "cancelled";
  /** For one that was not started: a newer commit is already deployed there. */
  readonly because?: "superseded";
  /** One line: the revision that runs, or why it failed. */
  readonly message: string;
  /** Reference (by digest) of what runs now, as far as it is known. */
  readonly running?: string;
  /** Evidence for a failure: events, stopped reasons, last log lines; in the order to read them. */
  readonly evidence?: readonly string[];
  /** What to do about a failure, one line, when its reason is a known one. */
  readonly hint?: string;
  readonly milliseconds: number;
  /** What the kind has to say beyond: revision numbers, function version. */
  readonly details?: TargetDetails;
  /** What had a say in how it ended. */
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

/** Something that a target needs, and whether it is so. */
export interface TargetCheck {
  /** What was looked at: `execution role shop-ui-start`. */
  readonly name: string;
  /** `not checked`: it could not be looked at, which is no reason against a deployment. */
  readonly state: "ok" | "fail" | "not checked";
  readonly message: string;
  readonly fix?: string;
}

/** What a target is checked for. */
export interface Verification {
  /** What it is about to be moved to; undefined: it is checked as it is. */
  readonly image: TargetImage<PlannedImage> | undefined;
  /** See `TargetPlan.reuse`. */
  readonly reuse?: string | undefined;
  /** Host (and port) of the registry that images are pushed to. */
  readonly registry: string;
}

export interface TargetContext {
  readonly clients: Clients;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Step that the events belong to. */
  readonly step: string;
}

/** A call that changes nothing, to find out whether it is allowed. */
export interface Probe {
  /** As in an IAM policy: `ecs:DescribeServices`. */
  readonly action: string;
  /** What it was tried on: `shop-dev/ui`. */
  readonly on: string;
  call(context: ReadContext): Promise<unknown>;
}

/** The settings that a release ran with beside its image, for kinds that keep them with each release. */
export interface ReleaseSettings<T extends Target> {
  /** What they are kept in: `revision`, `version`. */
  readonly name: string;
  /** Fields whose values may be secrets, wherever they are in the document. */
  readonly hiddenFields: readonly string[];
  /** What to read of a release, from what its record says of the target; undefined: nothing was kept. */
  of(details: TargetDetails): string | undefined;
  /** The settings, without what AWS alone decides; undefined when they are gone. */
  read(target: T, name: string, context: ReadContext): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * A kind of target: inspect, plan, verify, apply, follow, revert. runner/targets/kinds.ts lists the
 * kinds, and says how to add one.
 *
 * `S` is a target as it was found, `A` is what `apply` started.
 */
export interface TargetKind<T extends Target, S, A> {
  readonly kind: T["kind"];
  /** Name for people, unique in an account and region: `ecs shop-dev/ui`. Begins with the kind. */
  title(target: T): string;
  /** What to do about failures, the most certain first. */
  readonly hints: readonly Hint[];
  /**
   * What a target of a service is moved to, among the images of a run.
   *
   * @param image of the service itself
   * @param images by service: those that this run moves targets to
   */
  imageFor<I extends PlannedImage>(target: T, image: I, images: ReadonlyMap<string, I>): TargetImage<I>;
  /** The target without what a return to an earlier release leaves out: a gradual shift, a migration. */
  withoutPreparations(target: T): T;
  /**
   * Reads the target; only calls that change nothing. A target that does not exist or can't be updated
   * comes back as a problem of the plan, not as an exception.
   */
  inspect(target: T, context: TargetContext): Promise<S>;
  /** What would change, from how the target was found and the image. No calls. */
  plan(service: string, target: T, state: S, image: TargetImage<PlannedImage>): TargetPlan<S, T>;
  /** The change of the image that a service runs in the target; undefined when the plan has none. */
  imageChange(plan: TargetPlan<S, T>, service: string): FieldChange | undefined;
  /**
   * Checks what a deployment needs around the target: roles, secrets, log groups, other images. Only
   * calls that change nothing, all at once.
   */
  verify(
    target: T,
    state: S,
    verification: Verification,
    context: TargetContext,
  ): Promise<readonly TargetCheck[]>;
  /**
   * Whether the target is still what the plan was made from: one call, right before `apply`. False when
   * somebody else has moved it since.
   */
  isAsPlanned(plan: TargetPlan<S, T>, context: TargetContext): Promise<boolean>;
  /** Starts the change with as few calls as possible; returns what `follow` and `revert` need. */
  apply(plan: TargetPlan<S, T>, image: TargetImage, context: TargetContext): Promise<A>;
  /**
   * What `apply` would have returned had it just brought the target to where it is, so that `follow` can
   * verify it. Undefined for a kind that lets nobody use a release before it is verified.
   */
  resume(plan: TargetPlan<S, T>): A | undefined;
  /** Follows the change that `apply` started to its end. */
  follow(
    plan: TargetPlan<S, T>,
    applied: A,
    image: TargetImage,
    context: TargetContext,
  ): Promise<TargetOutcome>;
  /** Puts back what `apply` changed. */
  revert(plan: TargetPlan<S, T>, applied: A, context: TargetContext): Promise<TargetOutcome>;
  status(service: string, target: T, context: TargetContext): Promise<TargetStatus>;
  /**
   * What a rollback can use again of a release, from what its record says of the target.
   *
   * @param withSettings whether the settings of then are wanted, and not only the image
   */
  reusable(details: TargetDetails, withSettings: boolean): string | undefined;
  /** Undefined for a kind that keeps no settings with a release. */
  readonly settings?: ReleaseSettings<T>;
  /** Where the target logs to. Only reads; what does not exist is a source that says so. */
  logs(service: string, target: T, context: TargetContext): Promise<readonly LogSource[]>;
  /** A call that shows whether targets of this kind can be read; undefined when AWS is not asked. */
  probe(target: T): Probe | undefined;
  /** Every image that anything of this kind runs in the account and region, whoever deployed it. Only reads. */
  inUse(context: ReadContext): Promise<readonly ImageUse[]>;
  /**
   * Follows a change that is in progress, whoever started it, to its end; undefined when there is none.
   *
   * @param registry host (and port) of the registry that our images are in
   */
  wait(
    service: string,
    target: T,
    registry: string,
    context: TargetContext,
  ): Promise<TargetOutcome | undefined>;
}

/** Whether a target is to be changed: what it runs, or that it exists. */
export function isMove({ action }: Pick<TargetPlan, "action">): boolean {
  return action === "update" || action === "create";
}

/** Whether a target runs a service's image, in whichever of its containers. */
export function runsImageOf({ service, target }: Pick<TargetPlan, "service" | "target">, name: string) {
  return service === name || containersOf(target, name).length > 0;
}
