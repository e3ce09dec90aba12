import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { projectFile } from "../../../config/description/description.ts";
import { loadSettings } from "../../../config/description/load.ts";
import { parseYaml } from "../../../config/problems/yaml.ts";

/** What the files of a project that is there say already: it stays, and need not be asked. */
export interface KnownProject {
  readonly name: string | undefined;
  readonly region: string | undefined;
}

const projectSchema = z.object({ name: z.string() });

/** Reads Pulumi.yaml and the stack's file, as far as they are there and can be read. */
export async function readKnownProject(directory: string, stack: string): Promise<KnownProject> {
  const [text, settings] = await Promise.all([
    readFile(join(directory, projectFile), "utf8").catch(() => ""),
    loadSettings(directory, stack),
  ]);
  const read = parseYaml(text, projectFile);
  return {
    name: projectSchema.safeParse("value" in read ? read.value : undefined).data?.name,
    region: "value" in settings ? settings.value.aws.region : undefined,
  };
}
