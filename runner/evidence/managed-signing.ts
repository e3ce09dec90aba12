import {
  DescribeImageSigningStatusCommand,
  GetSigningConfigurationCommand,
  type ImageSigningStatus,
  type SigningRule,
} from "@aws-sdk/client-ecr";
import { hasCode, isAwsError } from "../aws/errors.ts";
import type { Image } from "../registry/image.ts";
import type { Session } from "../session/session.ts";
import { partsOf } from "./attest.ts";

/** What ECR says of its own signature of one manifest. */
export interface ManagedSignature {
  /** Digest of the manifest. */
  readonly subject: string;
  /** Undefined: the index. */
  readonly platform?: string;
  /** `no status`: ECR says nothing of this manifest, for instance because it was pushed before the rule. */
  readonly state: "complete" | "in progress" | "failed" | "no status" | "not seen";
  /** ARN of the signing profile of AWS Signer. */
  readonly profile?: string;
  /** Why it failed, or why it was not seen. */
  readonly message?: string;
}

/** The rules by which a registry signs what is pushed to it; none where it does not. */
export type SigningRules =
  | { readonly state: "seen"; readonly rules: readonly SigningRule[] }
  /** Whether it does is not known. That says nothing of any image. */
  | { readonly state: "not seen"; readonly message: string };

const states = { COMPLETE: "complete", FAILED: "failed", IN_PROGRESS: "in progress" } as const;

/**
 * How the registry signs images itself (managed signing).
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
 */
export async function readSigningRules({
  clients,
  signal,
}: Pick<Session, "clients" | "signal">): Promise<SigningRules> {
  try {
    const { signingConfiguration } = await clients.ecr.send(new GetSigningConfigurationCommand({}), {
      abortSignal: signal,
    });
    return { state: "seen", rules: signingConfiguration?.rules ?? [] };
  } catch (error) {
    if (isAwsError(error, "SigningConfigurationNotFoundException")) return { state: "seen", rules: [] };
    signal.throwIfAborted();
    return { state: "not seen", message: whyNotSeen(error) };
  }
}

/** Whether one of the rules is about a repository. A rule without filters is about all. */
export function signsRepository(rules: readonly SigningRule[], repository: string): boolean {
  return rules.some(
    ({ repositoryFilters = [] }) =>
      repositoryFilters.length === 0 || repositoryFilters.some(({ filter }) => matches(filter, repository)),
  );
}

/** A filter of type WILDCARD_MATCH: `*` stands for any characters, also for `/`. */
function matches(filter: string | undefined, repository: string): boolean {
  const parts = (filter ?? "").split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(repository);
}

/** What ECR says of its signatures of an image: its index, and each platform. */
export async function readManagedSignatures(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  image: Image,
): Promise<readonly ManagedSignature[]> {
  const found = await Promise.all(
    partsOf(image).map(async ({ digest, platform }): Promise<readonly ManagedSignature[]> => {
      const place = { subject: digest, ...(platform === undefined ? {} : { platform }) };
      const command = new DescribeImageSigningStatusCommand({
        repositoryName: image.repository,
        imageId: { imageDigest: digest },
      });
      try {
        const { signingStatuses = [] } = await clients.ecr.send(command, { abortSignal: signal });
        if (signingStatuses.length === 0) return [{ ...place, state: "no status" }];
        return signingStatuses.map((status) => ({ ...place, ...signatureOf(status) }));
      } catch (error) {
        signal.throwIfAborted();
        return [{ ...place, state: "not seen", message: whyNotSeen(error) }];
      }
    }),
  );
  return found.flat();
}

function signatureOf({
  status,
  signingProfileArn,
  failureCode,
  failureReason,
}: ImageSigningStatus): Omit<ManagedSignature, "subject" | "platform"> {
  const reasons = [failureReason, failureCode && `(${failureCode})`].filter((one) => one !== undefined);
  return {
    state: status === undefined ? "no status" : states[status],
    ...(signingProfileArn === undefined ? {} : { profile: signingProfileArn }),
    ...(reasons.length === 0 ? {} : { message: reasons.join(" ") }),
  };
}

/** Why a call told nothing: no right, or a registry that does not know the call. @throws any other error */
function whyNotSeen(error: unknown): string {
  if (hasCode(error, "access-denied")) return error.problems[0]?.message ?? error.message;
  if (error instanceof Error && "$fault" in error) return `${error.message} (${error.name})`;
  throw error;
}
