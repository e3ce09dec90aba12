import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseDocument } from "yaml";
import type { InitDocument } from "../../runner/commands/init/init.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import { takeDown } from "../../sandbox/down.ts";
import { writeSandboxStack } from "../../sandbox/stack-file.ts";
import type { SandboxState } from "../../sandbox/state.ts";
import { bringUp } from "../../sandbox/up.ts";
import { asRole } from "./roles.ts";
import { clone, openProxy, type Watched } from "./world.ts";

/** A stranger's repository, with Slipway installed from its package. Below the clone, where its packages are found. */
const directory = join(clone, ".slipway/e2e-init");
const quiet = { emit: () => {}, signal: new AbortController().signal };

/** Files of the package, but for what is compiled. */
let packed: string[];
let state: SandboxState;
let environment: Record<string, string>;
let watched: Watched;

beforeAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await write({
    "compose.yaml": "services:\n  web: { build: web }\n  db: { image: postgres }\n",
    "web/Dockerfile": "FROM scratch\nCOPY page.html /\n",
    "web/page.html": "<p>Hello</p>\n",
    "hello/Dockerfile": "FROM scratch\nCOPY . /\n",
    "jobs/Dockerfile": "FROM scratch\nCOPY job /\n",
    "jobs/job": "first\n",
    // Without one, the clone's, above, would count.
    "package.json": '{ "name": "shop", "private": true }\n',
  });
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", "git@github.com:acme/shop.git");
  await install();
  watched = await openProxy(directory, await bringUp({ root: directory, ...quiet }), true);
  state = watched.through;
  environment = {
    AWS_ENDPOINT_URL: state.endpoint,
    AWS_REGION: state.region,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
  await createLive();
});

afterAll(async () => {
  await takeDown({ root: directory, ...quiet });
  await rm(directory, { recursive: true, force: true });
  await watched?.end();
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

const read = (path: string) => readFile(join(directory, path), "utf8");

function git(...words: readonly string[]) {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
  return execa("git", [...identity, ...words], { cwd: directory });
}

/** What `npm install` makes of the package that `npm pack` makes; what it depends on is the clone's. */
async function install(): Promise<void> {
  const folder = join(directory, "node_modules");
  await mkdir(folder, { recursive: true });
  const { stdout } = await execa("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: clone });
  const tarball = stdout.trim().split("\n").at(-1) ?? "";
  const { stdout: listed } = await execa("tar", ["-tzf", tarball], { cwd: folder });
  packed = listed.split("\n").filter((file) => !file.startsWith("package/dist/"));
  await execa("tar", ["-xzf", tarball], { cwd: folder });
  await execa("mv", ["package", "slipway"], { cwd: folder });
}

/** `slipway …` from the installed package. */
async function slipway(...words: readonly string[]) {
  const program = join(directory, "node_modules/slipway/bin.cjs");
  const run = asRole(words, { cwd: directory });
  const child = execa(process.execPath, [program, ...words, "--output", "json"], {
    cwd: directory,
    env: { CI: "true", PULUMI_STACK: undefined, TAG: undefined, ...environment, ...run.environment },
    stdin: "ignore",
    reject: false,
  });
  void child.finally(run.end);
  return child;
}

/** An ECS service and a function, as another tool has left them. */
async function createLive(): Promise<void> {
  const options = {
    endpoint: state.endpoint,
    region: state.region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const ecs = new ECSClient(options);
  await ecs.send(new CreateClusterCommand({ clusterName: "shop-dev" }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: "web",
      containerDefinitions: [
        { name: "app", image: `${state.registry}/old/web:1`, memory: 64, essential: true },
      ],
      runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
    }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster: "shop-dev",
      serviceName: "front",
      taskDefinition: "web",
      desiredCount: 0,
    }),
  );
  const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } };
  await new IAMClient(options).send(
    new CreateRoleCommand({
      RoleName: "hello",
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    }),
  );
  await new LambdaClient(options).send(
    new CreateFunctionCommand({
      FunctionName: "hello-dev",
      PackageType: "Image",
      Code: { ImageUri: `${state.registry}/old/hello:1` },
      Role: "arn:aws:iam::000000000000:role/hello",
      Architectures: ["arm64"],
    }),
  );
}

test("the package has what runs, and no source", () => {
  expect(packed.toSorted()).toEqual(
    [
      "LICENSE",
      "README.md",
      "bin.cjs",
      "package.json",
      "program.mjs",
      "services.schema.json",
      "waivers.schema.json",
    ].map((file) => `package/${file}`),
  );
});

