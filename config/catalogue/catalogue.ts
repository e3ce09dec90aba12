import { z } from "zod";
import { platformSchema } from "../stack/platform.ts";
import { declarationOf, targetKinds } from "../targets/kinds.ts";
import type { Target, WrittenTarget } from "../targets/target.ts";
import { serviceContext } from "./contexts.ts";
import { dockerfileIn } from "./dockerfile.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A path relative to the project's directory (where Pulumi.yaml is), with forward slashes. */
const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/"), "must be relative to the project directory");

const serviceNameSchema = z
  .string()
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, {
    error: "is not a name that ECR accepts: lower-case letters and digits, joined by single . _ or -",
  })
  .max(100);

/** services.yaml, as written, for catalogues with targets of these kinds. */
export function catalogueSchemaFor(kinds: readonly { readonly schema: z.ZodType<WrittenTarget> }[]) {
  const targetSchema = z.discriminatedUnion(
    "kind",
    kinds.map(({ schema }) => schema) as unknown as [z.ZodObject<{ kind: z.ZodLiteral<string> }>],
  ) as unknown as z.ZodType<WrittenTarget>;
  const serviceSchema = z
    .strictObject({
      description: z.string().optional(),
      groups: z
        .array(z.string().min(1))
        .optional()
        .describe("Groups that the service belongs to; a stack's slipway:services can select one"),
      context: relativePath.describe("Build context"),
      dockerfile: relativePath
        .optional()
        .describe("Default: Dockerfile in the context; dockerfile in its place is also taken"),
      stage: z.string().min(1).optional().describe("Target stage of the Dockerfile; default: the last stage"),
      platforms: z.array(platformSchema).min(1).optional().describe("Default: defaults.platforms"),
      arguments: z.record(z.string(), z.string()).default({}).describe("Build arguments; never a secret"),
      secrets: z
        .record(z.string(), z.strictObject({ environment: z.string().min(1) }))
        .default({})
        .describe(
          "Build secrets by id, each from an environment variable; only the ids are part of the source hash",
        ),
      contexts: z
        .record(z.string(), z.string().min(1))
        .default({})
        .describe(
          "Named build contexts: a path, service://<service>, docker-image://, oci-layout:// or https://",
        ),
      needs: z
        .array(z.string().min(1))
        .default([])
        .describe("Services whose images this service is built FROM; the Dockerfile uses their names"),
      extraInputs: z
        .array(relativePath)
        .default([])
        .describe(
          "Files outside the contexts that are inputs of the build: paths, or patterns such as proto/**/*.proto",
        ),
      salt: z.string().optional().describe("Change it to rebuild the image"),
      repository: z
        .string()
        .min(2)
        .max(256)
        .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/, {
          error: "is not a repository name ECR accepts",
        })
        .optional()
        .describe("Default: the stack's prefix and the service's name"),
      targets: z.array(targetSchema).default([]).describe("Targets that run the image"),
    })
    .describe("A service: its build, and the targets that run it");
  return z
    .strictObject({
      $schema: z.string().optional(),
      source: z
        .url()
        .optional()
        .describe("URL of the source code, for the label org.opencontainers.image.source"),
      defaults: z
        .strictObject({
          platforms: z.array(platformSchema).min(1).default(["linux/amd64", "linux/arm64"]),
        })
        .prefault({}),
      sharedPaths: z
        .array(
          z.union([
            relativePath,
            z.strictObject({
              path: relativePath,
              services: z.array(z.string().min(1)).min(1).describe("Services that these inputs belong to"),
            }),
          ]),
        )
        .default([])
        .describe("Paths or patterns that are inputs of every service's build, or of the named services"),
      services: z
        .record(serviceNameSchema, serviceSchema)
        .refine((services) => Object.keys(services).length > 0, "must name at least one service"),
    })
    .meta({ title: "services.yaml: the catalogue of services" });
}

/** services.yaml, as written. */
export const catalogueSchema = catalogueSchemaFor(targetKinds);

/** A service of the catalogue with its defaults, for one stack. */
export interface Service {
  readonly name: string;
  readonly description?: string;
  /** What a stack's `slipway:services` can select it by. */
  readonly groups?: readonly string[];
  /** Build context, relative to the project's directory. */
  readonly context: string;
  /** Dockerfile, relative to the project's directory. */
  readonly dockerfile: string;
  readonly stage?: string;
  readonly platforms: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  /** Secret id → name of the environment variable that holds it. */
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
  /** Named contexts; what it needs of other services is among them (config/catalogue/contexts.ts). */
  readonly contexts: Readonly<Record<string, string>>;
  /** The services that `needs` names, for messages: `contexts` decides. */
  readonly needs?: readonly string[];
  readonly extraInputs: readonly string[];
  readonly salt?: string;
  readonly repository?: string;
  readonly targets: readonly Target[];
}

export interface Catalogue {
  readonly source?: string;
  /** In the order of the file. */
  readonly services: readonly Service[];
  /** Names of the services that the stack's `slipway:services` leaves out. */
  readonly leftOut?: readonly string[];
}

/** The catalogue as one stack sees it: defaults filled in and `${stack}` replaced in targets. */
export function resolveCatalogue(written: z.output<typeof catalogueSchema>, stack: string): Catalogue {
  const forStack = (text: string) => text.replaceAll("${stack}", stack);
  const shared = written.sharedPaths.map((one) =>
    typeof one === "string"
      ? { path: one, services: undefined }
      : { path: one.path, services: new Set(one.services) },
  );
  return {
    ...(written.source === undefined ? {} : { source: written.source }),
    services: Object.entries(written.services).map(([name, service]): Service => {
      const { dockerfile, platforms, targets, needs, ...rest } = service;
      return {
        ...withoutUndefined(rest),
        name,
        dockerfile: dockerfile ?? dockerfileIn(service.context),
        platforms: [...new Set(platforms ?? written.defaults.platforms)],
        ...(needs.length > 0 && { needs }),
        contexts: withNeeds(service.contexts, needs),
        extraInputs: [...service.extraInputs, ...sharedBy(name, shared)],
        targets: targets.map((target) => declarationOf(target).resolve(target, name, forStack)),
      } as Service;
    }),
  };
}

/**
 * Named contexts, and one for each service that is needed, called like it, unless another context is its
 * image.
 */
function withNeeds(contexts: Readonly<Record<string, string>>, needs: readonly string[]) {
  const missing = needs.filter((name) => !Object.values(contexts).includes(serviceContext(name)));
  return { ...contexts, ...Object.fromEntries(missing.map((name) => [name, serviceContext(name)])) };
}

/** A path that builds share: those of the services, or of all where none is named. */
interface SharedPath {
  readonly path: string;
  readonly services: ReadonlySet<string> | undefined;
}

/** The shared paths of a service. */
function sharedBy(name: string, shared: readonly SharedPath[]): string[] {
  return shared.flatMap(({ path, services }) => (services === undefined || services.has(name) ? [path] : []));
}
