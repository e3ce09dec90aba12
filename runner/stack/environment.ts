import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { stackFile } from "../../config/description/description.ts";
import { readTextFile } from "../../config/description/text-file.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/settings.ts";
import { outputFilesVariable } from "../../source/own-files.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment variables of a stack: those of its dotenv file, then those in its settings. They
 * override the variables of the process, so that the stack's own file decides about its backend and
 * account, whatever the shell has.
 *
 * @throws UserError when the dotenv file can't be read
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

/** Sets a stack's variables in this process, for Pulumi, buildx and the AWS clients. */
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
  const read = await readTextFile(resolve(directory, file), file);
  if (read !== undefined && "text" in read) return read.text;
  throw new UserError({
    code: "missing-file",
    message: "does not exist",
    fix: `create the file, start the program that writes it, or correct the path (relative to ${directory})`,
    ...read?.problem,
    where: stackFile(stack),
    key: "slipway:environment.file",
    value: file,
  });
}
