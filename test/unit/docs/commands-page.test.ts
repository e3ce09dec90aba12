import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentCommands } from "../../../docs/generate/commands.ts";

test("docs/reference/commands.md says what --help says (node docs/generate/commands.ts)", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/reference/commands.md"), "utf8");
  expect(await documentCommands(page)).toBe(page);
});
