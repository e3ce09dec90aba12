import type { Service } from "../../config/catalogue/catalogue.ts";
import type { PromotionSource } from "../../config/description/promotion.ts";
import type { PermissionScope } from "../../config/permissions/permission-scope.ts";
import type { Settings } from "../../config/settings.ts";
import { type GithubRole, type GithubSettings, githubRoleName } from "../../config/stack/github.ts";
import type { Account } from "../account.ts";

/** A stack with roles for GitHub. */
export interface StackOfRoles {
  /** The prefix of the roles' names: `slipway-dev`. */
  readonly name: string;
  readonly github: GithubSettings;
  readonly settings: Settings;
  readonly services: readonly Service[];
  /** What `slipway:github.promotesFrom` names. */
  readonly promotesFrom: readonly PromotionSource[];
}

/** The resources that a stack's role may access in an account; only the deploy role promotes. */
export function roleScope(
  role: GithubRole,
  { name, github, settings, services, promotesFrom }: StackOfRoles,
  { id, region, partition }: Account,
): PermissionScope {
  return {
    partition,
    region,
    account: id,
    settings,
    github,
    services,
    promotesFrom: role === "deploy" ? promotesFrom : [],
    isOfWholeAccount: role === "inspect",
    ownRole: `arn:${partition}:iam::${id}:role/${githubRoleName(name, role)}`,
  };
}
