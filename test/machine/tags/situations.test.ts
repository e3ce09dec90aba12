import { expect, test } from "vitest";
import { renderFile } from "../../../docs/generate/main.ts";
import { plansIn, situations } from "../../../docs/generate/situations.ts";
import { tagTables } from "../../../docs/generate/tags.ts";

test("docs/reference/tags.md has what real repositories come to (npm run docs)", async () => {
  const { is, shouldBe } = await renderFile(tagTables);
  expect(is).toBe(shouldBe);
}, 60_000);

test("a shallow clone is said to be one where a git tag may be missing", async () => {
  const shallow = situations.find(({ title }) => title === "a shallow clone");
  if (shallow === undefined) return expect.unreachable();
  const { environments } = await plansIn(shallow);
  expect(environments.leftOut.map(({ reason }) => reason).join()).toContain("the clone is shallow");
});
