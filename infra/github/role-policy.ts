import { stackFile } from "../../config/description/description.ts";
import { type PermissionScope, resourcesOf } from "../../config/permissions/permission-scope.ts";
import { permissionsOf } from "../../config/permissions/permissions.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { GithubRole } from "../../config/stack/github.ts";
import { kindsOf, type ScopedResources } from "../../config/targets/permission.ts";
import { policyDocument, type Statement } from "../policy-document.ts";

/**
 * IAM's limits: characters of all inline policies of a role together, characters of a managed policy, and
 * managed policies of a role.
 */
const limits = { inline: 10_240, managed: 6_144, attached: 10 } as const;

/** A role's permissions: one inline policy or, for many services, several managed policies. */
export type RolePolicies =
  | { readonly kind: "inline"; readonly policy: string }
  | { readonly kind: "managed"; readonly policies: readonly string[] };

/**
 * A role's policies, from the table of permissions: one statement for all actions on the same resources.
 *
 * @throws UserError `policy-too-long` when IAM has no room for all the stack's services
 */
export function rolePolicies(role: GithubRole, scope: PermissionScope): RolePolicies {
  const statements = roleStatements(role, scope);
  const policy = policyDocument(statements);
  if (policy.length <= limits.inline) return { kind: "inline", policy };
  const policies = packed(statements.flatMap(divided));
  if (policies.length <= limits.attached) return { kind: "managed", policies };
  throw new UserError({
    code: "policy-too-long",
    where: stackFile(scope.settings.stack),
    key: "slipway:github",
    message: `the ${role} role needs ${policies.length} policies, but IAM allows ${limits.attached}`,
    fix: "divide the services among several stacks with slipway:services (docs/how-to/stacks.md)",
  });
}

/** The statements of a role. */
export function roleStatements(role: GithubRole, scope: PermissionScope): Statement[] {
  const groups = new Map<string, { scoped: ScopedResources; actions: string[] }>();
  for (const permission of permissionsOf(role)) {
    for (const kind of kindsOf(permission)) {
      const { scoped, actions } = groups.get(kind) ?? { scoped: resourcesOf(kind, scope), actions: [] };
      groups.set(kind, { scoped, actions: [...actions, permission.action] });
    }
  }
  return [...groups]
    .filter(([, { scoped }]) => scoped.resources.length > 0)
    .map(([kind, { scoped, actions }]) => ({ sid: sidOf(kind), actions, ...scoped }));
}

/** Splits a statement into several with the same effect, each small enough to fit into a policy. */
function divided(statement: Statement): Statement[] {
  const resources = statement.resources ?? [];
  if (policyDocument([statement]).length <= limits.managed / 2) return [statement];
  const half = Math.ceil(resources.length / 2);
  return [
    { ...statement, sid: `${statement.sid}A`, resources: resources.slice(0, half) },
    { ...statement, sid: `${statement.sid}B`, resources: resources.slice(half) },
  ].flatMap(divided);
}

/** Fills policies in order, so that few are needed. */
function packed(statements: readonly Statement[]): string[] {
  const policies: Statement[][] = [];
  for (const statement of statements) {
    const last = policies.at(-1);
    if (last !== undefined && policyDocument([...last, statement]).length <= limits.managed)
      last.push(statement);
    else policies.push([statement]);
  }
  return policies.map(policyDocument);
}

/** IAM allows only letters and digits: `ecs-service` → `EcsService`. */
function sidOf(kind: string): string {
  return kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
