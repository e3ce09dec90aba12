import { allConfig } from "@pulumi/pulumi/runtime/config.js";
import { type StackDescription, stackFile } from "../config/description/description.ts";
import { checked, loadCatalogue } from "../config/description/load.ts";
import { parseSettings } from "../config/description/settings.ts";

/**
 * The stack's settings as the engine has them, and the catalogue, checked by the same schemas that
 * the runner applies to the files.
 *
 * @param directory the project's directory
 * @throws UserError with everything that is wrong, before the first resource
 */
export async function readStack(directory: string, stack: string): Promise<StackDescription> {
  const settings = parseSettings(configuration(allConfig()), stack, stackFile(stack));
  return checked(directory, await loadCatalogue(directory, stack), settings);
}

/**
 * The engine passes configuration as text: objects and lists as JSON, everything else as written. It is read
 * as a whole, so that misspelt keys are found.
 */
function configuration(text: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(text).map(([key, value]) => [key, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );
}
