import type { Target } from "../../config/catalogue/catalogue.ts";
import { containersOf } from "../../config/description/sidecars.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image } from "../registry/image.ts";
import type { Emit } from "../report/events.ts";
import type { Gate } from "./gate.ts";
import type { ImageUse, UseContext } from "./image-use.ts";
import type { LogSource } from "./logs.ts";

/**
 * What a target is moved to: an image, and for a kind with several containers which of them takes which
 * image. Containers that are not named keep what they run.
 */
export interface TargetImage extends Image {
  /** Container → image, the target's own service's first. Default: the kind's one place. */
  readonly containers?: Readonly<Record<string, Image>>;
}

/** One field that an update changes: `containerDefinitions[ui].image`. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string;
}

/**
 * What would be done to one target: pure data, the same for `plan` and for `deploy`.
 *
 * `S` is what the target's kind found out and needs again to apply the plan.
 */
export interface TargetPlan<S = unknown> {
  readonly service: string;
  readonly target: Target;
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
   * What an earlier release left in the target that runs this image: a function's version, a revision
   * of the task definition. Taken up if it is still there and has this very image.
   */
  readonly earlier?: string;
  /** What was asked before it is moved, and did not stand in the way. */
  readonly gates?: readonly Gate[];
  readonly state: S;
}

/** How it ended for one target. */
export interface TargetOutcome {
  readonly service: string;
  readonly title: string;
  readonly kind: Target["kind"];
  readonly outcome: "done" | "unchanged" | "failed" | "rolled back" | "not started" | "cancelled";
  /** For one that was not started: a newer commit was deployed meanwhile there. */
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
  readonly details?: Readonly<Record<string, string | number>>;
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
  readonly details?: Readonly<Record<string, string | number>>;
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
  readonly image: TargetImage | undefined;
  /** What an earlier release left, when that is to be taken up again: see `TargetPlan.earlier`. */
  readonly earlier?: string | undefined;
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

/**
 * A kind of target: look, plan, apply, follow, put back. One file (or folder) per kind, all with this
 * shape; `runner/targets/kinds.ts` lists them.
 */
export interface TargetKind<T extends Target, S, A> {
  readonly kind: T["kind"];
  title(target: T): string;
  /**
   * Reads what is there: calls that only read. What does not exist or can't be updated by us comes
   * back as a plan's problem, not as an exception.
   */
  inspect(target: T, context: TargetContext): Promise<S>;
  /** What would change, given what is there and the image. */
  plan(service: string, target: T, state: S, image: TargetImage): TargetPlan<S>;
  /**
   * Checks what lies around the target and a deployment would need: roles, secrets, log groups, other
   * images. Calls that only read, all at once.
   */
  verify(
    target: T,
    state: S,
    verification: Verification,
    context: TargetContext,
  ): Promise<readonly TargetCheck[]>;
  /**
   * Whether the target is still what the plan was made from: one call that only reads, right before
   * `apply`. False when another machine has moved it since.
   */
  isAsPlanned(plan: TargetPlan<S>, context: TargetContext): Promise<boolean>;
  /** Starts the change with as few calls as possible; returns what `follow` and `revert` need. */
  apply(plan: TargetPlan<S>, image: TargetImage, context: TargetContext): Promise<A>;
  /**
   * What `apply` would have returned had it just brought the target to where it is, so that `follow` can
   * prove that. Undefined for a kind that sends callers nowhere before all is proven.
   */
  takeUp(plan: TargetPlan<S>): A | undefined;
  /** Follows the change that `apply` started to its end, and says how it ended. */
  follow(plan: TargetPlan<S>, applied: A, image: TargetImage, context: TargetContext): Promise<TargetOutcome>;
  /** Puts back what `apply` changed. */
  revert(plan: TargetPlan<S>, applied: A, context: TargetContext): Promise<TargetOutcome>;
  status(service: string, target: T, context: TargetContext): Promise<TargetStatus>;
  /** Where the target logs to. Only reads; what does not exist is said as such. */
  logs(service: string, target: T, context: TargetContext): Promise<readonly LogSource[]>;
  /** Every image that anything of this kind runs in the account and region, whoever deployed it. Only reads. */
  inUse(context: UseContext): Promise<readonly ImageUse[]>;
  /**
   * Follows a change that is under way, whoever began it, to its end; undefined when there is none.
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

/** Whether a target is to be changed: what it runs, or that it is there. */
export function isMove({ action }: Pick<TargetPlan, "action">): boolean {
  return action === "update" || action === "create";
}

/** Whether a target runs a service's image, in whichever of its containers. */
export function runsImageOf({ service, target }: Pick<TargetPlan, "service" | "target">, name: string) {
  return service === name || containersOf(target, name).length > 0;
}
