import { z } from "zod";
import { identitySchema, keySchema } from "./evidence.ts";

/** Severities of findings, the worst first. `UNDEFINED`: the source has not rated the finding. */
export const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"] as const;
export type FindingSeverity = (typeof severities)[number];

/** What a gate does with what it finds. */
export const gateLevels = ["off", "warn", "block"] as const;
export type GateLevel = (typeof gateLevels)[number];

const severityList = z.array(z.enum(severities));

const findingsSchema = z.strictObject({
  enabled: z.boolean().default(true),
  source: z
    .enum(["ecr", "grype", "trivy"])
    .default("ecr")
    .describe(
      "Who scans: ECR (basic or enhanced, as slipway:scanning.mode), or a scanner that is installed where Slipway runs",
    ),
  block: severityList.optional().describe("Severities that block. Preset warn: none; block: CRITICAL, HIGH"),
  warn: severityList
    .optional()
    .describe("Severities that only warn. Preset warn: CRITICAL, HIGH; block: MEDIUM"),
  onlyFixable: z
    .boolean()
    .default(false)
    .describe("Ignore findings without a fixed version; where the source names none, the finding warns"),
  onlyNew: z
    .boolean()
    .default(true)
    .describe("Block only findings that the image adds to those of the image that the target runs now"),
  dueDate: z.iso
    .date()
    .optional()
    .describe("From this day (UTC) findings of the image that already runs block as well"),
  dueDays: z
    .int()
    .positive()
    .max(3650)
    .optional()
    .describe(
      "Days after which a finding of the image that already runs blocks as well, where its age is known",
    ),
  vex: z
    .enum(["any", "signed", "off"])
    .default("any")
    .describe(
      "OpenVEX documents attached to the image by which findings do not count: any, only those that a key of slipway:evidence or slipway:gates.signed has signed, or none",
    ),
  unknown: z
    .enum(["warn", "block"])
    .optional()
    .describe("An image without a usable scan. Default: as the preset is called"),
  waitSeconds: z
    .int()
    .nonnegative()
    .max(3600)
    .default(600)
    .describe("Longest wait for a scan; after it, the image counts as unknown"),
  maxAgeDays: z
    .int()
    .positive()
    .max(365)
    .default(7)
    .describe("A completed scan that is older counts as unknown; Slipway then starts a basic scan again"),
});

const level = z.enum(gateLevels);

const imageSchema = z
  .strictObject({
    user: level.default("warn").describe("The image runs as root, because it names no other user"),
    secrets: level
      .optional()
      .describe(
        "Something in ENV, ARG, labels or the history looks like a secret. Default: as the preset is called",
      ),
    healthcheck: level
      .default("off")
      .describe("The image has no HEALTHCHECK. ECS uses that of the task definition only, and Lambda none"),
    size: z
      .strictObject({
        level: level.default("warn"),
        megabytes: z
          .number()
          .positive()
          .optional()
          .describe("Most compressed megabytes of one platform, as a pull transfers them"),
        growthPercent: z
          .number()
          .positive()
          .optional()
          .describe("Most growth against the image that runs now, per platform"),
      })
      .prefault({})
      .describe("Asked when a limit is set"),
    layers: z
      .strictObject({
        level: level.default("warn"),
        most: z.int().positive().max(127).optional().describe("Most layers of one platform"),
      })
      .prefault({})
      .describe("Asked when a limit is set"),
    baseAge: z
      .strictObject({
        level: level.default("warn"),
        days: z
          .int()
          .positive()
          .max(3650)
          .optional()
          .describe("Most days since the lowest layer, which is the base image's, was made"),
      })
      .prefault({})
      .describe("Asked when a limit is set"),
  })
  .describe("Checks of the image from its manifest, configuration and history, without a pull");

const dockerfileSchema = z
  .strictObject({
    lint: level
      .default("warn")
      .describe("BuildKit's own checks have warnings; `# check=skip=…` in the Dockerfile leaves one out"),
    multiStage: level
      .default("off")
      .describe("The Dockerfile has one stage only, so that what builds the image stays in it"),
  })
  .describe("Checks of the Dockerfiles of the images that a deployment builds, before it builds them");

/**
 * Gates between the push and the move of a deployment. Pulumi.<stack>.yaml, `slipway:gates`. Without the key
 * nothing is asked.
 */
