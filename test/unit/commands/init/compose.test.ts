import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadStack } from "../../../../config/description/load.ts";
import { takeDefaults } from "../../../../runner/commands/init/ask.ts";
import { init } from "../../../../runner/commands/init/init.ts";
import { noContentCache } from "../../../../source/content-cache.ts";
import { readInputs } from "../../../../source/inputs.ts";
import { openWorkingTree } from "../../../../source/working-tree.ts";
import { composeShapes } from "./compose-shapes.ts";

/** Holds the project alone: `init` also looks into what lies beside it. */
let parent: string;
let project: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "slipway-init-"));
  project = join(parent, "project");
  await mkdir(project);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }
}

function runInit(mayExtend = false) {
  const request = {
    directory: project,
    stack: "dev",
    region: "eu-west-1",
    fromLive: false,
    dryRun: false,
    mayExtend,
  };
  return init(request, takeDefaults({}), { emit: () => {}, signal: AbortSignal.timeout(60_000) });
}

describe("init makes of a compose file what plan takes", () => {
  test("twenty shapes and more", () => expect(composeShapes.length).toBeGreaterThanOrEqual(20));

  test.each(composeShapes)("$title", async ({ files, services, notes }) => {
    await write(files);
    const document = await runInit();
    const written = parse(await readFile(join(project, "services.yaml"), "utf8"));
    expect(Object.keys(written.services).sort()).toEqual(Object.keys(services).sort());
    for (const [name, parts] of Object.entries(services)) {
      const entry = written.services[name];
      const picked = Object.fromEntries(Object.keys(parts).map((key) => [key, entry[key]]));
      expect(picked, name).toEqual(parts);
    }
    expect(document.notes).toHaveLength(notes.length);
    for (const note of notes) {
      const found = document.notes.some((one) =>
        typeof note === "string" ? one.startsWith(note) : note.test(one),
      );
      expect(found, `${note} in ${document.notes.join("\n")}`).toBe(true);
    }
    // What `plan` does with it before it asks AWS: every file is read, every source is hashed.
    const { catalogue } = await loadStack(project, "dev");
    const tree = openWorkingTree(project, noContentCache);
    for (const service of catalogue.services) await readInputs(tree, service, {});
  });
});

describe("init in a folder with a package.json", () => {
  const compose = { "compose.yaml": "services:\n  ui: { build: ui }\n", "ui/Dockerfile": "FROM busybox\n" };

  test.each([
    ["a byte order mark", '\uFEFF{"type":"module"}', "slipway.mjs"],
    ["CRLF", '{\r\n  "name": "x"\r\n}\r\n', "slipway.cjs"],
  ])("with %s", async (_, text, program) => {
    await write({ ...compose, "package.json": text });
    expect((await runInit()).files.map(({ path }) => path)).toContain(program);
  });

  test.each([
    ["a comment", '{ // c\n"name":"x" }', "has a comment, which JSON does not allow"],
    ["null", "null\n", "is not a JSON object"],
    ["half of an object", '{"name":', /^is not JSON: /],
  ])("with %s says what is wrong, and writes nothing", async (_, text, message) => {
    await write({ ...compose, "package.json": text });
    const path = join(project, "package.json");
    await expect(runInit()).rejects.toMatchObject({
      problems: [{ code: "invalid-json", where: path, message: expect.stringMatching(message) }],
    });
    await expect(readFile(join(project, "services.yaml"))).rejects.toThrow(/ENOENT/);
  });
});

test("init keeps the line ends of a services.yaml that it extends", async () => {
  await write({
    "services.yaml": "services:\r\n  ui: { context: ui } # ours\r\n",
    "ui/Dockerfile": "FROM busybox\n",
    "api/Dockerfile": "FROM busybox\n",
  });
  await runInit(true);
  const text = await readFile(join(project, "services.yaml"), "utf8");
  expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  expect(Object.keys(parse(text).services)).toEqual(["ui", "api"]);
});
