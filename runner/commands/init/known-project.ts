import { join } from "node:path";
import { z } from "zod";
import { projectFile } from "../../../config/description/description.ts";
import { loadSettings } from "../../../config/description/load.ts";
import { readTextFile } from "../../../config/description/text-file.ts";
import { parseYaml } from "../../../config/problems/yaml.ts";

/** What the files of an existing project say: they stay, so nobody is asked for it. */
export interface KnownProject {
  readonly name: string | undefined;
  readonly region: string | undefined;
}

const projectSchema = z.object({ name: z.string() });

/** Reads Pulumi.yaml and the stack's file, as far as they can be read. */
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
