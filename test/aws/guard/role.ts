import { loadStack } from "../../../config/description/load.ts";
import { promotionSources } from "../../../config/description/promotion.ts";
import { type GithubRole, githubRoleName, githubSchema } from "../../../config/stack/github.ts";
import { partitionOf } from "../../../config/stack/partition.ts";
import { rolePolicies } from "../../../infra/github/role-policy.ts";
import { roleScope } from "../../../infra/github/role-scope.ts";
import { type Place, type Policies, parsePolicy } from "./policy.ts";

/** A role of a stack, with the policies that the program declares for it. */
export interface StackRole {
  readonly role: GithubRole;
  readonly place: Place;
  /** As AWS names it in refusals. */
  readonly principal: string;
  readonly policies: Policies;
}

/** The project that a role is of. */
export interface RoleOf {
  readonly directory: string;
  readonly stack: string;
  readonly account: string;
  /** What `slipway:github` is set to where the stack's file does not have it. */
  readonly github?: object;
}

/** Reads a project's files, and makes of them what `pulumi up` would grant a role. */
export async function readStackRole(
  role: GithubRole,
  { directory, stack, account, github = {} }: RoleOf,
): Promise<StackRole> {
  const { settings, catalogue } = await loadStack(directory, stack, { sources: false });
  const { region } = settings.aws;
  const place = { account, region, partition: partitionOf(region).id };
  const name = `slipway-${stack}`;
  const own = settings.github ?? githubSchema.parse({ repository: "octo-org/octo-repo", ...github });
  const promotesFrom = await promotionSources(directory, { ...settings, github: own });
  const args = { name, github: own, settings, services: catalogue.services, promotesFrom };
  const declared = rolePolicies(role, roleScope(role, args, { id: account, ...place }));
  const documents = declared.kind === "inline" ? [declared.policy] : declared.policies;
  return {
    role,
    place,
    principal: `arn:${place.partition}:sts::${account}:assumed-role/${githubRoleName(name, role)}/GitHubActions`,
    policies: { identity: documents.map(parsePolicy) },
  };
}
