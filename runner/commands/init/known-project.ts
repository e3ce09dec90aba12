import { join } from "node:path";
import { z } from "zod";
import { projectFile } from "../../../config/description/description.ts";
import { loadSettings } from "../../../config/description/settings.ts";
import { readTextFile } from "../../../config/description/text-file.ts";
import { parseYaml } from "../../../config/problems/yaml.ts";

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
