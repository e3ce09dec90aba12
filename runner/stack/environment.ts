import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { stackFile } from "../../config/description/description.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/stack/settings.ts";
import { outputFilesVariable } from "../../source/own-files.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that a stack sets before anything is started for it: those of its dotenv file, then
 * those in its settings. They take precedence over what the process was started with, so that a
 * stack's backend and account are what its file says, whatever the shell has.
 *
 * @throws UserError when the file that the stack names is not there
 */
export async function stackEnvironment(
  directory: string,
  settings: Settings,
  base: Environment,
): Promise<Record<string, string>> {
  const { file, variables } = settings.environment;
  const fromFile =
    file === undefined ? {} : parseEnv(await readEnvironmentFile(directory, file, settings.stack));
  const all = [...Object.entries(fromFile), ...Object.entries(variables)];
  return expandVariables(
    all.map(([name, value = ""]) => [name, value] as const),
    base,
  );
}

/**
 * Sets a stack's variables for this process: for Pulumi, buildx and the AWS clients alike. The program that
 * Pulumi runs hashes the sources as well, so it is told which files this run prints into.
 */
export async function applyStackEnvironment(directory: string, settings: Settings): Promise<void> {
  Object.assign(process.env, outputFilesVariable());
  Object.assign(process.env, await stackEnvironment(directory, settings, process.env));
}

/**
 * Replaces `${NAME}` by what the variable is so far: one that was set further up, or the process's
 * own. `\$` stands for a dollar sign.
 */
export function expandVariables(
  variables: readonly (readonly [name: string, value: string])[],
  base: Environment,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of variables) {
    result[name] = value.replace(/\\\$|\$\{([A-Za-z_]\w*)\}/g, (_, variable?: string) =>
      variable === undefined ? "$" : (result[variable] ?? base[variable] ?? ""),
    );
  }
  return result;
}

async function readEnvironmentFile(directory: string, file: string, stack: string): Promise<string> {
  try {
    return await readFile(resolve(directory, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(
      {
        code: "missing-file",
        where: stackFile(stack),
        key: "slipway:environment.file",
        value: file,
        message: "does not exist",
        fix: `create it, or bring up what writes it, or correct the path (relative to ${directory})`,
      },
      { cause: error },
    );
  }
}
