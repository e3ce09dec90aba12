import type { z } from "zod";
import type { Problem } from "../problems/errors.ts";
import type { GithubSettings } from "../stack/github.ts";
import type { Permission, ScopedResources, SharedResource, TargetScope } from "./permission.ts";

/** A target as one stack sees it. Its kind defines all other keys. */
export interface Target {
  readonly kind: string;
  /** Targets of a lower order are moved first, and to their end. */
  readonly order: number;
}

/** A target of services.yaml with its defaults. */
export interface WrittenTarget {
  readonly kind: string;
}

/** A container of a target that takes an image. */
export interface ImageContainer {
  readonly name: string;
  /** The service of the catalogue whose image it takes. */
  readonly service: string;
  /** Whether it is the one of the service that the target belongs to. */
  readonly isOwn: boolean;
}

/** The context that a target is checked with: the rest of the catalogue, and the stack's settings. */
export interface TargetPlace {
  /** The service that the target belongs to. */
  readonly service: string;
  /** `services.ui.targets[0]` */
  readonly key: string;
  /** Names of all services of the catalogue. */
  readonly services: ReadonlySet<string>;
  readonly stack: string;
  /** `Pulumi.dev.yaml` */
  readonly stackFile: string;
  /** The stack's alarm settings, those of each kind under its name. */
  readonly alarms: Readonly<Record<string, unknown>>;
  /** The region that the stack works in. */
  readonly region: string;
  /** Accounts that the stack may work in; undefined: any. */
  readonly accounts: readonly string[] | undefined;
}

/** A problem in services.yaml; who asks says that it is there. */
export type TargetProblem = Omit<Problem, "where">;

/** Alarms that the stack makes for a target, and a setting of the target that can name them all. */
export interface StackAlarms<T> {
  /**
   * Names of the alarms in the stack: `ui-cpu`. None when the stack has them switched off.
   *
   * @param index of the target among the service's targets of this kind
   */
  names(service: string, index: number, alarms: Readonly<Record<string, unknown>>): readonly string[];
  /** Whether the target asks for them. */
  areNamed(target: T): boolean;
  /** The target with their names in CloudWatch in place of what asks for them. */
  withNames(target: T, names: () => readonly string[]): T;
}

/**
 * What services.yaml, the stack's settings and the roles of CI know of a kind of target. What is done
 * with one is its runner/targets/target.ts `TargetKind`; config/targets/kinds.ts lists the kinds.
 *
 * `W` is a target as written, `T` as a stack sees it, `R` the resources that its permissions are cut to.
 */
export interface TargetDeclaration<W extends WrittenTarget, T extends Target, R extends string = string> {
  readonly kind: T["kind"];
  /** An object with `kind` as a literal, and with `order`. */
  readonly schema: z.ZodType<W>;
  /**
   * The target as a stack sees it.
   *
   * @param service the service that it belongs to
   * @param forStack replaces ${stack} with the name of the stack
   */
  resolve(written: W, service: string, forStack: (text: string) => string): T;
  /**
   * What the target is in AWS, the same however it is written: two targets of one identity are one
   * service, or one function. `shop-dev/ui`
   */
  identity(target: T): string;
  /**
   * One target that does what two of one identity ask for; undefined when they contradict. Missing for a
   * kind that has a single place for an image.
   */
  join?(first: T, second: T): T | undefined;
  /** Its containers that take images; none for a kind that has a single place for one. */
  containers(target: T): readonly ImageContainer[];
  problems(target: T, place: TargetPlace): readonly TargetProblem[];
  /** Undefined for a kind without alarms that a target can name. */
  readonly stackAlarms?: StackAlarms<T>;
  /** What the runner calls for targets of this kind. */
  readonly permissions: readonly Permission<SharedResource | R>[];
  /** The ARNs that a resource of `permissions` stands for; none: the permission is left out. */
  resources(resource: R, targets: readonly T[], scope: TargetScope): ScopedResources;
  /** The resources that `iam:PassRole` is allowed on; undefined for a kind that passes no role. */
  readonly passedRoles?: readonly R[];
  /** ARNs of the roles that are passed to what runs the images. */
  passableRoles(targets: readonly T[], github: GithubSettings): readonly string[];
  /** Log groups of the targets whose names are known without asking AWS. */
  logGroups(targets: readonly T[]): readonly string[];
}
