import type { GithubRole } from "../stack/github.ts";

/** What a permission is cut to; `resourcesOf` in permission-scope.ts makes ARNs of it. */
export type ResourceKind =
  /** Actions that AWS knows no resource for. */
  | "any"
  | "repository"
  | "cache-repository"
  /** Repositories of the stacks that images are promoted from. */
  | "promoted-repository"
  | "ecs-cluster"
  | "ecs-service"
  | "ecs-service-deployment"
  | "ecs-service-revision"
  | "ecs-task"
  /** A condition on the cluster: the action's own resource is a container instance. */
  | "ecs-tasks-of-cluster"
  | "task-family"
  /** As `task-family`, with a condition on the cluster that the task is to run in. */
  | "task-family-in-cluster"
  /** As `task-family`, for tags that are given when it is made. */
  | "task-family-made"
  | "function"
  /** Versions and aliases of the functions, and not the functions themselves. */
  | "function-version"
  | "task-role"
  | "function-role"
  | "passable-role"
  | "log-group"
  | "alarm"
  | "secret"
  | "parameter"
  | "state-bucket"
  | "state-object"
  | "state-key"
  | "own-role";

/** Something that AWS is asked to do, and who in CI may ask. */
export interface Permission {
  /** As in an IAM policy: `ecr:PutImage`. */
  readonly action: string;
  readonly on: ResourceKind | readonly ResourceKind[];
  /** Roles that have it; none: only people do, with their own credentials. */
  readonly roles: readonly GithubRole[];
  readonly why: string;
  /** Calls of the SDK that need it, where they are called otherwise: `Invoke` for `lambda:InvokeFunction`. */
  readonly calls?: readonly string[];
}

/** Roles of CI, by what they do. */
export const all: readonly GithubRole[] = ["pullRequest", "push", "deploy"];
export const pushers: readonly GithubRole[] = ["push", "deploy"];
export const planners: readonly GithubRole[] = ["pullRequest", "deploy"];
export const deployers: readonly GithubRole[] = ["deploy"];
export const nobody: readonly GithubRole[] = [];

/** The kinds of resources that a permission is cut to. */
export function kindsOf({ on }: Permission): readonly ResourceKind[] {
  return typeof on === "string" ? [on] : on;
}
