import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../../config/problems/errors.ts";

/**
 * The project directory: the nearest parent directory with both Pulumi.yaml and services.yaml. A command
 * thus works in any folder of the project, including one with its own Pulumi project.
 *
 * @throws UserError `missing-project`
 */
export function findProject(from: string): string {
  const start = resolve(from);
  for (let directory = start; ; directory = dirname(directory)) {
    if (["Pulumi.yaml", "services.yaml"].every((file) => existsSync(join(directory, file)))) return directory;
    if (dirname(directory) === directory) break;
  }
  throw new UserError({
    code: "missing-project",
    where: start,
    message: "neither this directory nor a parent directory has a Pulumi.yaml and a services.yaml",
    fix: "run the command in a project, or name one with --cwd",
  });
}
