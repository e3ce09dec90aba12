import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { stackEnvironment } from "../../../../runner/stack/environment.ts";

const catalogue = "services:\n  ui: { context: ui }\n";
const settings = "config:\n  aws:region: eu-west-1\n  slipway:repositories: { prefix: shop }\n";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-files-"));
  await mkdir(join(project, "ui"));
  await writeFile(join(project, "ui/Dockerfile"), "FROM scratch\n");
  await writeFile(join(project, "services.yaml"), catalogue);
  await writeFile(join(project, "Pulumi.dev.yaml"), settings);
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function problems() {
  const error = await loadStack(project, "dev").then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems;
}

describe("services.yaml and a stack's file", () => {
  test.each([
    ["a byte order mark", (text: string) => `\uFEFF${text}`],
    ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["both", (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
  ])("are read with %s", async (_, change) => {
    await writeFile(join(project, "services.yaml"), change(catalogue));
    await writeFile(join(project, "Pulumi.dev.yaml"), change(settings));
    expect((await loadStack(project, "dev")).catalogue.services).toMatchObject([{ name: "ui" }]);
  });

  test("are read through symbolic links", async () => {
    await mkdir(join(project, "kept"));
    await writeFile(join(project, "kept/catalogue.yaml"), catalogue);
    await rm(join(project, "services.yaml"));
    await symlink("kept/catalogue.yaml", join(project, "services.yaml"));
    expect((await loadStack(project, "dev")).catalogue.services).toMatchObject([{ name: "ui" }]);
  });

  test("may use one anchor in hundreds of services", async () => {
    const more = Array.from({ length: 300 }, (_, i) => `  s${i}: { context: ui, platforms: *p }\n`).join("");
    const text = `services:\n  ui: { context: ui, platforms: &p [linux/amd64] }\n${more}`;
    await writeFile(join(project, "services.yaml"), text);
    expect((await loadStack(project, "dev")).catalogue.services).toHaveLength(301);
  });

  test("say so when they are not UTF-8", async () => {
    await writeFile(join(project, "services.yaml"), Buffer.from(`\uFEFF${catalogue}`, "utf16le"));
    await writeFile(join(project, "Pulumi.dev.yaml"), Buffer.from([0x63, 0x3a, 0x20, 0xe9, 0x0a]));
    expect(await problems()).toMatchObject([
      { code: "wrong-encoding", where: "services.yaml", message: "is encoded in UTF-16, not in UTF-8" },
      { code: "wrong-encoding", where: "Pulumi.dev.yaml", message: "is not UTF-8 text" },
    ]);
  });

  test("are refused as folders", async () => {
    await rm(join(project, "services.yaml"));
    await mkdir(join(project, "services.yaml"));
    expect(await problems()).toMatchObject([{ code: "unreadable-file", where: "services.yaml" }]);
  });

  test.each([
    ["nothing", "", "services.yaml:1:1", undefined],
    ["comments only", "# later\n", "services.yaml:1:1", undefined],
    ["services without one", "services:\n", "services.yaml:1:1", "services"],
    ["a service without keys", "services:\n  ui:\n", "services.yaml:2:3", "services.ui"],
    [
      "a key without a value",
      "services:\n  ui:\n    context: ui\n    targets:\n",
      "services.yaml:4:5",
      "services.ui.targets",
    ],
  ])("with %s are called empty, and nobody reads of null", async (_, text, where, key) => {
    await writeFile(join(project, "services.yaml"), text);
    const [problem, ...others] = await problems();
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: "empty-value", where, message: "is empty" });
    expect(problem?.key).toBe(key);
    expect(problem).not.toHaveProperty("value");
  });

  test("that has a number where a text is meant gets quotes for advice", async () => {
    await writeFile(
      join(project, "services.yaml"),
      "services:\n  ui: { context: ui, arguments: { NODE: 24, DEBUG: true } }\n",
    );
    expect(await problems()).toMatchObject([
      { key: "services.ui.arguments.NODE", value: 24, fix: 'put it in quotes: "24"' },
      { key: "services.ui.arguments.DEBUG", value: true, fix: 'put it in quotes: "true"' },
    ]);
  });
});

describe("a stack's dotenv file", () => {
  const read = async () => {
    const loaded = await loadStack(project, "dev");
    return stackEnvironment(project, loaded.settings, {});
  };
  beforeEach(() =>
    writeFile(join(project, "Pulumi.dev.yaml"), `${settings}  slipway:environment: { file: .env }\n`),
  );

  test("is read with a byte order mark, CRLF, comments, export and quotes", async () => {
    await writeFile(join(project, ".env"), "\uFEFFA=1\r\n# no\r\nexport B='x y' # z\r\n\r\nC=\r\n");
    expect(await read()).toEqual({ A: "1", B: "x y", C: "" });
  });

  test("says so when it is not UTF-8, a folder, or not there", async () => {
    await expect(read()).rejects.toMatchObject({
      problems: [{ code: "missing-file", where: "Pulumi.dev.yaml", key: "slipway:environment.file" }],
    });
    await writeFile(join(project, ".env"), Buffer.from("\uFEFFA=1\n", "utf16le"));
    await expect(read()).rejects.toMatchObject({ problems: [{ code: "wrong-encoding", value: ".env" }] });
    await rm(join(project, ".env"));
    await mkdir(join(project, ".env"));
    await expect(read()).rejects.toMatchObject({ problems: [{ code: "unreadable-file", value: ".env" }] });
  });
});
