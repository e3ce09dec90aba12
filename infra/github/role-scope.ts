import type { Service } from "../../config/catalogue/catalogue.ts";
import type { PromotionSource } from "../../config/description/promotion.ts";
import type { PermissionScope } from "../../config/permissions/permission-scope.ts";
import { type GithubRole, type GithubSettings, githubRoleName } from "../../config/stack/github.ts";
import type { Settings } from "../../config/stack/settings.ts";
import type { Account } from "../account.ts";

/** A stack with roles for GitHub. */
export interface StackOfRoles {
  /** What the names of the roles begin with: `slipway-dev`. */
  readonly name: string;
  readonly github: GithubSettings;
  readonly settings: Settings;
  readonly services: readonly Service[];
  /** What `slipway:github.promotesFrom` names. */
  readonly promotesFrom: readonly PromotionSource[];
}

/** What a role of a stack in an account may touch; only the role that deploys promotes. */
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
    ownRole: `arn:${partition}:iam::${id}:role/${githubRoleName(name, role)}`,
  };
}