export const gatesSchema = z
  .strictObject({
    preset: z
      .enum(["warn", "block"])
      .default("warn")
      .describe("warn: report, and move anyway. block: refuse new HIGH and CRITICAL findings"),
    findings: findingsSchema.prefault({}),
    image: imageSchema.prefault({}),
    dockerfile: dockerfileSchema.prefault({}),
    signed: z
      .strictObject({
        keys: z
          .array(keySchema)
          .default([])
          .describe(
            "Keys of which one has to have signed, as in slipway:evidence.sign.key; public keys will do",
          ),
        identities: z
          .array(identitySchema)
          .default([])
          .describe("Identities of which one has to have signed without a key; cosign checks them"),
      })
      .refine(({ keys, identities }) => keys.length + identities.length > 0, {
        error: "name at least one key or identity",
      })
      .optional()
      .describe("Refuse images whose index or platforms none of these keys or identities has signed"),
  })
  .describe("Gates that deploy, promote and rollback ask after the push and before the move");

export type GateSettings = z.output<typeof gatesSchema>;

/** The gate of findings, with the preset's values where the stack has none of its own. */
export interface FindingsPolicy {
  readonly source: "ecr" | "grype" | "trivy";
  readonly block: readonly FindingSeverity[];
  readonly warn: readonly FindingSeverity[];
  readonly onlyFixable: boolean;
  readonly onlyNew: boolean;
  /** `2026-12-31` */
  readonly dueDate?: string | undefined;
  readonly dueDays?: number | undefined;
  readonly vex: "any" | "signed" | "off";
  readonly unknown: "warn" | "block";
  readonly waitSeconds: number;
  readonly maxAgeDays: number;
}

const presets = {
  warn: { block: [], warn: ["CRITICAL", "HIGH"], unknown: "warn" },
  block: { block: ["CRITICAL", "HIGH"], warn: ["MEDIUM"], unknown: "block" },
} as const satisfies Record<GateSettings["preset"], Pick<FindingsPolicy, "block" | "warn" | "unknown">>;

/** What the gate of findings asks on a stack; undefined when it is switched off. */
export function findingsPolicy({ preset, findings }: GateSettings): FindingsPolicy | undefined {
  const { enabled, ...own } = findings;
  if (!enabled) return undefined;
  const { block, warn, unknown } = presets[preset];
  return {
    ...own,
    block: own.block ?? block,
    warn: own.warn ?? warn,
    unknown: own.unknown ?? unknown,
  };
}

/** Every check of an image with what it does; limits that are not set are not asked. */
export interface ImagePolicy {
  readonly user: GateLevel;
  readonly secrets: GateLevel;
  readonly healthcheck: GateLevel;
  readonly size: GateLevel;
  readonly megabytes?: number | undefined;
  readonly growthPercent?: number | undefined;
  readonly layers: GateLevel;
  readonly mostLayers?: number | undefined;
  readonly baseAge: GateLevel;
  readonly baseDays?: number | undefined;
}

/** What the image checks ask on a stack; undefined when they are all off. */
export function imagePolicy({ preset, image }: GateSettings): ImagePolicy | undefined {
  const { user, secrets = preset, healthcheck, size, layers, baseAge } = image;
  const { megabytes, growthPercent } = size;
  const policy = {
    user,
    secrets,
    healthcheck,
    size: megabytes === undefined && growthPercent === undefined ? "off" : size.level,
    megabytes,
    growthPercent,
    layers: layers.most === undefined ? "off" : layers.level,
    mostLayers: layers.most,
    baseAge: baseAge.days === undefined ? "off" : baseAge.level,
    baseDays: baseAge.days,
  } as const;
  const levels = [user, secrets, healthcheck, policy.size, policy.layers, policy.baseAge];
  return levels.every((one) => one === "off") ? undefined : policy;
}

/** Every check of a Dockerfile with what it does. */
export interface DockerfilePolicy {
  readonly lint: GateLevel;
  readonly multiStage: GateLevel;
}

/** What is asked of Dockerfiles on a stack; undefined when nothing is. */
export function dockerfilePolicy({ dockerfile }: GateSettings): DockerfilePolicy | undefined {
  const { lint, multiStage } = dockerfile;
  return lint === "off" && multiStage === "off" ? undefined : { lint, multiStage };
}
