import { z } from "zod";
import { type LambdaTarget, lambdaTargetFor, lambdaTargetSchema } from "./lambda-target.ts";
import { orderSchema } from "./target-order.ts";

/** A path relative to the project's directory (where Pulumi.yaml is), with forward slashes. */
const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/"), "must be relative to the project's directory");

/**
 * A platform as BuildKit and OCI write it: `os/architecture[/variant]`.
 * https://github.com/opencontainers/image-spec/blob/main/image-index.md
 */
export const platformSchema = z
  .string()
  .regex(/^linux\/(amd64|arm64|386|ppc64le|s390x|riscv64|arm\/v[567]|arm64\/v8)$/, {
    error: "is not a platform that BuildKit builds Linux images for",
  })
  .meta({ description: "os/architecture[/variant], for example linux/arm64" });

const ecsTargetSchema = z
  .strictObject({
    kind: z.literal("ecs"),
    cluster: z.string().min(1).describe("Name or ARN of the cluster; ${stack} is replaced"),
    service: z.string().min(1).describe("Name of the ECS service; ${stack} is replaced"),
    container: z
      .string()
      .min(1)
      .optional()
      .describe("Container of the task definition that takes the image; default: the service's name here"),
    timeoutSeconds: z.int().positive().max(7200).default(900).describe("How long the deployment is followed"),
    order: orderSchema,
  })
  .describe("An ECS service");

export const targetSchema = z.discriminatedUnion("kind", [ecsTargetSchema, lambdaTargetSchema]);

const serviceNameSchema = z
  .string()
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, {
    error:
      "is not a name ECR accepts in a repository: lower-case letters and digits, joined by single . _ or -",
  })
  .max(100);

const serviceSchema = z
  .strictObject({
    description: z.string().optional(),
    context: relativePath.describe("Build context"),
    dockerfile: relativePath.optional().describe("Default: Dockerfile in the context"),
    stage: z.string().min(1).optional().describe("Target stage of the Dockerfile; default: the last"),
    platforms: z.array(platformSchema).min(1).optional().describe("Default: defaults.platforms"),
    arguments: z.record(z.string(), z.string()).default({}).describe("Build arguments; never a secret"),
    secrets: z
      .record(z.string(), z.strictObject({ environment: z.string().min(1) }))
      .default({})
      .describe("Build secrets by id, each from an environment variable; only ids enter the source hash"),
    contexts: z
      .record(z.string(), z.string().min(1))
      .default({})
      .describe("Named contexts: a path, or docker-image://, oci-layout:// or https://"),
    extraInputs: z
      .array(relativePath)
      .default([])
      .describe("Files outside of the contexts that count as inputs of the build"),
    salt: z.string().optional().describe("Changing it makes the image be built anew"),
    repository: z
      .string()
      .min(2)
      .max(256)
      .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/, {
        error: "is not a repository name ECR accepts",
      })
      .optional()
      .describe("Default: the stack's prefix and the service's name"),
    targets: z.array(targetSchema).default([]).describe("What runs the image"),
  })
  .describe("A service: what is built, and what runs it");

/** services.yaml, as written. */
export const catalogueSchema = z
  .strictObject({
    $schema: z.string().optional(),
    source: z.url().optional().describe("Where the code lives; becomes org.opencontainers.image.source"),
    defaults: z
      .strictObject({
        platforms: z.array(platformSchema).min(1).default(["linux/amd64", "linux/arm64"]),
      })
      .prefault({}),
    services: z
      .record(serviceNameSchema, serviceSchema)
      .refine((services) => Object.keys(services).length > 0, "must name at least one service"),
  })
  .meta({ title: "services.yaml: the catalogue of services" });

export type EcsTarget = z.output<typeof ecsTargetSchema> & { readonly container: string };
export type { LambdaTarget } from "./lambda-target.ts";
/** What runs an image. A new kind is a new member here and a new file in `runner/targets/`. */
export type Target = EcsTarget | LambdaTarget;

/** A service of the catalogue, defaults filled in, for one stack. */
export interface Service {
  readonly name: string;
  readonly description?: string;
  /** Build context, relative to the project's directory. */
  readonly context: string;
  /** Dockerfile, relative to the project's directory. */
  readonly dockerfile: string;
  readonly stage?: string;
  readonly platforms: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  /** Secret id → name of the environment variable that holds it. */
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
  readonly contexts: Readonly<Record<string, string>>;
  readonly extraInputs: readonly string[];
  readonly salt?: string;
  readonly repository?: string;
  readonly targets: readonly Target[];
}

export interface Catalogue {
  readonly source?: string;
  /** In the order of the file. */
  readonly services: readonly Service[];
}

/** The catalogue as one stack sees it: defaults filled in and `${stack}` replaced in targets. Pure. */
export function resolveCatalogue(written: z.output<typeof catalogueSchema>, stack: string): Catalogue {
  const forStack = (text: string) => text.replaceAll("${stack}", stack);
  return {
    ...(written.source === undefined ? {} : { source: written.source }),
    services: Object.entries(written.services).map(([name, service]): Service => {
      const { dockerfile, platforms, targets, ...rest } = service;
      return {
        ...withoutUndefined(rest),
        name,
        dockerfile: dockerfile ?? `${service.context.replace(/\/+$/, "")}/Dockerfile`,
        platforms: [...new Set(platforms ?? written.defaults.platforms)],
        targets: targets.map((target): Target => {
          switch (target.kind) {
            case "ecs":
              return {
                ...target,
                cluster: forStack(target.cluster),
                service: forStack(target.service),
                container: forStack(target.container ?? name),
              };
            case "lambda":
              return lambdaTargetFor(target, forStack);
          }
        }),
      } as Service;
    }),
  };
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
