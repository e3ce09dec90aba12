import { join } from "node:path";
import { z } from "zod";
import { catalogueSchema } from "../../../config/catalogue/catalogue.ts";
import { catalogueFile, projectFile } from "../../../config/description/description.ts";
import { loadSettings } from "../../../config/description/settings.ts";
import { readTextFile } from "../../../config/description/text-file.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { problemsOf } from "../../../config/problems/problems.ts";
import { parseYaml } from "../../../config/problems/yaml.ts";
import { dockerfileOf } from "./detect.ts";
import type { FoundService } from "./found.ts";

/** Settings from the files of an existing project, which init keeps and does not ask for. */
export interface KnownProject {
  readonly name: string | undefined;
  readonly region: string | undefined;
}

const projectSchema = z.object({ name: z.string() });

/** Reads Pulumi.yaml and the stack file, as far as they are readable. */
export async function readKnownProject(directory: string, stack: string): Promise<KnownProject> {
  const [file, settings] = await Promise.all([
    readTextFile(join(directory, projectFile), projectFile),
    loadSettings(directory, stack),
  ]);
  const read = parseYaml(file !== undefined && "text" in file ? file.text : "", projectFile);
  return {
    name: projectSchema.safeParse("value" in read ? read.value : undefined).data?.name,
    region: "value" in settings ? settings.value.aws.region : undefined,
  };
}

/** The services that services.yaml has already. */
export interface KnownServices {
  /** By name, or by Dockerfile and stage. */
  has(service: FoundService): boolean;
  /** The kinds of each one's targets. */
  readonly kinds: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The services of an existing services.yaml.
 *
 * @throws UserError when it is wrong
 */
export function knownServices(text: string): KnownServices {
  const yaml = parseYaml(text, catalogueFile);
  if ("problems" in yaml) throw new UserError(yaml.problems);
  const parsed = catalogueSchema.safeParse(yaml.value);
  if (!parsed.success)
    throw new UserError(problemsOf(parsed.error, catalogueSchema, yaml.value, yaml.locate));
  const services = Object.entries(parsed.data.services);
  const builds = new Set(services.map(([, one]) => buildOf(one)));
  const kinds = new Map(
    services.map(([name, { targets }]) => [name, new Set(targets.map(({ kind }) => kind))]),
  );
  return { has: (service) => kinds.has(service.name) || builds.has(buildOf(service)), kinds };
}

function buildOf(one: {
  context: string;
  dockerfile?: string | undefined;
  stage?: string | undefined;
}): string {
  const { context, dockerfile, stage } = one;
  return JSON.stringify([dockerfileOf({ context, ...(dockerfile !== undefined && { dockerfile }) }), stage]);
}
