import { z } from "zod";
import { sharedAlarmsSchema } from "./stack/alarms.ts";
import { evidenceSchema } from "./stack/evidence.ts";
import { gatesSchema } from "./stack/gates.ts";
import { githubSchema } from "./stack/github.ts";
import { inUseSchema } from "./stack/in-use.ts";
import { regionPattern } from "./stack/partition.ts";
import { platformSchema } from "./stack/platform.ts";
import type { awsSchema } from "./stack/provider.ts";
import { retentionSchema } from "./stack/retention.ts";
import { scanningSchema } from "./stack/scanning.ts";
import { servicesSchema } from "./stack/services.ts";
import { tagsSchema } from "./stack/tags.ts";
import { alarmSettingsOfKinds } from "./targets/kinds.ts";

/** Host and port of a registry, without a scheme or a path. */
const registryHostSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i, { error: "must be a host with an optional port" });

const environmentSchema = z
  .strictObject({
    file: z.string().optional().describe("A dotenv file, relative to the project directory"),
    variables: z.record(z.string(), z.string()).default({}),
  })
  .describe(
    "Environment variables for everything that Slipway starts for this stack, such as PULUMI_BACKEND_URL or DOCKER_HOST",
  );

const repositoriesSchema = z.strictObject({
  prefix: z
    .string()
    .regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/, { error: "is not a prefix that ECR accepts" })
    .optional()
    .describe("Prefix of the repositories, which are named prefix/service"),
  tagMutability: z.enum(["immutable", "mutable"]).default("mutable"),
  movingTags: z
    .array(z.string().min(1).max(128))
    .default(["*latest"])
    .describe("Tag filters that may move in an otherwise immutable repository, besides Slipway's own"),
  encryption: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("aes256") }),
      z.strictObject({
        kind: z.literal("kms"),
        keyArn: z.string().regex(/^arn:/).optional().describe("Default: the stack's own key, with rotation"),
      }),
    ])
    .default({ kind: "aes256" }),
  scanOnPush: z.boolean().default(true),
  pullPrincipals: z
    .array(z.string().regex(/^arn:[^*]+$/, { error: "must be the ARN of a principal, without wildcards" }))
    .default([])
    .describe("Principals of this or other accounts that may pull images, and promote from this stack"),
  protect: z
    .boolean()
    .default(false)
    .describe("Refuse to delete repositories, and keep them on pulumi destroy"),
  forceDelete: z
    .boolean()
    .default(false)
    .describe("Let pulumi destroy delete repositories that contain images"),
  replication: z
    .array(
      z.strictObject({
        region: z.string().regex(regionPattern, { error: "is not a region" }),
        account: z
          .string()
          .regex(/^\d{12}$/)
          .optional(),
      }),
    )
    .default([])
    .describe("Regions and accounts to replicate images to; a registry-wide setting of the account"),
});

const lifecycleGuardSchema = z
  .strictObject({
    mostTakenPercent: z
      .int()
      .min(0)
      .max(100)
      .default(50)
      .describe("Share of a repository's tagged images that a changed policy may take with its first run"),
    confirmed: z
      .array(
        z.string().regex(/^[^@\s]+@[0-9a-f]{8}$/, { error: "must be repository@hash, as the refusal says" }),
      )
      .default([])
      .describe("Policies that may take more, as the refusal names them: repository@hash"),
    warnDays: z
      .int()
      .min(0)
      .max(365)
      .default(7)
      .describe(
        "`deploy`, `promote` and `rollback` warn of an image that the retention rules take within so many days; 0: never",
      ),
  })
  .describe(
    "Check of a changed lifecycle policy in `pulumi preview` and `up`, and of images that targets move to",
  );

const builderSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("default") }).describe("The machine's current buildx builder"),
    z
      .strictObject({ kind: z.literal("buildx"), name: z.string().min(1) })
      .describe("An existing buildx builder"),
    z
      .strictObject({
        kind: z.literal("remote"),
        nodes: z
          .array(
            z.strictObject({
              endpoint: z.string().regex(/^(tcp|unix):\/\//, { error: "must begin with tcp:// or unix://" }),
              platforms: z.array(platformSchema).min(1),
              options: z
                .record(z.string(), z.string())
                .default({})
                .describe("buildx driver options, such as cacert, cert and key"),
            }),
          )
          .min(1),
      })
      .describe("BuildKit daemons with their platforms, for example native arm64 nodes"),
    z
      .strictObject({
        kind: z.literal("kubernetes"),
        namespace: z.string().default("default"),
        platforms: z.array(platformSchema).min(1).optional(),
        replicas: z.int().positive().default(1),
        options: z.record(z.string(), z.string()).default({}),
      })
      .describe("BuildKit pods in a Kubernetes cluster"),
  ])
  .describe("Builder for the images");

const deploySchema = z.strictObject({
  parallelBuilds: z.int().positive().max(64).default(16).describe("Platform images to build in parallel"),
  parallelTargets: z.int().positive().max(64).default(8).describe("Targets to update in parallel"),
  allOrNothing: z
    .boolean()
    .default(false)
    .describe("If a target fails, roll back the targets that the run moved, as --all-or-nothing does"),
  attempts: z.int().positive().max(10).default(2).describe("Attempts to build and push"),
  pushTimeoutSeconds: z
    .int()
    .positive()
    .default(900)
    .describe("Time limit for one attempt to build and push"),
  requireCleanTree: z
    .boolean()
    .default(false)
    .describe("Refuse to deploy uncommitted changes without --allow-dirty"),
});

/**
 * Which alarms a stack has and when they fire: those of every stack, and those of each kind of target. Every
 * threshold has a default; `enabled: false` leaves the alarms out. Each is made of what AWS really publishes;
 * docs/reference/alarms.md says how to make it fire.
 */
const alarmsSchema = sharedAlarmsSchema.extend(alarmSettingsOfKinds);

export type AlarmSettings = z.output<typeof alarmsSchema>;

/** The keys of a stack's settings that are under `slipway:` in Pulumi.<stack>.yaml. */
export const slipwaySchema = z.strictObject({
  services: servicesSchema,
  environment: environmentSchema.prefault({}),
  registry: registryHostSchema
    .optional()
    .describe("Registry to push to and pull from; default: the account's own ECR registry"),
  repositories: repositoriesSchema.prefault({}),
  retention: retentionSchema.prefault({ preset: "releases" }).describe("Retention rules for images"),
  lifecycleGuard: lifecycleGuardSchema.prefault({}),
  inUse: inUseSchema.prefault({}),
  scanning: scanningSchema.prefault({}),
  alarms: alarmsSchema.prefault({}),
  builder: builderSchema.prefault({ kind: "default" }),
  cache: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("none") }),
      z
        .strictObject({ kind: z.literal("registry") })
        .describe("Build cache in its own repository, with one tag per platform"),
    ])
    .prefault({ kind: "registry" }),
  baseImages: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "Base images to replace: reference in FROM → reference to use; Slipway replaces ${registry}. The roles of slipway:github may pull those that are in ECR",
    ),
  tags: tagsSchema.default(["{sha7}"]),
  mainBranch: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Branch whose images are `latest`; default: origin/HEAD, the branch that CI names, main or master",
    ),
  labels: z
    .record(z.string(), z.string())
    .default({})
    .describe("Additional labels of every image; use constant values only"),
  resourceTags: z.record(z.string(), z.string()).default({}).describe("AWS tags of all resources"),
  evidence: evidenceSchema.optional(),
  deploy: deploySchema.prefault({}),
  gates: gatesSchema.optional(),
  github: githubSchema.optional(),
});

/** The checked content of Pulumi.<stack>.yaml. */
export interface Settings extends z.output<typeof slipwaySchema> {
  readonly stack: string;
  readonly aws: z.output<typeof awsSchema>;
}
export type Builder = z.output<typeof builderSchema>;

/** The endpoint that the stack names for an AWS service (`ecr`, `ecs`, …); undefined: AWS's own. */
export function endpointFor(settings: Settings, service: string): string | undefined {
  for (const endpoints of settings.aws.endpoints ?? []) {
    const endpoint = endpoints[service];
    if (endpoint !== undefined) return endpoint;
  }
  return undefined;
}
