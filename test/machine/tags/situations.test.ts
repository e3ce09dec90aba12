import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plansIn, situations, withTables } from "./situations.ts";

const page = join(import.meta.dirname, "../../../docs/reference/tags.md");

test("docs/reference/tags.md has what real repositories come to (node test/machine/tags/situations.ts)", async () => {
  const text = await readFile(page, "utf8");
  expect(await withTables(text)).toBe(text);
}, 60_000);

test("a shallow clone is said to be one where a git tag may be missing", async () => {
  const shallow = situations.find(({ title }) => title === "a shallow clone");
  if (shallow === undefined) return expect.unreachable();
  const { environments } = await plansIn(shallow);
  expect(environments.leftOut.map(({ reason }) => reason).join()).toContain("the clone is shallow");
});
