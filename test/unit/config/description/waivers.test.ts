import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadWaivers } from "../../../../config/description/waivers.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { service } from "../../stack/services.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-waivers-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const catalogue = { services: [service("ui")], leftOut: ["orders"] };
const good = "id: CVE-2026-1\n    reason: why\n    owner: me\n    expires: 2026-12-31";

async function load(text: string | undefined) {
  const file = join(directory, "waivers.yaml");
  if (text === undefined) await rm(file, { force: true });
  else await writeFile(file, text);
  return loadWaivers(directory, catalogue);
}

describe("waivers.yaml", () => {
  test.each([
    ["is optional", undefined, 0],
    ["may be empty", "", 0],
    [
      "has waivers, also of a service that this stack leaves out",
      `waivers:\n  - ${good}\n    services: [ui, orders]\n`,
      1,
    ],
  ])("%s", async (_, text, count) => {
    expect(await load(text)).toHaveLength(count);
  });

  test.each([
    [
      "without a reason",
      good.replace("reason: why\n    ", ""),
      { key: "waivers[0].reason", message: "is missing", fix: "add it: Why the finding is accepted" },
    ],
    ["without an end", good.replace("\n    expires: 2026-12-31", ""), { key: "waivers[0].expires" }],
    [
      "with an end that is not a day",
      good.replace("2026-12-31", "2026-02-30"),
      { key: "waivers[0].expires", message: "must be a day, such as 2026-12-31", value: "2026-02-30" },
    ],
    ["with an id that is not one", good.replace("CVE-2026-1", "'*'"), { key: "waivers[0].id" }],
    ["with a package URL that is not one", `${good}\n    purl: openssl`, { key: "waivers[0].purl" }],
    ["with an unknown key", `${good}\n    expiry: 2027-01-01`, { code: "unknown-key" }],
    [
      "of an unknown service",
      `${good}\n    services: [uj]`,
      { code: "unknown-service", fix: expect.stringMatching(/^did you mean "ui"\?/) },
    ],
  ])("refuses a waiver %s, with line and column", async (_, waiver, problem) => {
    const error = await load(`waivers:\n  - ${waiver}\n`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    const [found] = (error as UserError).problems;
    expect(found).toMatchObject(problem);
    expect(found?.where).toMatch(/^waivers\.yaml:[2-6]:\d+$/);
  });
});
