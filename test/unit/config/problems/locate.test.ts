import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";
import type { UserError } from "../../../../config/problems/errors.ts";
import { pathOfKey } from "../../../../config/problems/locate.ts";

test("a key is a path of names and numbers", () => {
  expect(pathOfKey("services.ui.platforms[1]")).toEqual(["services", "ui", "platforms", 1]);
  expect(pathOfKey("slipway:repositories.movingTags[0]")).toEqual(["slipway:repositories", "movingTags", 0]);
});

/** Place and code of each problem that loading these files finds. */
async function places(files: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-locate-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const error = await loadStack(directory, "dev", { sources: false }).catch((thrown: UserError) => thrown);
    if (!("problems" in error)) return [];
    return error.problems.map(({ where, code }) => `${where} ${code}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const settings = "config:\n  aws:region: eu-west-1\n";

test("a circle of needs, and an unknown one, say in which line they are", async () => {
  const circle =
    "services:\n  aa:\n    context: a\n    needs: [bb]\n  bb:\n    context: b\n    needs: [aa]\n";
  expect(await places({ "services.yaml": circle, "Pulumi.dev.yaml": settings })).toEqual([
    "services.yaml:4:5 cyclic-needs",
  ]);
  const unknown =
    "services:\n  aa:\n    context: a\n    contexts:\n      alpine: service://c\n  bb:\n    context: b\n    needs: [d]\n";
  expect(await places({ "services.yaml": unknown, "Pulumi.dev.yaml": settings })).toEqual([
    "services.yaml:5:7 unknown-service",
    "services.yaml:8:5 unknown-service",
  ]);
});

test("what contradicts between two keys or two files says in which line, too", async () => {
  const same =
    "services:\n  a:\n    context: a\n    repository: shop/a\n  b:\n    context: b\n    repository: shop/a\n";
  const scanning = `${settings}  slipway:scanning:\n    mode: basic\n    lambda: true\n`;
  const filters = `${scanning}  slipway:repositories:\n    movingTags:\n      - ok\n      - "*a*b*c*"\n`;
  expect(await places({ "services.yaml": same, "Pulumi.dev.yaml": filters })).toEqual([
    "Pulumi.dev.yaml:9:9 refused-by-ecr",
    "services.yaml:7:5 same-repository",
    "Pulumi.dev.yaml:5:5 contradicting-settings",
  ]);
});
