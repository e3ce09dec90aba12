import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toolchainVariables } from "../process/environment.ts";
import type { ToolName } from "../toolchain/tools.ts";

/** Variable by which the script hands over what the toolchain needs of the user's environment, as JSON. */
export const toolchainVariable = "SLIPWAY_TOOLCHAIN";

const program = join(import.meta.dirname, "../toolchain/first-use.ts");

/**
 * Puts a script in a tool's place that gets the tool when it is first called, and is then replaced by it: `up` need
 * not wait for what most projects never use.
 *
 * @param place in a folder of the PATH
 */
export async function installForFirstUse(
  name: ToolName,
  place: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  // It may be a link to the tool itself.
  await rm(place, { force: true });
  await writeFile(place, firstUseScript(name, place, environment));
  // Only this user reads it: an address of a proxy for Go modules may hold a password.
  await chmod(place, 0o700);
}

/** Whoever calls the tool may have another HOME and hardly a variable, as Slipway has for Syft. */
function firstUseScript(name: ToolName, place: string, environment: NodeJS.ProcessEnv): string {
  const variables = JSON.stringify(toolchainVariables(environment));
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", program, name, place];
  return `#!/bin/sh
# Gets ${name} when it is first called, and is then replaced by it.
export ${toolchainVariable}=${quoted(variables)}
exec ${words.map(quoted).join(" ")} "$@"
`;
}

/** Quotes a word for a shell script. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
