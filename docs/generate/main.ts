import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { callsTable } from "./calls.ts";
import { commandsPage } from "./commands.ts";
import { catalogueSchemaFile, configurationPage, waiversSchemaFile } from "./configuration.ts";
import { errorsPage } from "./errors.ts";
import { gatesTable } from "./gates.ts";
import type { GeneratedFile } from "./page.ts";
import { permissionsTable } from "./permissions.ts";
import { floorsPicture } from "./picture.ts";
import { providerTables } from "./provider.ts";
import { tagTables } from "./tags.ts";

/** Every file that `npm run docs` writes; a test compares each with the code. */
export const generatedFiles: readonly GeneratedFile[] = [
  callsTable,
  catalogueSchemaFile,
  commandsPage,
  configurationPage,
  errorsPage,
  gatesTable,
  permissionsTable,
  floorsPicture,
  providerTables,
  tagTables,
  waiversSchemaFile,
];

const root = join(import.meta.dirname, "../..");

/** Reads a generated file and renders it. */
export async function renderFile({ path, render }: GeneratedFile): Promise<{ is: string; shouldBe: string }> {
  const is = await readFile(join(root, path), "utf8");
  return { is, shouldBe: await render(is) };
}

if (import.meta.main) {
  for (const file of generatedFiles) {
    const { is, shouldBe } = await renderFile(file);
    if (is === shouldBe) continue;
    await writeFile(join(root, file.path), shouldBe);
    process.stdout.write(`${file.path}\n`);
  }
}
