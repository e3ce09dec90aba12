import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import { check, notChecked } from "./checks.ts";
import type { TargetCheck } from "./target.ts";

/**
 * Whether a role exists and trusts the AWS service that has to assume it.
 *
 * @param purpose `execution role`, `task role`
 * @param account the account that is deployed to, when it is known: Slipway can't read roles of other accounts
 */
export async function checkRole(
  clients: Clients,
  role: {
    readonly arn: string;
    readonly purpose: string;
    readonly principal: "ecs-tasks.amazonaws.com" | "lambda.amazonaws.com";
    readonly account?: string | undefined;
  },
  signal: AbortSignal,
): Promise<TargetCheck> {
  const { arn, purpose, principal } = role;
  const roleName = arn.split("/").at(-1) ?? arn;
  const name = `${purpose} ${roleName}`;
  const owner = /^arn:[^:]*:iam::(\d{12}):/.exec(arn)?.[1];
  if (owner !== undefined && role.account !== undefined && owner !== role.account) {
    return notChecked(name, `it belongs to account ${owner}`);
  }
  const { GetRoleCommand } = await import("@aws-sdk/client-iam");
  return check(name, `exists and trusts ${principal}`, signal, async () => {
    try {
      const { Role } = await clients.iam.send(new GetRoleCommand({ RoleName: roleName }), {
        abortSignal: signal,
      });
      if (trusts(decode(Role?.AssumeRolePolicyDocument), principal)) return undefined;
      return {
        message: `does not trust ${principal}, which has to assume it`,
        fix: `allow sts:AssumeRole to the service ${principal} in the role's trust policy`,
      };
    } catch (error) {
      if (!isAwsError(error, "NoSuchEntityException", "NoSuchEntity")) throw error;
      return { message: "there is no such role", fix: `create it, or name another ${purpose}` };
    }
  });
}

/** IAM sends policies percent-encoded. */
function decode(document: string | undefined): string {
  return document?.startsWith("%") === true ? decodeURIComponent(document) : (document ?? "");
}

/** Whether a trust policy lets a service assume the role. */
export function trusts(policy: string, principal: string): boolean {
  const { Statement = [] } = JSON.parse(policy === "" ? "{}" : policy) as { Statement?: unknown };
  return asList(Statement).some((statement) => {
    const { Effect, Action, Principal } = statement as Record<string, unknown>;
    const services = (Principal as { Service?: unknown } | undefined)?.Service;
    return (
      Effect === "Allow" &&
      asList(Action).some((action) => ["sts:AssumeRole", "sts:*", "*"].includes(String(action))) &&
      (Principal === "*" || asList(services).some((one) => one === principal))
    );
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
