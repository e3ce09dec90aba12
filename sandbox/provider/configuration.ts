import type { ProviderArgs } from "@pulumi/aws";
import { z } from "zod";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { didYouMean } from "../../config/problems/nearest.ts";
import { type PropertyBag, unknownValue } from "./property.ts";

/** Where the calls go, by the names that `aws:endpoints` has for AWS's services. */
export type Endpoints = Readonly<Record<string, string>>;

/** The real provider's configuration, as far as it means something here. */
export interface ProviderConfiguration {
  readonly region: string;
  readonly endpoints: Endpoints;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly allowedAccountIds?: readonly string[];
  readonly forbiddenAccountIds?: readonly string[];
  readonly defaultTags: Readonly<Record<string, string>>;
  readonly maxAttempts: number;
}

type Use =
  /** Means here what it means there. */
  | "used"
  /** Has no meaning on a local emulator; taken, so that the same settings serve both. */
  | "taken"
  /** Would lead to a real account, or would change what is made; refused. */
  | "refused";

const uses: Readonly<Record<keyof Required<ProviderArgs>, Use>> = {
  accessKey: "used",
  allowedAccountIds: "used",
  assumeRoleWithWebIdentity: "refused",
  assumeRoles: "refused",
  customCaBundle: "taken",
  defaultTags: "used",
  ec2MetadataServiceEndpoint: "taken",
  ec2MetadataServiceEndpointMode: "taken",
  endpoints: "used",
  forbiddenAccountIds: "used",
  httpProxy: "refused",
  httpsProxy: "refused",
  ignoreTags: "refused",
  insecure: "taken",
  maxRetries: "used",
  noProxy: "taken",
  profile: "taken",
  region: "used",
  retryMode: "taken",
  s3UsEast1RegionalEndpoint: "taken",
  s3UsePathStyle: "taken",
  secretKey: "used",
  sharedConfigFiles: "taken",
  sharedCredentialsFiles: "taken",
  skipCredentialsValidation: "taken",
  skipMetadataApiCheck: "taken",
  skipRegionValidation: "taken",
  skipRequestingAccountId: "taken",
  stsRegion: "taken",
  tagPolicyCompliance: "refused",
  token: "taken",
  tokenBucketRateLimiterCapacity: "taken",
  useDualstackEndpoint: "refused",
  useFipsEndpoint: "refused",
  userAgents: "taken",
};

/** Keys that the engine itself puts beside the configuration. */
const ofTheEngine = new Set(["version", "pluginDownloadURL", "__internal"]);

const accountId = z.string().regex(/^\d{12}$/, { error: "is not a 12-digit account id" });

const usedSchema = z.object({
  region: z.string().min(1, { error: "must be set" }),
  endpoints: z.array(z.record(z.string(), z.url())).min(1),
  accessKey: z.string().min(1).optional(),
  secretKey: z.string().min(1).optional(),
  allowedAccountIds: z.array(accountId).optional(),
  forbiddenAccountIds: z.array(accountId).optional(),
  defaultTags: z.object({ tags: z.record(z.string(), z.string()).default({}) }).prefault({}),
  maxRetries: z.coerce.number().int().nonnegative().default(4),
});

/**
 * Reads the configuration as the engine sends it: everything but strings comes as JSON text.
 *
 * @throws UserError with all that is wrong, above all when an endpoint is missing or not on this
 *   machine: this provider never answers for a real account.
 */
