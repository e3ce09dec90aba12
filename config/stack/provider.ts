import { z } from "zod";
import { regionPattern } from "./partition.ts";

const account = z.string().regex(/^\d{12}$/, { error: "is not a 12-digit account id" });

/** The engine hands booleans over as text. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

const goDuration = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** Time as Go writes it, in hours, minutes and seconds: `1h30m`. */
const duration = z
  .string()
  .min(1)
  .regex(goDuration, { error: "is not a time such as 1h or 30m" })
  .transform((text) => secondsOf(text));

const session = {
  roleArn: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\//, { error: "is not the ARN of a role" }),
  sessionName: z.string().min(2).max(64).optional(),
  duration: duration.optional(),
  policy: z.string().optional(),
  policyArns: z.array(z.string()).optional(),
};

const assumedRoleSchema = z.strictObject({
  ...session,
  externalId: z.string().optional(),
  sourceIdentity: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  transitiveTagKeys: z.array(z.string()).optional(),
});

const webIdentitySchema = z.strictObject({
  ...session,
  webIdentityToken: z.string().optional(),
  webIdentityTokenFile: z.string().optional(),
});

/** A role that the AWS provider takes before it calls anything. */
export type AssumedRole = z.output<typeof assumedRoleSchema>;

/** A role that is taken with the token of an identity provider. */
export type WebIdentity = z.output<typeof webIdentitySchema>;

/** The AWS provider's own keys that decide where things happen, and as whom: the runner reads them as well. */
export const awsSchema = z.looseObject({
  region: z.string().regex(regionPattern, { error: "is not a region" }),
  profile: z.string().min(1).optional(),
  accessKey: z.string().min(1).optional(),
  secretKey: z.string().min(1).optional(),
  token: z.string().min(1).optional(),
  assumeRoles: z.array(assumedRoleSchema).optional(),
  assumeRoleWithWebIdentity: webIdentitySchema.optional(),
  useFipsEndpoint: flag.optional(),
  useDualstackEndpoint: flag.optional(),
  allowedAccountIds: z.array(account).optional(),
  forbiddenAccountIds: z.array(account).optional(),
  endpoints: z.array(z.record(z.string(), z.url())).optional(),
});

/** Whether the stack itself has keys, or a role that is to be taken. */
export function hasOwnRole({
  accessKey,
  assumeRoles = [],
  assumeRoleWithWebIdentity,
}: z.output<typeof awsSchema>): boolean {
  return accessKey !== undefined || assumeRoleWithWebIdentity !== undefined || assumeRoles.length > 0;
}

const byVariable = (variable: string) =>
  `set ${variable} under slipway:environment.variables, which Slipway and the provider both read`;
const remove = "remove it: Slipway's own calls can't follow it";

/**
 * Keys with which the AWS provider would go another way to AWS than Slipway's own calls: refused, with what
 * does the same for both.
 */
export const refusedAwsKeys: Readonly<Record<string, string>> = {
  assumeRole: "write aws:assumeRoles, a list, as version 7 of the AWS provider reads it",
  sharedConfigFiles: byVariable("AWS_CONFIG_FILE"),
  sharedCredentialsFiles: byVariable("AWS_SHARED_CREDENTIALS_FILE"),
  ec2MetadataServiceEndpoint: byVariable("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
  ec2MetadataServiceEndpointMode: byVariable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
  customCaBundle: "set AWS_CA_BUNDLE and NODE_EXTRA_CA_CERTS in the environment of the run",
  stsRegion: remove,
  httpProxy: remove,
  httpsProxy: remove,
  noProxy: remove,
  insecure: remove,
};

/**
 * Keys that change what the provider declares, how often it tries, or what it checks beforehand. They
 * decide neither the account nor the region, so the runner does without them.
 */
export const declarationKeys: readonly string[] = [
  "defaultTags",
  "ignoreTags",
  "maxRetries",
  "retryMode",
  "tokenBucketRateLimiterCapacity",
  "userAgents",
  "tagPolicyCompliance",
  "s3UsEast1RegionalEndpoint",
  "s3UsePathStyle",
  "skipCredentialsValidation",
  "skipMetadataApiCheck",
  "skipRegionValidation",
  "skipRequestingAccountId",
];

/** What is wrong with an `aws:` key beside its form. */
export interface ProviderProblem {
  readonly key: string;
  readonly message: string;
  readonly fix: string;
}

const keysInEnvironment =
  "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment, or use aws:profile";

/**
 * The `aws:` keys of a stack that the program and the runner would not follow alike.
 *
 * @param aws as it is written, without the prefix
 */
export function providerProblems(aws: Readonly<Record<string, unknown>>): ProviderProblem[] {
  const refused = Object.entries(refusedAwsKeys).flatMap(([key, fix]) =>
    aws[key] === undefined || aws[key] === null || aws[key] === false
      ? []
      : [{ key, message: "counts for the AWS provider alone, not for Slipway's own calls", fix }],
  );
  const secret = ["accessKey", "secretKey", "token"].flatMap((key) =>
    typeof aws[key] === "object" && aws[key] !== null
      ? [{ key, message: "is encrypted, and only Pulumi can read it", fix: keysInEnvironment }]
      : [],
  );
  const isHalf = (aws.accessKey === undefined) !== (aws.secretKey === undefined);
  const missing = aws.accessKey === undefined ? "accessKey" : "secretKey";
  const half = isHalf
    ? [{ key: missing, message: "is missing beside the other half of the key", fix: keysInEnvironment }]
    : [];
  return [...refused, ...secret, ...half];
}

function secondsOf(text: string): number {
  const [, hours = "0", minutes = "0", seconds = "0"] = goDuration.exec(text) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
