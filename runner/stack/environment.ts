import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "dotenv";
import { expand } from "dotenv-expand";
import { stackFile } from "../../config/description.ts";
import { UserError } from "../../config/errors.ts";
import type { Settings } from "../../config/settings.ts";

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
    file === undefined ? {} : parse(await readEnvironmentFile(directory, file, settings.stack));
  return expandVariables([...Object.entries(fromFile), ...Object.entries(variables)], base);
}

/** Sets a stack's variables for this process: for Pulumi, buildx and the AWS clients alike. */
export async function applyStackEnvironment(directory: string, settings: Settings): Promise<void> {
  Object.assign(process.env, await stackEnvironment(directory, settings, process.env));
}

/**
 * Replaces `${NAME}` by what the variable is so far: one that was set further up, or the process's
 * own. `\$` stands for a dollar sign. Pure.
 */
export function expandVariables(
  variables: readonly (readonly [name: string, value: string])[],
  base: Environment,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of variables) {
    const known = Object.entries({ ...base, ...result }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    // Expanded under a name that nobody has: dotenv-expand prefers the process's own value to the file's.
    const parsed = expand({ parsed: { "\0": value }, processEnv: Object.fromEntries(known) }).parsed;
    result[name] = parsed?.["\0"] ?? "";
  }
  return result;
}

async function readEnvironmentFile(directory: string, file: string, stack: string): Promise<string> {
  try {
    return await readFile(join(directory, file), "utf8");
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
