import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BatchDeleteImageCommand, BatchGetImageCommand, DescribeImagesCommand } from "@aws-sdk/client-ecr";
import { execa } from "execa";
import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { loadStack } from "../../config/description/load.ts";
import { githubRoles } from "../../config/stack/github.ts";
import type { PlatformOutputs } from "../../config/stack/outputs.ts";
import { type Clients, createClients } from "../../runner/aws/clients.ts";
import type { BuildDocument } from "../../runner/commands/build/build.ts";
import type { ChangedDocument } from "../../runner/commands/changed/changed.ts";
import type { WhyDocument } from "../../runner/commands/why/why.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import { stackEnvironment } from "../../runner/stack/environment.ts";
import { createWorkspace, type Workspace } from "../../sandbox/demo/workspace.ts";
import { writeSandboxStack } from "../../sandbox/stack-file.ts";
import { readState } from "../../sandbox/state.ts";
import { hashSources } from "../../source/hash.ts";
import recorded from "../unit/source/recorded/patternmatcher.json" with { type: "json" };
import { as } from "./roles.ts";
import { cli, clone, openProxy, stack, type Watched } from "./world.ts";

const directory = join(clone, ".slipway/e2e-source");
const catalogue = `defaults: {platforms: [linux/amd64, linux/arm64]}
services:
  base: {context: base}
  app: {context: app, needs: [base], arguments: {GREETING: hello}}
`;
let workspace: Workspace;
let environment: Record<string, string>;
let watched: Watched;

beforeAll(async () => {
  await mkdir(join(directory, "base"), { recursive: true });
  workspace = await createWorkspace(clone, directory);
  const up = await cli("sandbox", "up", "-C", directory);
  if (up.exitCode !== 0) throw new Error(`sandbox up failed:\n${up.stderr}`);
  const state = await readState(join(directory, ".slipway/sandbox/state.json"));
  if (state === undefined) throw new Error("the sandbox is up and has no state");
  watched = await openProxy(directory, state, true);
  await writeSandboxStack(directory, watched.through);
  await write({
    "services.yaml": catalogue,
    "base/Dockerfile": "FROM scratch\nCOPY base.txt /\n",
    "base/base.txt": "the base",
    "app/Dockerfile": "from base\nARG GREETING\nCOPY . /app\n",
    "app/greeting.txt": "one",
  });
  await workspace.commit("A base and what is built from it");
  const { settings } = await loadStack(directory, stack);
  environment = await stackEnvironment(directory, settings, process.env);
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await watched?.end();
});

async function write(files: Record<string, string>, root = directory): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const slipway = (command: string, ...words: readonly string[]) =>
  cli(command, ...words, "-C", directory, "--stack", stack, "--output", "json");

/** Nothing runs these services, so the role that only pushes is enough. */
const deploy = (...words: readonly string[]) => as("push", () => slipway("deploy", ...words));