describe("a stranger's repository", () => {
  test("becomes a project: what it builds, and what runs that in the account", async () => {
    const { exitCode, stdout, stderr } = await slipway("init", "--yes", "--from-live");
    expect(exitCode, stderr).toBe(0);
    const { services } = JSON.parse(stdout) as InitDocument;
    expect(services.map(({ name, platforms, targets }) => ({ name, platforms, targets }))).toEqual([
      {
        name: "web",
        platforms: ["linux/amd64"],
        targets: [{ kind: "ecs", cluster: "shop-${stack}", service: "front", container: "app" }],
      },
      {
        name: "hello",
        platforms: ["linux/arm64"],
        targets: [{ kind: "lambda", function: "hello-${stack}" }],
      },
      { name: "jobs", platforms: undefined, targets: undefined },
    ]);
    expect(parse(await read("services.yaml"))).toMatchObject({ source: "https://github.com/acme/shop" });
    expect(parse(await read("Pulumi.dev.yaml"))).toMatchObject({
      config: { "aws:region": state.region, "aws:allowedAccountIds": [state.account] },
    });
  });

  test("can be planned right away: every tag says why it is there", async () => {
    await pointAtSandbox();
    await git("add", "--all");
    await git("commit", "--quiet", "--no-verify", "--message", "A project");
    const { exitCode, stdout, stderr } = await slipway("plan", "--stack", "dev");
    expect(exitCode, stderr + stdout).toBe(0);
    const commit = (await git("rev-parse", "--short=7", "HEAD")).stdout;
    const { services } = JSON.parse(stdout) as DeployPlan;
    expect(services.map(({ service, image }) => [service, image.action])).toEqual([
      ["web", "build"],
      ["hello", "build"],
      ["jobs", "build"],
    ]);
    expect(services[0]?.tags.planned).toEqual([
      { tag: `dev-${commit}`, format: "{stack}-{sha7}", reason: "environment dev, the commit", moves: false },
      { tag: "dev-latest", format: "{stack}-latest", reason: "environment dev", moves: true },
    ]);
    expect(services[0]?.targets).toMatchObject([{ kind: "ecs", action: "update", problems: [] }]);
  });

  test("is deployed by the program of the package, tagged by the git tag on the commit", async () => {
    await git("tag", "v1.2.3");
    const { exitCode, stdout, stderr } = await slipway("deploy", "jobs", "--stack", "dev");
    expect(exitCode, stderr).toBe(0);
    const { services } = JSON.parse(stdout) as DeployDocument;
    expect(services[0]).toMatchObject({ service: "jobs", built: true });
    expect(services[0]?.tags).toContain("v1.2.3");
    expect(await digestOf("v1.2.3")).toBe(services[0]?.digest);
    const again = JSON.parse((await slipway("deploy", "jobs", "--stack", "dev")).stdout) as DeployDocument;
    expect(again.outcome).toBe("nothing");
  });

  test("is not deployed uncommitted where the stack says so, unless told", async () => {
    const file = join(directory, "Pulumi.dev.yaml");
    const document = parseDocument(await read("Pulumi.dev.yaml"));
    document.setIn(["config", "slipway:deploy"], { requireCleanTree: true });
    await writeFile(file, document.toString());
    await git("commit", "--quiet", "--no-verify", "--all", "--message", "Clean trees only");
    await write({ "jobs/job": "second\n" });
    const refused = await slipway("plan", "jobs", "--stack", "dev");
    expect(refused.exitCode).toBe(2);
    const { services } = JSON.parse(refused.stdout) as DeployPlan;
    expect(services[0]?.problems).toMatchObject([
      { code: "dirty-tree", message: "jobs is built from uncommitted changes: jobs/job" },
    ]);
    const allowed = await slipway("plan", "jobs", "--stack", "dev", "--allow-dirty");
    expect(allowed.exitCode).toBe(0);
    const plan = JSON.parse(allowed.stdout) as DeployPlan;
    expect(plan.services[0]?.tags.put[0]).toMatch(/^dev-[0-9a-f]{7}-dirty-[0-9a-f]{8}$/);
  });

  test("refuses a version that another image has, before anything is built, where tags are immutable", async () => {
    const document = parseDocument(await read("Pulumi.dev.yaml"));
    document.setIn(["config", "slipway:repositories", "tagMutability"], "immutable");
    await writeFile(join(directory, "Pulumi.dev.yaml"), document.toString());
    const words = ["jobs", "--stack", "dev", "--allow-dirty", "--version", "v1.2.3"];
    const { exitCode, stdout } = await slipway("deploy", ...words);
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { problems: { code: string; value: string }[] } };
    expect(error.problems).toMatchObject([{ code: "tag-taken", value: "v1.2.3" }]);
  });
});

/** The stack that init wrote, in the sandbox: where its registry, builder and Pulumi's state are. */
async function pointAtSandbox(): Promise<void> {
  const written = await writeSandboxStack(directory, state);
  const { config } = parse(await readFile(written, "utf8")) as { config: Record<string, unknown> };
  await rm(written);
  const document = parseDocument(await read("Pulumi.dev.yaml"));
  for (const [key, value] of Object.entries(config)) {
    const isPlace = /^aws:|^slipway:(environment|registry|builder|baseImages)$/.test(key);
    if (isPlace) document.setIn(["config", key], document.createNode(value));
  }
  await writeFile(join(directory, "Pulumi.dev.yaml"), document.toString());
}

async function digestOf(tag: string): Promise<string | undefined> {
  const ecr = new ECRClient({
    endpoint: state.endpoint,
    region: state.region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const imageIds = [{ imageTag: tag }];
  const { images } = await ecr.send(new BatchGetImageCommand({ repositoryName: "shop-dev/jobs", imageIds }));
  return images?.[0]?.imageId?.imageDigest;
}
