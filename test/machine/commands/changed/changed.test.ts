import { createHash } from "node:crypto";
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { type SimpleGit, simpleGit } from "simple-git";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { findChanged } from "../../../../runner/commands/changed/changed.ts";
import { githubOutputs } from "../../../../runner/commands/changed/show.ts";
import { openCommittedTree } from "../../../../runner/git/committed-tree.ts";
import type { RunEvent } from "../../../../runner/report/events.ts";
import { readOutputs } from "../../../step-outputs.ts";

let root: string;
let project: string;
let git: SimpleGit;
let events: RunEvent[];

/** A repository with one commit; each test has a copy. */
let template: string;

beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), "slipway-changed-"));
  git = await repository(template);
  const files = {
    "Pulumi.yaml": "name: test\nruntime: nodejs\n",
    "Pulumi.dev.yaml": "config:\n  aws:region: eu-west-1\n",
    ".gitignore": ".slipway\n",
    "services.yaml": catalogue({ ui: {}, api: {} }),
    "ui/Dockerfile": "FROM busybox:1\n",
    "ui/index.html": "one",
    "api/Dockerfile": "FROM busybox:1\n",
    "api/main.sh": "one",
  };
  await write(files, template);
  await commit("first");
});
afterAll(() => rm(template, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-changed-"));
  project = join(root, "project");
  await cp(template, project, { recursive: true });
  git = simpleGit(project);
  events = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  return rm(root, { recursive: true, force: true });
});

async function repository(directory: string): Promise<SimpleGit> {
  await mkdir(directory, { recursive: true });
  const created = simpleGit(directory);
  await created.raw(["init", "-q", "-b", "main"]);
  await created.addConfig("user.email", "test@example.com");
  await created.addConfig("user.name", "Test");
  await created.addConfig("commit.gpgsign", "false");
  return created;
}

function catalogue(services: Record<string, object>, more: object = {}): string {
  const written = Object.fromEntries(
    Object.entries(services).map(([name, one]) => [name, { context: name, ...one }]),
  );
  // JSON is YAML.
  return JSON.stringify({ services: written, ...more });
}

async function write(files: Record<string, string>, directory = project): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

async function commit(message: string, of: SimpleGit = git): Promise<string> {
  await of.raw(["add", "-A"]);
  await of.raw(["commit", "-q", "--allow-empty", "-m", message]);
  return (await of.raw(["rev-parse", "HEAD"])).trim();
}

function changed(since: string, directory = project) {
  return findChanged(
    { services: [], stack: "dev", since },
    { directory, emit: (event) => events.push(event), signal: new AbortController().signal },
  );
}

async function reasons(since: string, directory = project): Promise<Record<string, string>> {
  const { matrix } = await changed(since, directory);
  return Object.fromEntries(matrix.include.map(({ service, reason }) => [service, reason]));
}

function warnings(): string[] {
  return events.flatMap((event) => (event.kind === "warning" ? [event.message, event.fix ?? ""] : []));
}

