import type { StackDescription } from "../../../config/description/description.ts";
import { type PromotionSource, promotionSources } from "../../../config/description/promotion.ts";
import { type PermissionScope, resourcesOf } from "../../../config/permissions/permission-scope.ts";
import { permissionsOf } from "../../../config/permissions/permissions.ts";
import { endpointFor, type Settings } from "../../../config/settings.ts";
import { type GithubRole, githubRoleName, githubSchema } from "../../../config/stack/github.ts";
import { kindsOf } from "../../../config/targets/permission.ts";
import type { Caller } from "../../aws/account.ts";
import type { Clients } from "../../aws/clients.ts";
import { hasCode } from "../../aws/errors.ts";
import type { Check } from "./document.ts";
import { type Tried, tryReading } from "./probes.ts";
import { deniedNeeds, type Need } from "./simulation.ts";

/** Number of missing permissions to list one by one. */
const mostListed = 30;

/**
 * The role or user whose policies apply to a caller; undefined for the root user, which has all permissions.
 */
export function policySource(callerArn: string): string | undefined {
  const assumed = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(callerArn);
  if (assumed !== null) return `arn:${assumed[1]}:iam::${assumed[2]}:role/${assumed[3]}`;
  return callerArn.endsWith(":root") ? undefined : callerArn;
}

/** The stack's role of a caller, by the name that the program gives it; otherwise the deploy role. */
export function roleOf(callerArn: string): GithubRole {
  const name = policySource(callerArn)?.split("/").at(-1) ?? "";
  const roles: readonly GithubRole[] = ["pullRequest", "push", "inspect"];
  return roles.find((role) => name.endsWith(githubRoleName("", role))) ?? "deploy";
}

/** All permissions that a role needs in a stack, by resource. */
export function needsOf(role: GithubRole, scope: PermissionScope): Need[] {
  return permissionsOf(role).flatMap((permission) =>
    kindsOf(permission).flatMap((kind) => {
      const { resources, conditions } = resourcesOf(kind, scope);
      const { action, why } = permission;
      return resources.map((resource) => ({ action, resource, why, conditions }));
    }),
  );
}

/** The scope of a stack's permissions, for a caller. */
export function scopeFor(
  { settings, catalogue }: StackDescription,
  caller: Caller,
  promotesFrom: readonly PromotionSource[] = [],
  role: GithubRole = roleOf(caller.arn),
): PermissionScope {
  return {
    partition: caller.arn.split(":")[1] ?? "aws",
    region: settings.aws.region,
    account: caller.account,
    settings,
    // Without these settings, check the permissions that do not depend on them.
    github: settings.github ?? githubSchema.parse({ repository: "none/none" }),
    services: catalogue.services,
    promotesFrom,
    isOfWholeAccount: role === "inspect",
    ownRole: policySource(caller.arn) ?? caller.arn,
  };
}

/**
 * Checks that the caller has the permissions of its role in CI, with IAM's policy simulator, or with
 * read-only calls if the caller may not use the simulator.
 */
export async function checkPermissions(
  description: StackDescription,
  {
    clients,
    caller,
    signal,
  }: { readonly clients: Clients; readonly caller: Caller; readonly signal: AbortSignal },
): Promise<Check[]> {
  const name = "permissions";
  const source = policySource(caller.arn);
  if (source === undefined) {
    const message = "the root user has all permissions, so this says nothing about the role that CI assumes";
    return [{ name, state: "warn", message, fix: "declare roles: slipway:github (docs/how-to/ci.md)" }];
  }
  const role = roleOf(caller.arn);
  const { directory, settings } = description;
  const promotesFrom = role === "deploy" ? await promotionSources(directory, settings) : [];
  const all = needsOf(role, scopeFor(description, caller, promotesFrom));
  const conditional = all.filter(({ conditions }) => conditions !== undefined);
  // A local AWS does not evaluate request contexts, and would deny every permission with a condition.
  const asked = isAws(description.settings) ? all : all.filter((need) => !conditional.includes(need));
  try {
    const missing = await deniedNeeds(clients, source, asked, signal);
    return judge(role, source, { missing, checked: asked.length, left: all.length - asked.length });
  } catch (error) {
    if (!hasCode(error, "access-denied")) throw error;
    return judgeTried(
      role,
      source,
      await tryReading({ ...description, promotesFrom }, role, clients, signal),
    );
  }
}

/** The result of trial calls, as checks. */
export function judgeTried(role: GithubRole, source: string, { refused, calls }: Tried): Check[] {
  const unknown: Check = {
    name: "permissions",
    state: "warn",
    message: `${source} may not simulate its own policies, so Slipway tried ${calls} read-only calls: AWS allowed ${calls - refused.length}; calls that change something are not checked (${role} role)`,
    fix: `allow iam:SimulatePrincipalPolicy on ${source}`,
  };
  return [
    unknown,
    ...refused.map(({ action, on }): Check => {
      const fix = `allow it for ${source}`;
      return { name: "permissions", state: "fail", message: `AWS refused ${action} on ${on}`, fix };
    }),
  ];
}

function isAws(settings: Settings): boolean {
  return endpointFor(settings, "iam") === undefined;
}

/** The result of a simulation, as checks: one for each missing permission. */
export function judge(
  role: GithubRole,
  source: string,
  found: { readonly missing: readonly Need[]; readonly checked: number; readonly left: number },
): Check[] {
  const { missing, checked, left } = found;
  const rest = left === 0 ? "" : `; ${left} with conditions are not checked, because this is not AWS`;
  if (missing.length === 0) {
    const message = `${source} has all ${checked} permissions that the ${role} role needs here${rest}`;
    return [{ name: "permissions", state: "ok", message }];
  }
  const byAction = [...Map.groupBy(missing, ({ action, why }) => `${action}\n${why}`).values()];
  const listed = byAction.slice(0, mostListed).map((needs): Check => {
    const [{ action, why } = { action: "", why: "" }] = needs;
    const resources = needs.map(({ resource }) => resource);
    const more = resources.length > 1 ? ` and ${resources.length - 1} more` : "";
    return {
      name: "permissions",
      state: "fail",
      message: `${action} is missing on ${resources[0]}${more}: ${why}`,
      fix: `allow it for ${source}; roles that slipway:github declares get it from pulumi up`,
    };
  });
  const more = byAction.length - listed.length;
  if (more === 0) return listed;
  return [...listed, { name: "permissions", state: "fail", message: `${more} more actions are missing` }];
}
