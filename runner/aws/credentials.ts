import { readFile } from "node:fs/promises";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  type STSClient,
} from "@aws-sdk/client-sts";
import { stackFile } from "../../config/description/description.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/settings.ts";
import type { AssumedRole, WebIdentity } from "../../config/stack/provider.ts";

/** The credentials that sign calls. */
interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Returns credentials; the SDK calls it when it needs them. */
export type CredentialProvider = () => Promise<Identity>;

/** Opens STS with these credentials, or with those that the SDK finds if undefined. */
export type OpenSts = (credentials: CredentialProvider | undefined) => STSClient;

/** How long before they expire credentials are renewed, in milliseconds; the SDK's own value. */
const renewedBefore = 5 * 60_000;

/**
 * The credentials that a stack's own `aws:` keys ask for, in the AWS provider's order: keys, or the role of a
 * web identity, and from there one role after the other. Without either, the first role is taken with what
 * the SDK finds, for the stack's profile where it has one.
 * https://www.pulumi.com/registry/packages/aws/installation-configuration/
 */
export function stackCredentials({ aws, stack }: Settings, openSts: OpenSts): CredentialProvider {
  const { accessKey, secretKey, token, assumeRoles = [], assumeRoleWithWebIdentity: web } = aws;
  let provider: CredentialProvider | undefined;
  if (accessKey !== undefined && secretKey !== undefined) {
    const keys = { accessKeyId: accessKey, secretAccessKey: secretKey };
    provider = async () => ({ ...keys, ...(token !== undefined && { sessionToken: token }) });
  }
  if (web !== undefined) {
    const before = provider;
    const take = () => takeWebIdentity(openSts(before), web);
    provider = held(naming(take, { stack, key: "aws:assumeRoleWithWebIdentity", role: web.roleArn }));
  }
  for (const [index, role] of assumeRoles.entries()) {
    const before = provider;
    const take = () => takeRole(openSts(before), role);
    provider = held(naming(take, { stack, key: `aws:assumeRoles[${index}]`, role: role.roleArn }));
  }
  if (provider === undefined) throw new Error("the stack says nothing about its credentials");
  return provider;
}

function sessionOf(role: AssumedRole | WebIdentity) {
  return {
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? "slipway",
    DurationSeconds: role.duration,
    Policy: role.policy,
    PolicyArns: role.policyArns?.map((arn) => ({ arn })),
  };
}

async function takeRole(sts: STSClient, role: AssumedRole): Promise<Identity> {
  const { Credentials: taken } = await sts.send(
    new AssumeRoleCommand({
      ...sessionOf(role),
      ExternalId: role.externalId,
      SourceIdentity: role.sourceIdentity,
      Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
      TransitiveTagKeys: role.transitiveTagKeys,
    }),
  );
  return identityOf(taken);
}

async function takeWebIdentity(sts: STSClient, role: WebIdentity): Promise<Identity> {
  const { webIdentityToken, webIdentityTokenFile = "" } = role;
  const token = webIdentityToken ?? (await readFile(webIdentityTokenFile, "utf8")).trim();
  const { Credentials: taken } = await sts.send(
    new AssumeRoleWithWebIdentityCommand({ ...sessionOf(role), WebIdentityToken: token }),
  );
  return identityOf(taken);
}

function identityOf(taken: Credentials | undefined): Identity {
  return {
    accessKeyId: taken?.AccessKeyId ?? "",
    secretAccessKey: taken?.SecretAccessKey ?? "",
    ...(taken?.SessionToken !== undefined && { sessionToken: taken.SessionToken }),
    ...(taken?.Expiration !== undefined && { expiration: taken.Expiration }),
  };
}

/** Shares credentials among all clients until they are about to expire. */
function held(take: CredentialProvider): CredentialProvider {
  let current: Promise<Identity> | undefined;
  let renewedAt = 0;
  return () => {
    if (current !== undefined && Date.now() < renewedAt) return current;
    renewedAt = Number.POSITIVE_INFINITY;
    current = take().then(
      (identity) => {
        renewedAt = (identity.expiration?.getTime() ?? 0) - renewedBefore;
        return identity;
      },
      (error: unknown) => {
        current = undefined;
        throw error;
      },
    );
    return current;
  };
}

/**
 * Reports a role that can't be assumed as a fault of the stack's setting, and not as a missing permission of
 * the current call.
 */
function naming(
  take: CredentialProvider,
  { stack, key, role }: { readonly stack: string; readonly key: string; readonly role: string },
): CredentialProvider {
  return async () => {
    try {
      return await take();
    } catch (error) {
      const problem = error instanceof UserError ? error.problems[0] : undefined;
      if (problem !== undefined && problem.code !== "access-denied") throw error;
      throw new UserError(
        {
          code: "no-credentials",
          where: stackFile(stack),
          key,
          value: role,
          message: `the role can't be taken: ${problem?.message ?? (error as Error).message}`,
          fix: "correct the ARN, or let the role's trust policy name whom the credentials belong to",
        },
        { cause: error },
      );
    }
  };
}