describe("what a build reads", () => {
  /** What BuildKit itself sends, as files of an image that holds the whole context. */
  async function sentByBuildKit(root: string, dockerfile: string): Promise<string[]> {
    const to = join(root, "out");
    const args = ["--builder", "slipway-sandbox", "--file", dockerfile, "--output", `type=local,dest=${to}`];
    const context = join(root, "context");
    const built = await execa("docker", ["buildx", "build", "--platform=linux/amd64", ...args, context], {
      env: environment,
      reject: false,
      stdin: "ignore",
    });
    if (built.failed) return [`refused: ${/invalid|illegal|syntax error/.test(built.stderr)}`];
    const entries = await readdir(to, { recursive: true, withFileTypes: true });
    await rm(to, { recursive: true, force: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(to.length + 1))
      .sort();
  }

  async function listedByUs(root: string, dockerfile: string): Promise<string[]> {
    const service: Service = {
      name: "one",
      context: "context",
      dockerfile,
      platforms: ["linux/amd64"],
      arguments: {},
      secrets: {},
      contexts: {},
      extraInputs: [],
      targets: [],
    };
    try {
      const sources = await hashSources(root, { services: [service], baseImages: {} }, [service]);
      return (sources.get("one")?.inputs.context ?? []).map(({ path }) => path).sort();
    } catch {
      return ["refused: true"];
    }
  }

  // Nothing sent at all is no image that can be exported, so one file is always let in.
  const always = "\n!a.md";
  const cases = [
    ...recorded.cases.slice(0, 60).map(({ ignore }) => ignore + always),
    "Dockerfile\n.dockerignore\n*.log",
    "*\n!Dockerfile\n!docs/c/d",
    "docs/**\n!docs/c/d/a.md\n!a.md",
  ];

  test("is what BuildKit sends, for a table of ignore files, also where they leave out the Dockerfile", async () => {
    const temporary = await mkdtemp(join(tmpdir(), "slipway-buildkit-"));
    const layOut = async (name: string, ignore: string) => {
      const root = join(temporary, name);
      const context = join(root, "context");
      await write(Object.fromEntries(recorded.files.map((path) => [path, "x"])), context);
      await write({ Dockerfile: "FROM scratch\nCOPY . /\n", ".dockerignore": ignore }, context);
      await chmod(join(context, "src/a"), 0o755);
      return { root, context };
    };
    try {
      await pMap(
        cases,
        async (ignore, index) => {
          const { root, context } = await layOut(String(index), ignore);
          const sent = await sentByBuildKit(root, join(context, "Dockerfile"));
          expect(await listedByUs(root, "context/Dockerfile"), JSON.stringify(ignore)).toEqual(sent);
        },
        { concurrency: 4 },
      );
      // The Dockerfile's own ignore file wins, also when the Dockerfile is somewhere else.
      const { root } = await layOut("elsewhere", "docs");
      const elsewhere = {
        "one.Dockerfile": "FROM scratch\nCOPY . /\n",
        "one.Dockerfile.dockerignore": "src",
      };
      await write(elsewhere, root);
      const ours = await listedByUs(root, "one.Dockerfile");
      expect(ours).toContain("docs/a");
      expect(ours).toEqual(await sentByBuildKit(root, join(root, "one.Dockerfile")));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
});

describe("from commit to image", () => {
  test("a pull request is built and checked for every platform, from its base, and pushes nothing", async () => {
    const built = await slipway("build");
    const document = built.document<BuildDocument>();
    expect(built.exitCode, built.stderr).toBe(0);
    expect(
      document.services.map(({ service, outcome, platforms }) => [service, outcome, platforms.length]),
    ).toEqual([
      ["base", "built", 2],
      ["app", "built", 2],
    ]);
    expect(document.services[1]?.warnings.map(({ rule, line }) => [rule, line])).toContainEqual([
      "ConsistentInstructionCasing",
      1,
    ]);
    expect((await slipway("changed")).document<ChangedDocument>().matrix.include).toHaveLength(2);
    await write({ "app/Dockerfile": "FROM base\nARG GREETING\nCOPY nothing /app\n" });
    const failed = await slipway("build", "app");
    expect(failed.exitCode).toBe(1);
    expect(failed.document<BuildDocument>().services.map(({ outcome }) => outcome)).toEqual([
      "built",
      "failed",
    ]);
    await write({ "app/Dockerfile": "FROM base\nARG GREETING\nCOPY . /app\n" });
    await workspace.commit("Upper case");
  });

  test("a service is built after the one that it is built from, though only it was asked for", async () => {
    const deployed = await deploy("app");
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    expect(
      deployed.document<DeployDocument>().services.map(({ service, built }) => [service, built]),
    ).toEqual([["app", true]]);
    const plan = (await slipway("plan")).document<DeployPlan>();
    expect(plan.services.map(({ service, image }) => [service, image.action])).toEqual([
      ["base", "none"],
      ["app", "none"],
    ]);
    expect((await slipway("changed")).document<ChangedDocument>().matrix.include).toEqual([]);
  });

  test("a builder that is empty takes what did not change from the stack's cache", async () => {
    const prune = ["buildx", "prune", "--builder", "slipway-sandbox", "--all", "--force"];
    await execa("docker", prune, { env: environment });
    const built = await slipway("build", "base");
    expect(built.exitCode, built.stderr).toBe(0);
    for (const platform of ["linux-amd64", "linux-arm64"]) {
      expect(built.stderr).toMatch(
        new RegExp(`importing cache manifest from \\S+/shop/slipway-build-cache:base-${platform}`),
      );
    }
    // A step whose layer is fetched for the export is not called CACHED by every BuildKit: the layer is named.
    expect(built.stderr).toMatch(/#\d+ (CACHED|sha256:[0-9a-f]{64} )/);
    expect(built.document<BuildDocument>().compared).toEqual({ with: "released" });
  });

  test("another machine without the stack's state says that everything is built", async () => {
    const machine = await mkdtemp(join(clone, ".slipway/machine-"));
    try {
      const previous = process.umask(0o077);
      try {
        for (const one of [
          "Pulumi.yaml",
          "Pulumi.sandbox.yaml",
          "services.yaml",
          "package.json",
          "base",
          "app",
        ]) {
          await cp(join(directory, one), join(machine, one), { recursive: true });
        }
        const text = Object.entries({ ...environment, PULUMI_BACKEND_URL: "file:///nowhere" })
          .map(([name, value]) => `${name}='${value}'\n`)
          .join("");
        await write({ ".slipway/sandbox/environment": text }, machine);
      } finally {
        process.umask(previous);
      }
      const deployed = await as("push", () =>
        cli("deploy", "-C", machine, "--stack", stack, "--output", "json"),
      );
      expect(deployed.exitCode, deployed.stderr).toBe(0);
      const { services } = deployed.document<DeployDocument>();
      expect(services.map(({ built }) => built)).toEqual([false, false]);
    } finally {
      await rm(machine, { recursive: true, force: true });
    }
  });

  test("each role may look at what it needs for a look at itself", async () => {
    for (const role of githubRoles) {
      const { stdout, stderr } = await as(role, () => slipway("doctor", "--ci"));
      expect(stdout, stderr).toContain("2 of 2 repositories exist");
      expect(stdout).not.toContain("may not call");
    }
  });

  test("why names what changed since the newest image, and since a commit without asking AWS", async () => {
    const same = (await slipway("why", "app")).document<WhyDocument>();
    expect([same.built, same.changes]).toEqual([true, []]);
    await write({ "app/greeting.txt": "two", "app/new.txt": "", "base/base.txt": "another base" });
    await write({ "services.yaml": catalogue.replace("hello", "goodbye") });
    const why = (await slipway("why", "app")).document<WhyDocument>();
    expect(why.built).toBe(false);
    expect(why.against).toMatchObject({ kind: "image", what: "newest in the registry" });
    const changes = [
      { kind: "file", in: "context", path: "greeting.txt", change: "modified" },
      { kind: "file", in: "context", path: "new.txt", change: "added" },
      { kind: "argument", name: "GREETING", change: "modified" },
      { kind: "needed service", name: "base", change: "modified" },
    ];
    expect(why.changes).toEqual(changes);
    const since = (await slipway("why", "app", "--since", "HEAD")).document<WhyDocument>();
    expect(since.changes).toEqual(changes);
  });

  test("--since deploys what changed and no more; a pull request's tag is refused where tags can't move", async () => {
    await write({ "base/base.txt": "the base", "services.yaml": catalogue });
    const plan = (await slipway("plan", "--since", "HEAD")).document<DeployPlan>();
    expect(plan.services.map(({ service }) => service)).toEqual(["app"]);
    const refused = await slipway("build", "--push-pr", "12");
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toMatch(/pr-\*/);
    const file = join(directory, "Pulumi.sandbox.yaml");
    const settings = await readFile(file, "utf8");
    await writeFile(
      file,
      settings.replace(
        "tagMutability: immutable",
        "tagMutability: immutable\n    movingTags: [latest, pr-*]",
      ),
    );
    const pushed = await slipway("build", "app", "--push-pr", "12");
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    const { services, compared } = pushed.document<BuildDocument>();
    expect(services.map((one) => one.pushed?.split("/").slice(1).join("/"))).toEqual([
      "shop/base:pr-12",
      "shop/app:pr-12",
    ]);
    expect(compared.with).toBe("released");
    const loaded = await loadStack(directory, stack);
    Object.assign(process.env, environment);
    const clients = createClients(loaded.settings);
    const { images } = await clients.ecr.send(
      new BatchGetImageCommand({ repositoryName: "shop/app", imageIds: [{ imageTag: "pr-12" }] }),
    );
    clients.destroy();
    // One index of both platforms, with the very manifests that were built without pushing.
    for (const { digest } of services[1]?.platforms ?? [])
      expect(images?.[0]?.imageManifest).toContain(digest);
  });

  describe("pulumi up by hand", () => {
    const changed = /(creat|updat|replac|delet)\w* docker-build:index:(Image|Index)/;

    async function pulumi(...words: readonly string[]) {
      const options = {
        cwd: directory,
        env: environment,
        reject: false,
        all: true,
        stdin: "ignore",
      } as const;
      const { exitCode, all } = await execa(
        "pulumi",
        [...words, "--stack", stack, "--non-interactive"],
        options,
      );
      return { exitCode, all };
    }

    async function expectNoChanges(...words: readonly string[]): Promise<void> {
      const { exitCode, all } = await pulumi(...words, "--expect-no-changes");
      expect(exitCode, all).toBe(0);
      expect(all).not.toMatch(changed);
    }

    async function outputOf(service: string) {
      const { all } = await pulumi("stack", "output", "services", "--json");
      return (JSON.parse(all) as PlatformOutputs["services"])[service]?.image;
    }

    async function withRegistry<T>(work: (ecr: Clients["ecr"]) => Promise<T>): Promise<T> {
      Object.assign(process.env, environment);
      const clients = createClients((await loadStack(directory, stack)).settings);
      try {
        return await work(clients.ecr);
      } finally {
        clients.destroy();
      }
    }

    /** Everything that the registry has of a service, index and manifests, and when it was pushed. */
    const pushedOf = (repositoryName: string) =>
      withRegistry(async (ecr) => {
        const { imageDetails = [] } = await ecr.send(
          new DescribeImagesCommand({ repositoryName, maxResults: 1000 }),
        );
        return imageDetails.map(({ imageDigest, imagePushedAt }) => `${imageDigest} ${imagePushedAt}`).sort();
      });

    const deleteFrom = (repositoryName: string, imageDigest: string) =>
      withRegistry((ecr) =>
        ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest }] })),
      );

    test("changes nothing after a commit was reverted and its image taken from the registry", async () => {
      const first = await outputOf("app");
      await rm(join(directory, "app/new.txt"));
      await write({ "app/greeting.txt": "two" });
      const [second] = (await deploy("app")).document<DeployDocument>().services;
      expect(second).toMatchObject({ built: true });
      await write({ "app/greeting.txt": "one" });
      const [reverted] = (await deploy("app")).document<DeployDocument>().services;
      expect(reverted).toMatchObject({ built: false, digest: first?.digest });
      expect((await outputOf("app"))?.digest).toBe(second?.digest);

      const before = await pushedOf("shop/app");
      await expectNoChanges("preview");
      await expectNoChanges("up", "--yes", "--skip-preview");
      expect(await pushedOf("shop/app")).toEqual(before);
      expect(await outputOf("app")).toEqual(first);
      // The next one finds the state as that one left it.
      await expectNoChanges("up", "--yes", "--skip-preview");
    });

    test("builds what the registry does not have any more, and nothing else, as often as that happens", async () => {
      const base = await pushedOf("shop/base");
      const image = await outputOf("app");
      for (const operation of ["created", "replaced"]) {
        await deleteFrom("shop/app", (await outputOf("app"))?.digest ?? "");
        const update = await pulumi("up", "--yes", "--skip-preview");
        expect(update.exitCode, update.all).toBe(0);
        expect(update.all).toMatch(new RegExp(`\\b3 ${operation}`));
        expect(update.all).not.toMatch(/(creat|updat|replac|delet)\w* docker-build:index:\S+ base/);
        expect(await pushedOf("shop/base")).toEqual(base);
        expect(await outputOf("app")).toMatchObject({ sourceHash: image?.sourceHash });
        const plan = (await slipway("plan", "app")).document<DeployPlan>();
        expect(plan.services[0]?.image.action).toBe("none");
      }
      await expectNoChanges("preview");
    });

    test("leaves a later deployment what it builds, and what that leaves out as it is", async () => {
      const base = await outputOf("base");
      await write({ "app/greeting.txt": "three" });
      const [built] = (await deploy("app")).document<DeployDocument>().services;
      expect(built).toMatchObject({ built: true });
      expect((await outputOf("app"))?.digest).toBe(built?.digest);
      expect(await outputOf("base")).toEqual(base);
      await expectNoChanges("preview");
    });
  });
});
