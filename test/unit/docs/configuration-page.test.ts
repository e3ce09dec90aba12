import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogueJsonSchema, ciPage, configurationReference } from "../../../docs/generate/configuration.ts";

const root = join(import.meta.dirname, "../../..");

test("services.schema.json is what the types say (npm run generate)", async () => {
  expect(await readFile(join(root, "services.schema.json"), "utf8")).toBe(catalogueJsonSchema());
});

test("docs/reference/configuration.md is what the types say (npm run generate)", async () => {
  expect(await readFile(join(root, "docs/reference/configuration.md"), "utf8")).toBe(
    configurationReference(),
  );
});

test("docs/how-to/ci.md has the permissions that the roles have (npm run generate)", async () => {
  const page = await readFile(join(root, "docs/how-to/ci.md"), "utf8");
  expect(ciPage(page)).toBe(page);
  expect(page).toContain("| `ecr:PutImage` |");
});