describe("what changed since a commit", () => {
  test("is what builds read: content, the executable bit, arguments, the stage, a pattern; not what is ignored", async () => {
    await write({ "ui/.dockerignore": "*.md\n" });
    await commit("ignore");
    expect(await reasons("HEAD")).toEqual({});
    await write({ "ui/notes.md": "new", "README.md": "new" });
    expect(await reasons("HEAD")).toEqual({});
    await write({ "ui/index.html": "two" });
    expect(await reasons("HEAD")).toEqual({ ui: "context: index.html was modified" });
    await commit("two");
    expect(await reasons("HEAD")).toEqual({});
    expect(await reasons("HEAD~1")).toEqual({ ui: "context: index.html was modified" });
    await chmod(join(project, "api/main.sh"), 0o755);
    expect(await reasons("HEAD")).toEqual({ api: "context: the executable bit of main.sh changed" });
    await chmod(join(project, "api/main.sh"), 0o644);
    await write({ "services.yaml": catalogue({ ui: { arguments: { A: "1" } }, api: { stage: "test" } }) });
    expect(await reasons("HEAD")).toEqual({
      ui: "the argument A was added",
      api: "the target stage was modified: the last → test",
    });
  });

  test("names the base image that a Dockerfile was changed to", async () => {
    await write({ "ui/Dockerfile": "FROM busybox:2\n" });
    const { services } = await changed("HEAD");
    expect(services[0]?.changes).toContainEqual({
      kind: "base image",
      change: "modified",
      from: "busybox:1",
      to: "busybox:2",
    });
  });

  test("covers services that are built from a changed one, and all that share a path", async () => {
    const services = { ui: {}, api: { needs: ["ui"] }, worker: { context: "api" } };
    await write({
      "services.yaml": catalogue(services, { sharedPaths: ["tools/**/*.sh"] }),
      "tools/a/run.sh": "1",
    });
    await commit("needs");
    await write({ "ui/index.html": "two" });
    expect(await reasons("HEAD")).toEqual({
      ui: "context: index.html was modified",
      api: "ui, which it is built from, changed",
    });
    await write({ "ui/index.html": "one", "tools/a/run.sh": "2", "tools/readme.md": "2" });
    expect(await reasons("HEAD")).toEqual({
      ui: "extra inputs: tools/a/run.sh was modified",
      api: "extra inputs: tools/a/run.sh was modified, and 1 more",
      worker: "extra inputs: tools/a/run.sh was modified",
    });
  });

  test("is nothing after a folder was renamed, and names services that are new or gone", async () => {
    await rename(join(project, "ui"), join(project, "web"));
    await write({ "services.yaml": catalogue({ ui: { context: "web" }, cart: { context: "api" } }) });
    await commit("renamed");
    const { services, removed } = await changed("HEAD~1");
    expect(services.map(({ service, reason }) => [service, reason])).toEqual([
      ["ui", "its source has not changed"],
      ["cart", "new service"],
    ]);
    expect(removed).toEqual(["api"]);
  });

  test("is everything after the first push, and after a force push took the base away", async () => {
    expect(await reasons("0".repeat(40))).toEqual({
      ui: "the branch has no earlier push",
      api: "the branch has no earlier push",
    });
    expect(Object.keys(await reasons(""))).toEqual(["ui", "api"]);
    const gone = "1234567890".repeat(4);
    expect(Object.keys(await reasons(gone))).toEqual(["ui", "api"]);
    expect(warnings().at(-2)).toBe(
      `${gone} is no longer in the history: a force push removed it; every service counts as changed`,
    );
  });

  test("is everything in a shallow clone without the base, and says how to fetch it", async () => {
    const base = await commit("base");
    await write({ "ui/index.html": "two" });
    await commit("two");
    const clone = join(root, "clone");
    for (const one of ["GITHUB_ACTIONS", "GITLAB_CI"]) vi.stubEnv(one, "");
    await simpleGit(root).raw(["clone", "-q", "--depth=1", `file://${project}`, clone]);
    expect(Object.keys(await reasons(base, clone))).toEqual(["ui", "api"]);
    expect(warnings()[0]).toMatch(/is not in this shallow clone; every service counts as changed/);
    expect(warnings()[1]).toMatch(
      /git fetch --unshallow origin \(only the commit: git fetch --depth=1 origin/,
    );
    await simpleGit(clone).raw(["fetch", "-q", "--depth=1", "origin", base]);
    expect(Object.keys(await reasons(base, clone))).toEqual(["ui"]);
  });

  test("of a stack is only what its slipway:services selects, now and then", async () => {
    const select = (...names: string[]) =>
      write({
        "Pulumi.dev.yaml": `config:\n  aws:region: eu-west-1\n  slipway:services: [${names.join(", ")}]\n`,
      });
    await select("ui");
    await commit("only ui");
    await write({ "api/extra": "1" });
    expect(await reasons("HEAD")).toEqual({});
    expect((await changed("HEAD")).removed).toEqual([]);
    await select("ui", "api");
    expect(await reasons("HEAD")).toEqual({ api: "new service" });
  });

  test("is what a branch did, not what main did since, with three dots", async () => {
    await git.raw(["checkout", "-q", "-b", "feature"]);
    await write({ "ui/index.html": "two" });
    await commit("feature");
    await git.raw(["checkout", "-q", "main"]);
    await write({ "api/main.sh": "two" });
    await commit("main goes on");
    await git.raw(["checkout", "-q", "feature"]);
    expect(Object.keys(await reasons("main"))).toEqual(["ui", "api"]);
    expect(Object.keys(await reasons("main..."))).toEqual(["ui"]);
  });

  test("is refused for a name that is not there, with the nearest one, and outside of a repository", async () => {
    await expect(changed("mian")).rejects.toThrow(/did you mean "main"/);
    await expect(changed("--upload-pack=x")).rejects.toBeInstanceOf(UserError);
    await rm(join(project, ".git"), { recursive: true });
    await expect(changed("main")).rejects.toThrow(/not in a git repository/);
  });

  test("is everything when there was no catalogue, or none that could be read", async () => {
    await write({ "services.yaml": "services: [" });
    await commit("broken");
    await write({ "services.yaml": catalogue({ ui: {} }) });
    expect(await reasons("HEAD")).toEqual({ ui: "the old services.yaml could not be read" });
    await git.raw(["rm", "-q", "--cached", "services.yaml"]);
    await git.raw(["commit", "-q", "-m", "without"]);
    expect(await reasons("HEAD")).toEqual({ ui: "services.yaml did not exist" });
  });

  test("works for a project in a folder of a repository", async () => {
    const outer = await repository(join(root, "outer"));
    const inner = join(root, "outer/deploy/project");
    await mkdir(inner, { recursive: true });
    for (const file of [
      "Pulumi.yaml",
      "Pulumi.dev.yaml",
      "services.yaml",
      "ui/Dockerfile",
      "api/Dockerfile",
    ]) {
      await write({ [file]: await readFile(join(project, file), "utf8") }, inner);
    }
    await write({ "other/file": "1" }, join(root, "outer"));
    await commit("one", outer);
    await write({ "other/file": "2" }, join(root, "outer"));
    expect(await reasons("HEAD", inner)).toEqual({});
    await write({ "ui/new": "2" }, inner);
    expect(await reasons("HEAD", inner)).toEqual({ ui: "context: new was added" });
  });

  test("sees a submodule's files, and a submodule that is not there by its commit", async () => {
    const library = await repository(join(root, "library"));
    await write({ "lib.sh": "one" }, join(root, "library"));
    await commit("library", library);
    // Cloned first: git refuses to clone submodules from folders by itself.
    await simpleGit(root).raw(["clone", "-q", join(root, "library"), join(project, "ui/lib")]);
    await git.raw(["submodule", "--quiet", "add", join(root, "library"), "ui/lib"]);
    await git.raw(["submodule", "absorbgitdirs"]);
    const before = await commit("submodule");
    expect(await reasons(before)).toEqual({});
    expect(await readdir(join(project, "ui/lib"))).toEqual([".git", "lib.sh"]);
    await write({ "lib.sh": "two" }, join(root, "library"));
    await commit("library two", library);
    await simpleGit(join(project, "ui/lib")).raw(["pull", "-q", "--ff-only", "origin", "main"]);
    expect(await reasons(before)).toEqual({ ui: "context: lib/lib.sh was modified" });
    await commit("submodule moved");
    const clone = join(root, "clone");
    await simpleGit(root).raw(["clone", "-q", project, clone]);
    expect(await reasons("HEAD", clone)).toEqual({});
    expect((await reasons(before, clone)).ui).toMatch(/lib \(submodule at [0-9a-f]{7}\) was removed/);
  });

  test("knows a large file by the hash in its pointer, and fetches none", async () => {
    const content = "a large file\n";
    const oid = createHash("sha256").update(content).digest("hex");
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
    await write({ "ui/movie": pointer });
    const base = await commit("pointer");
    // As a checkout with the filter leaves it.
    await write({ "ui/movie": content });
    const tree = await openCommittedTree(project, base);
    expect((await tree.readFile("ui/movie"))?.hash).toBe(oid);
    expect(await reasons(base)).toEqual({});
  });

  test("is handed to a GitHub workflow as a matrix and outputs", async () => {
    await write({ "ui/index.html": "two" });
    const document = await changed("HEAD");
    expect(githubOutputs(document)).toEqual({
      services: '["ui"]',
      matrix: '{"include":[{"service":"ui","reason":"context: index.html was modified"}]}',
      any: "true",
    });
    await git.raw(["checkout", "-q", "--", "."]);
    expect(githubOutputs(await changed("HEAD"))).toEqual({
      services: "[]",
      matrix: '{"include":[]}',
      any: "false",
    });
    await appendFile(join(project, "api/main.sh"), "x");
    expect(await reasons("HEAD")).toEqual({ api: "context: main.sh was modified" });
  });

  test("writes the outputs of a GitHub step, and prints the matrix alone", async () => {
    await write({ "ui/index.html": "two" });
    const file = join(root, "outputs");
    await writeFile(file, "before=1\n");
    const cli = join(import.meta.dirname, "../../../../runner/cli.ts");
    const { stdout } = await execa(
      process.execPath,
      [cli, "changed", "--since", "HEAD", "--stack", "dev", "--output", "github", "-C", project],
      { env: { GITHUB_OUTPUT: file } },
    );
    const matrix = '{"include":[{"service":"ui","reason":"context: index.html was modified"}]}';
    expect(stdout).toBe(matrix);
    const written = await readFile(file, "utf8");
    expect(written).toMatch(/^before=1\n/);
    expect(readOutputs(written)).toEqual({ services: '["ui"]', matrix, any: "true" });
  });

  test("counts all that are named with --all, whatever changed", async () => {
    const { matrix } = await findChanged(
      { services: ["api"], stack: "dev", all: true, since: undefined },
      { directory: project, emit: (event) => events.push(event), signal: new AbortController().signal },
    );
    expect(matrix.include).toEqual([{ service: "api", reason: "asked for" }]);
  });
});