export function readConfiguration(
  sent: PropertyBag,
  environment: Readonly<Record<string, string | undefined>>,
): ProviderConfiguration {
  const decoded = Object.fromEntries(
    Object.entries(sent)
      .filter(([key]) => !ofTheEngine.has(key))
      .map(([key, value]) => [key, decode(value)] as const)
      .filter(([, value]) => !isUnset(value)),
  );
  const problems = Object.keys(decoded).flatMap((key) => problemsOfKey(key));
  if (decoded.region === undefined) decoded.region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (decoded.endpoints === undefined) {
    problems.push({
      ...whereIs("endpoints"),
      code: "endpoints-missing",
      message:
        "the sandbox's AWS provider needs an endpoint for every service and answers for no real account",
      fix: "set aws:endpoints to the emulator's address, or run this stack with the real provider",
    });
  }
  const parsed = usedSchema.safeParse(decoded);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.path[0] === "endpoints" && decoded.endpoints === undefined) continue;
      problems.push({
        code: "invalid-value",
        where: "provider",
        key: `aws:${issue.path.join(".")}`,
        message: issue.message,
      });
    }
    throw new UserError(problems);
  }
  const used = parsed.data;
  const endpoints: Endpoints = Object.assign({}, ...used.endpoints);
  problems.push(...Object.entries(endpoints).flatMap(([service, url]) => problemsOfEndpoint(service, url)));
  if (problems.length > 0) throw new UserError(problems);
  return {
    region: used.region,
    endpoints,
    // Never a profile or the default chain: those could hold the keys of a real account.
    credentials: {
      accessKeyId: used.accessKey ?? environment.AWS_ACCESS_KEY_ID ?? "sandbox",
      secretAccessKey: used.secretKey ?? environment.AWS_SECRET_ACCESS_KEY ?? "sandbox",
    },
    ...(used.allowedAccountIds === undefined ? {} : { allowedAccountIds: used.allowedAccountIds }),
    ...(used.forbiddenAccountIds === undefined ? {} : { forbiddenAccountIds: used.forbiddenAccountIds }),
    defaultTags: used.defaultTags.tags,
    maxAttempts: used.maxRetries + 1,
  };
}

/** The account behind the endpoints is not one that this stack may touch. */
export function problemsOfAccount(account: string, configuration: ProviderConfiguration): readonly Problem[] {
  const { allowedAccountIds: allowed, forbiddenAccountIds: forbidden } = configuration;
  if (forbidden?.includes(account)) {
    return [
      { ...whereIs("forbiddenAccountIds"), code: "account-forbidden", message: `the account is ${account}` },
    ];
  }
  if (allowed !== undefined && !allowed.includes(account)) {
    return [
      {
        ...whereIs("allowedAccountIds"),
        code: "account-not-allowed",
        message: `the endpoints belong to account ${account}, but this stack allows only ${allowed.join(", ")}`,
        fix: "check the stack, or choose the emulator's account with an access key of 12 digits",
      },
    ];
  }
  return [];
}

/** Whether the address belongs to this machine. */
export function isLoopback(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return (
    host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
  );
}

const whereIs = (key: string) => ({ where: "provider", key: `aws:${key}` });

function problemsOfKey(key: string): Problem[] {
  if (!Object.hasOwn(uses, key)) {
    return [
      {
        ...whereIs(key),
        code: "unknown-key",
        message: "the AWS provider has no such setting",
        fix: didYouMean(key, Object.keys(uses)),
      },
    ];
  }
  if (uses[key as keyof typeof uses] !== "refused") return [];
  return [
    {
      ...whereIs(key),
      code: "refused-key",
      message: "the sandbox's AWS provider does not support this setting",
      fix: "leave it out of the sandbox's stack",
    },
  ];
}

function problemsOfEndpoint(service: string, url: string): Problem[] {
  if (isLoopback(url)) return [];
  return [
    {
      ...whereIs(`endpoints.${service}`),
      code: "endpoint-not-local",
      message: "the sandbox's AWS provider calls only endpoints on this machine",
      value: url,
      fix: "use http://127.0.0.1:<port>, or run this stack with the real provider",
    },
  ];
}

function decode(value: PropertyBag[string]): unknown {
  if (typeof value !== "string" || !/^\s*([[{"]|true$|false$|null$)/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The SDK sends `undefined` through JSON.stringify, and settings of a preview may be unknown. */
function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === unknownValue;
}
