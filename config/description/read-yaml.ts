import { join } from "node:path";
import type { Problem } from "../problems/errors.ts";
import { type ParsedYaml, parseYaml } from "../problems/yaml.ts";
import { readTextFile } from "./text-file.ts";

/** Reads and parses a YAML file of the project. */
export async function readYaml(
  directory: string,
  file: string,
): Promise<ParsedYaml | { readonly problems: readonly Problem[] }> {
  const read = await readTextFile(join(directory, file), file);
  if (read === undefined) {
    return {
      problems: [
        {
          code: "missing-file",
          where: file,
          message: `is not in ${directory}`,
          fix: "run the command in the project's directory, or name that directory with --cwd",
        },
      ],
    };
  }
  return "problem" in read ? { problems: [read.problem] } : parseYaml(read.text, file);
}
