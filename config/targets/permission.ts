import type { GithubRole, GithubSettings } from "../stack/github.ts";

/** What the permissions of a stack's roles are cut to, as far as a kind of target needs to know it. */
export interface TargetScope {
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly github: GithubSettings;
  /** Whether the role looks at all that runs images in the account, and not at the stack's targets alone. */
  readonly isOfWholeAccount?: boolean;
}

/** Resources of one statement, and the conditions under which the actions are allowed on them. */
export interface ScopedResources {
  readonly resources: readonly string[];
  /** Operator → condition key → values. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Without resources, there is no statement: the stack has nothing of this kind. */
export const noResources: ScopedResources = { resources: [] };

/** Resources of permissions that belong to no kind of target; permission-scope.ts has the ARNs. */
export type SharedResource =
  /** Actions for which IAM has no resource types. */
  | "any"
  | "repository"
  /** The same repositories, on a stack whose `slipway:gates` read scans of ECR. */
  | "gated-repository"
  | "cache-repository"
  /** Repositories of services that the stack no longer has: no role of CI is cut to them. */
  | "removed-repository"
  /** Repositories of the base images that the stack's settings name. */
  | "base-repository"
  /** Repositories of the stacks that images are promoted from. */
  | "promoted-repository"
  /** Every role that is passed to what runs images. */
  | "passable-role"
  | "log-group"
  /** All rules of EventBridge, schedules, projects, models and services of the account that may start images. */
  | "event-rule"
  | "schedule"
  | "codebuild-project"
  | "sagemaker-model"
  | "apprunner-service"
  | "state-bucket"
  | "state-object"
  | "state-key"
  /** Inspector's settings of the account, on a stack that sets `slipway:scanning.rescan`. */
  | "inspector-settings"
  /** The key of KMS that signs images. */
  | "signing-key"
  /** Keys of KMS whose signatures are checked. */
  | "verifying-key"
  | "own-role";

/**
 * An action that Slipway calls, and the roles in CI that may.
 *
 * `R` names the resources that it can be cut to; a kind of target adds its own.
 */
export interface Permission<R extends string = string> {
  /** As in an IAM policy: `ecr:PutImage`. */
  readonly action: string;
  readonly on: R | readonly R[];
  /** CI roles that have it; none if only people use it, with their own credentials. */
  readonly roles: readonly GithubRole[];
  readonly why: string;
  /**
   * Calls of the SDK that need it, where they are called otherwise: `Invoke` for `lambda:InvokeFunction`. A
   * test has the list of those for which AWS says so.
   */
  readonly calls?: readonly string[];
  /** The caller, if it is not code in runner/. */
  readonly by?: string;
  /** The case in which a role needs it, if no end-to-end test makes that case. */
  readonly when?: string;
}

/** Roles of CI, by what they do. */
export const all: readonly GithubRole[] = ["pullRequest", "push", "deploy", "inspect"];
export const builders: readonly GithubRole[] = ["pullRequest", "push", "deploy"];
export const pushers: readonly GithubRole[] = ["push", "deploy"];
export const planners: readonly GithubRole[] = ["pullRequest", "deploy"];
export const deployers: readonly GithubRole[] = ["deploy"];
/** Who says what may go and what runs, and changes nothing. */
export const inspectors: readonly GithubRole[] = ["inspect"];
export const nobody: readonly GithubRole[] = [];

/** The kinds of resources that a permission is cut to. */
export function kindsOf({ on }: Permission): readonly string[] {
  return typeof on === "string" ? [on] : on;
}
