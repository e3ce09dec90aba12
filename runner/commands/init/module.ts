import { dirname, join } from "node:path";
import { readTextFile } from "../../../config/description/text-file.ts";
import { UserError } from "../../../config/problems/errors.ts";

/**
 * Whether a `.js` file here is an ES module, by the nearest package.json upwards.
 * https://nodejs.org/api/packages.html#determining-module-system
 *
 * @throws UserError for a package.json that Node.js and npm refuse as well
 */
export async function saysModule(directory: string): Promise<boolean> {
  const where = join(directory, "package.json");
  const read = await readTextFile(where, where);
  if (read === undefined) return dirname(directory) === directory ? false : saysModule(dirname(directory));
  if ("problem" in read) throw new UserError(read.problem);
  return typeOf(read.text, where) === "module";
}

function typeOf(text: string, where: string): unknown {
  const refused = (message: string) =>
    new UserError({
      code: "invalid-json",
      where,
      message,
      fix: "correct it: npm and Node.js refuse it as well",
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const isComment = /^\s*\/[/*]/m.test(text) || /[{,]\s*\/[/*]/.test(text);
    throw refused(isComment ? "has a comment, which JSON does not allow" : `is not JSON: ${detail}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw refused("is not a JSON object");
  }
  return (parsed as { type?: unknown }).type;
}
