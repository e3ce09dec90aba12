import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";
import type { UserError } from "../../../../config/problems/errors.ts";
import { takeDefaults } from "../../../../runner/commands/init/ask.ts";
import { type InitRequest, init } from "../../../../runner/commands/init/init.ts";
import { showInit } from "../../../../runner/commands/init/show.ts";
import { coloursFor } from "../../../../runner/report/colours.ts";

/** Holds the project alone: `init` also looks into what lies beside it. */
let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "slipway-init-"));
  directory = join(parent, "project");
  await mkdir(directory);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

const read = (path: string) => readFile(join(directory, path), "utf8");

/** `slipway init` in the directory, as with `--yes` unless said otherwise. */
function run(changes: Partial<InitRequest> = {}) {
  const request = {
    directory,
    stack: "dev",
    region: "eu-west-1",
    fromLive: false,
    dryRun: false,
    mayExtend: true,
  };
  const { signal } = new AbortController();
  return init({ ...request, ...changes }, takeDefaults({}), { emit: () => {}, signal });
}

test("who says yes to a look at AWS and has no credentials gets the rest, and is told", async () => {
  await write({ "web/Dockerfile": "FROM scratch\n" });
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"])
    vi.stubEnv(name, undefined);
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  const request = { directory, stack: "dev", region: "eu-west-1", dryRun: false, mayExtend: true };
  const ask = { ...takeDefaults({}), fromLive: () => Promise.resolve(true) };
  const context = { emit: () => {}, signal: new AbortController().signal };
  const { services, notes } = await init({ ...request, fromLive: false }, ask, context);
  expect(services.map(({ name }) => name)).toEqual(["web"]);
  expect(notes.join("\n")).toMatch(/^Could not look at ECS and Lambda: no usable AWS credentials found/m);
  // Who asked for it by an option is refused.
  await expect(init({ ...request, fromLive: true }, ask, context)).rejects.toThrow(
    /no usable AWS credentials/,
  );
  vi.unstubAllEnvs();
});

const repository = {
  "compose.yaml": "services:\n  web: { build: web }\n  db: { image: postgres }\n",
  "web/Dockerfile": "FROM scratch\n",
  "services/cart/Dockerfile": "FROM scratch\n",
  "node_modules/x/Dockerfile": "FROM scratch\n",
};

test("what is written is a project that loads, for the stack asked for and for prod", async () => {
  await write(repository);
  await execa("git", ["init", "-q"], { cwd: directory });
  await execa("git", ["remote", "add", "origin", "git@github.com:acme/shop.git"], { cwd: directory });
  const { files, services } = await run();
  expect(services.map(({ name }) => name)).toEqual(["web", "cart"]);
  expect(files.map(({ path, action }) => `${action} ${path}`)).toEqual([
    "created services.yaml",
    "created Pulumi.yaml",
    "created slipway.cjs",
    "created Pulumi.dev.yaml",
    "created Pulumi.prod.yaml",
    "created .gitignore",
  ]);
  const dev = await loadStack(directory, "dev");
  expect(dev.catalogue).toMatchObject({
    source: "https://github.com/acme/shop",
    services: [{ name: "web" }, { name: "cart" }],
  });
  expect(dev.settings.repositories.prefix).toBe("shop-dev");
  expect((await loadStack(directory, "prod")).settings.deploy.requireCleanTree).toBe(true);
  expect(await read("Pulumi.yaml")).toContain("main: slipway.cjs");
});

test("files behind links are read, with git and without", async () => {
  await write({
    "docker/compose.all": "services:\n  web: { build: web }\n",
    "docker/web": "FROM scratch\n",
    "web/README": "",
  });
  await symlink("docker/compose.all", join(directory, "compose.yaml"));
  await symlink("../docker/web", join(directory, "web/Dockerfile"));
  const names = async () => (await run({ dryRun: true })).services.map(({ name }) => name);
  expect(await names()).toEqual(["web"]);
  await execa("git", ["init", "-q"], { cwd: directory });
  expect(await names()).toEqual(["web"]);
});

test("the program's file fits the package that is there, or the one above", async () => {
  await write({ ...repository, "package.json": '{"type": "module"}' });
  const inside = await run({ directory: join(directory, "web"), dryRun: true });
  expect(inside.files.map(({ path }) => path)).toContain("slipway.mjs");
  await run();
  expect(await read("slipway.mjs")).toContain('export * from "slipway/program"');
  expect(await read("Pulumi.yaml")).toContain("main: slipway.mjs");
});

test("files that are there stay as they are, and only missing services are added", async () => {
  const catalogue = "# ours\nservices:\n  pages: # the pages\n    context: web\n";
  await write({
    ...repository,
    "services.yaml": catalogue,
    "Pulumi.dev.yaml": "config:\n  aws:region: us-east-1\n",
  });
  const { files, services } = await run();
  expect(services.map(({ name }) => name)).toEqual(["cart"]);
  expect(await read("services.yaml")).toBe(`${catalogue}\n  cart:\n    context: services/cart\n`);
  expect(await read("Pulumi.dev.yaml")).toContain("us-east-1");
  expect(files.find(({ path }) => path === "Pulumi.dev.yaml")?.action).toBe("kept");
  const again = await run();
  expect(again.files.every(({ action }) => action === "kept")).toBe(true);
});

test("without a yes, an existing catalogue is shown with what is missing, and not written", async () => {
  const catalogue = "services:\n  pages:\n    context: web\n";
  await write({ ...repository, "services.yaml": catalogue });
  const document = await run({ mayExtend: false });
  expect(document.files[0]).toMatchObject({ path: "services.yaml", action: "proposed" });
  expect(await read("services.yaml")).toBe(catalogue);
  expect(showInit(document, coloursFor({ isTTY: false }, {}))).toContain(
    "  cart:\n    context: services/cart",
  );
});

test("a dry run writes nothing and shows all", async () => {
  await write(repository);
  const document = await run({ dryRun: true });
  await expect(read("services.yaml")).rejects.toThrow(/ENOENT/);
  const text = showInit(document, coloursFor({ isTTY: false }, {}));
  expect(text).toContain("prefix: ");
  expect(text).toContain("nothing was written");
});

test("another program's Pulumi.yaml is left alone, and told", async () => {
  await write({ ...repository, "Pulumi.yaml": "name: theirs\nruntime: python\n" });
  expect((await run()).notes).toContain(
    "Pulumi.yaml runs another program: for Slipway's, set main: slipway.cjs",
  );
});

test("a directory with nothing to build, and a catalogue that is wrong, are refused", async () => {
  await expect(run()).rejects.toThrow(/no Dockerfile and no compose file/);
  await write({ ...repository, "services.yaml": "services:\n  web: {contxt: web}\n" });
  const error = await run().catch((thrown: unknown) => thrown);
  expect((error as UserError).problems.map(({ where }) => where)).toContain("services.yaml:2:9");
});

test("what was taken without asking is said", async () => {
  await write(repository);
  const { defaults } = await run({ region: undefined });
  expect(defaults.map(({ what }) => what)).toEqual(["region", "project name"]);
});
