import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  PutImageCommand,
} from "@aws-sdk/client-ecr";
import { CreateRoleCommand, GetRoleCommand, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { GetAliasCommand } from "@aws-sdk/client-lambda";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { loadStack } from "../../config/description/load.ts";
import { type Clients, createClients } from "../../runner/aws/clients.ts";
import type { WhyDocument } from "../../runner/commands/why/why.ts";
import { connectToRegistry } from "../../runner/registry/connection.ts";
import { readNewestRecord } from "../../runner/release/store.ts";
import { stackEnvironment } from "../../runner/stack/environment.ts";
import { writeSandboxStack } from "../../sandbox/stack-file.ts";
import { readState } from "../../sandbox/state.ts";
import { type Contexts, readWorkflows, unfold } from "../workflows.ts";
import { type Change, moveTag } from "./bases/move-tag.ts";
import { asRole } from "./roles.ts";
import { cli, clone, openProxy, type Watched } from "./world.ts";

/** What jobs find: the repository's first commit, cloned anew. */
const checkout = join(clone, ".slipway/e2e-workflows/checkout");
const stack = "dev";

/** Two of the shop's services: one that nothing runs, one that a function runs, which is made when missing. */
const catalogue = {
  defaults: { platforms: ["linux/amd64"] },
  services: {
    ui: { context: "examples/shop/ui" },
    checkout: {
      context: "examples/shop/checkout",
      targets: [
        {
          kind: "lambda",
          function: "shop-checkout-${stack}",
          create: { role: "arn:aws:iam::000000000000:role/checkout" },
        },
      ],
    },
  },
};

let temporary: string;
let watched: Watched;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "slipway-workflows-"));
  const origin = join(clone, ".slipway/e2e-workflows/origin");
  await rm(dirname(origin), { recursive: true, force: true });
  await mkdir(origin, { recursive: true });
  const gitIn = (directory: string, ...words: readonly string[]) => execa("git", ["-C", directory, ...words]);
  const listed = await gitIn(clone, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  const files = listed.stdout.split("\0").filter((file) => file !== "" && !file.startsWith("test/"));
  for (const file of files) {
    await cp(join(clone, file), join(origin, file), { recursive: true }).catch((error) => {
      // Listed, and deleted since.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    });
  }
  await writeFile(join(origin, "services.yaml"), stringify(catalogue));
  await gitIn(origin, "init", "--quiet", "--initial-branch=main");
  await gitIn(origin, "add", "--all");
  await gitIn(origin, ...identity, "commit", "--quiet", "--no-verify", "--message", "The shop");
  await execa("git", ["clone", "--quiet", origin, checkout]);
  // What the launcher would install, without the half minute that it takes.
  await execa("cp", ["-al", join(clone, "node_modules"), join(checkout, "node_modules")]);

  const up = await cli("sandbox", "up", "-C", checkout);
  if (up.exitCode !== 0) throw new Error(`sandbox up failed:\n${up.stderr}`);
  const state = await readState(join(checkout, ".slipway/sandbox/state.json"));
  if (state === undefined) throw new Error("the sandbox is up and has no state");
  // The account that dev lives in is the sandbox.
  watched = await openProxy(checkout, state, true);
  const written = await writeSandboxStack(checkout, watched.through);
  const { config } = parse(await readFile(written, "utf8")) as { config: object };
  const settings = { ...config, "slipway:github": { repository: "octo-org/octo-repo", environment: stack } };
  await writeFile(join(checkout, `Pulumi.${stack}.yaml`), stringify({ config: settings }));
  const production = {
    ...config,
    "slipway:repositories": { prefix: "shop-prod" },
    "slipway:tags": ["{version}"],
  };
  await writeFile(join(checkout, "Pulumi.prod.yaml"), stringify({ config: production }));
  await rm(written);
  const clients = await connect();
  await clients.iam.send(
    new CreateRoleCommand({
      RoleName: "checkout",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    }),
  );
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", checkout);
  await rm(join(clone, ".slipway/e2e-workflows"), { recursive: true, force: true });
  await rm(temporary, { recursive: true, force: true });
  await watched?.end();
});

interface JobRun {
  readonly exitCode: number | undefined;
  readonly log: string;
  readonly summary: string;
  readonly output: string;
  /** Actions of others, which only GitHub can run. */
  readonly actions: readonly string[];
}

/** Runs the scripts of a job as GitHub does: in the checkout, one after the other, up to the first that fails. */
async function runJob(
  file: string,
  job: string,
  contexts: Contexts,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<JobRun> {
  const steps = readWorkflows()[file]?.jobs[job]?.steps ?? [];
  const [summary, output] = [join(temporary, "summary"), join(temporary, "output")];
  await Promise.all([writeFile(summary, ""), writeFile(output, "")]);
  const unfolded = unfold(steps, {
    secrets: {},
    vars: { SLIPWAY_DEPLOY_ROLE: "arn:aws:iam::000000000000:role/deploy", AWS_REGION: "us-east-1" },
    ...contexts,
    github: { action_path: checkout, token: "", ...contexts.github },
  });
  let [exitCode, log]: [number | undefined, string] = [0, ""];
  for (const step of unfolded) {
    if (step.kind !== "run" || exitCode !== 0) continue;
    const script = join(temporary, "script.sh");
    await writeFile(script, step.run);
    const {
      SLIPWAY_COMMAND: verb = "",
      SLIPWAY_STACK: of = "",
      SLIPWAY_ARGUMENTS: more = "",
    } = step.environment;
    const role = file === "pull-request" ? "pullRequest" : "deploy";
    const words = [verb, ...more.split("\n")];
    const guarded = asRole(words, { cwd: checkout, role, ...(of !== "" && { stack: of }) });
    const result = await execa("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
      cwd: checkout,
      all: true,
      reject: false,
      stdin: "ignore",
      env: {
        PULUMI_STACK: undefined,
        TAG: undefined,
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_WORKSPACE: checkout,
        GITHUB_REPOSITORY: "octo-org/octo-repo",
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_OUTPUT: output,
        ...guarded.environment,
        ...environment,
        // A secret that is not set is an empty variable.
        ...Object.fromEntries(Object.entries(step.environment).filter(([, value]) => value !== "")),
        ...emptied(step.environment),
      },
    });
    guarded.end();
    exitCode = result.exitCode;
    log += result.all;
  }
  return {
    exitCode,
    log,
    summary: await readFile(summary, "utf8"),
    output: await readFile(output, "utf8"),
    actions: unfolded.flatMap((step) => (step.kind === "action" ? [step.uses.replace(/@.*/, "")] : [])),
  };
}

/** Ours, which the script reads, are there although empty. */
function emptied(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => value === "" && name.startsWith("SLIPWAY_")),
  );
}

const outputOf = (text: string, name: string) =>
  new RegExp(`^${name}<<(\\S+)\\n([\\s\\S]*?)\\n\\1$`, "m").exec(text)?.[2];

/** Clients of the stack that is the sandbox, with its environment. */
async function connect(): Promise<Clients> {
  const { settings } = await loadStack(checkout, stack);
  Object.assign(process.env, await stackEnvironment(checkout, settings, process.env));
  return createClients(settings);
}

async function aliasOf(of = stack) {
  const clients = await connect();
  return clients.lambda.send(new GetAliasCommand({ FunctionName: `shop-checkout-${of}`, Name: "live" }));
}

const identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
const git = (...words: readonly string[]) => execa("git", ["-C", checkout, ...identity, ...words]);

const reviewer = {
  SLIPWAY_PULL_REQUEST_ROLE: "arn:aws:iam::000000000000:role/review",
  AWS_REGION: "us-east-1",
};

describe("the workflows' steps, as scripts in a clean clone, with the sandbox for dev", () => {
  test("deploy on main builds, pushes and moves, and says so in summary and outputs", async () => {
    const run = await runJob("deploy", "deploy", {}, { GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.actions).toEqual([
      "actions/checkout",
      "actions/setup-node",
      "docker/setup-qemu-action",
      "docker/setup-buildx-action",
      "pulumi/actions",
      "aws-actions/configure-aws-credentials",
    ]);
    expect(run.summary).toContain("## ✅ Deployed to `dev`: 2 built, 1 of 1 targets moved");
    expect(run.summary).toContain("```mermaid\ngantt");
    expect(outputOf(run.output, "outcome")).toBe("done");
    expect(JSON.parse(outputOf(run.output, "services") ?? "")).toEqual(["ui", "checkout"]);
    expect(JSON.parse(outputOf(run.output, "digests") ?? "")).toEqual({
      ui: { repository: "shop/ui", digest: expect.stringMatching(/^sha256:/) },
      checkout: { repository: "shop/checkout", digest: expect.stringMatching(/^sha256:/) },
    });
    expect((await aliasOf()).FunctionVersion).toBe("1");
  });

  test("the stack's roles are there, each for this repository", async () => {
    const { iam } = await connect();
    const { OpenIDConnectProviderList: providers } = await iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    expect(providers?.map(({ Arn }) => Arn)).toEqual([
      "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com",
    ]);
    for (const [role, subject] of [
      ["pull-request", "pull_request"],
      ["push", "ref:refs/heads/main"],
      ["deploy", `environment:${stack}`],
    ]) {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: `slipway-${stack}-${role}` }));
      expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).toContain(
        `repo:octo-org/octo-repo:${subject}`,
      );
    }
  });

  test("the same commit again builds and moves nothing", async () => {
    const run = await runJob("deploy", "deploy", {}, { GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toMatch(/0 built, 0 of 1 targets moved|Nothing to do/);
    expect((await aliasOf()).FunctionVersion).toBe("1");
  });

  test("a tag takes to prod the very image that dev proved for its commit, with the version, and builds nothing", async () => {
    const clients = await connect();
    await clients.ecr.send(new CreateRepositoryCommand({ repositoryName: "shop-prod/checkout" }));
    await git("tag", "v1.0.0");
    const run = await runJob("release", "release", { github: { ref_name: "v1.0.0" } });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.actions).not.toContain("docker/setup-buildx-action");
    expect(outputOf(run.output, "outcome")).toBe("done");
    expect(run.summary).toContain("Tags on prod: checkout v1.0.0");
    expect(JSON.parse(outputOf(run.output, "digests") ?? "")).toEqual({
      checkout: { repository: "shop-prod/checkout", digest: expect.stringMatching(/^sha256:/) },
    });
    expect((await aliasOf("prod")).FunctionVersion).toBe("1");
    const [dev, prod] = await Promise.all([
      readNewestRecord(clients, "shop/checkout", stack, AbortSignal.timeout(10_000)),
      readNewestRecord(clients, "shop-prod/checkout", "prod", AbortSignal.timeout(10_000)),
    ]);
    expect(prod?.record).toMatchObject({
      command: "promote",
      outcome: "done",
      source: { hash: dev?.record.source.hash, commit: (await git("rev-parse", "HEAD")).stdout },
      image: { digest: dev?.record.image.digest, tags: ["v1.0.0"] },
      origin: { stack, release: dev?.record.id, repository: "shop/checkout" },
    });
    const tagged = { repositoryName: "shop-prod/checkout", imageIds: [{ imageTag: "v1.0.0" }] };
    const { imageDetails } = await clients.ecr.send(new DescribeImagesCommand(tagged));
    expect(imageDetails?.[0]?.imageDigest).toBe(dev?.record.image.digest);
  });

  test("a tag on what dev never ran is refused, and moves nothing", async () => {
    await writeFile(join(checkout, "examples/shop/checkout/VERSION"), "2.0.0\n");
    await git("commit", "--quiet", "--no-verify", "--message", "checkout: 2.0.0", "examples/shop/checkout");
    await git("tag", "v2.0.0");
    const run = await runJob("release", "release", { github: { ref_name: "v2.0.0" } });
    // The stack files of the test are not committed, and stay.
    await git("reset", "--quiet", "--soft", "HEAD~1");
    await git("restore", "--staged", "--worktree", "examples/shop/checkout");
    await git("tag", "--delete", "v1.0.0", "v2.0.0");
    expect(run.exitCode, run.log).toBe(3);
    expect(outputOf(run.output, "outcome")).toBe("refused");
    expect(run.log).toContain("was never deployed to dev");
    expect((await aliasOf("prod")).FunctionVersion).toBe("1");
  });

  test("by hand, a dry run of one service shows what would be done, and does nothing", async () => {
    await writeFile(join(checkout, "examples/shop/ui/VERSION"), "1.1.0\n");
    const inputs = { services: "ui", stack, version: "v1.1.0", "dry-run": "true" };
    const run = await runJob("manual", "deploy", { inputs });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.summary).toContain("## 📦 What a deployment to `dev` would do");
    expect(run.summary).toContain("| `ui` | build:");
    expect(outputOf(run.output, "services")).toBe('["ui"]');
  });

  test("by hand, a service that there is not is refused, with the nearest name", async () => {
    const inputs = { services: "uii", stack, version: "", "dry-run": "false" };
    const run = await runJob("manual", "deploy", { inputs });
    expect(run.exitCode).toBe(2);
    expect(run.log).toContain("::error");
    expect(run.summary).toContain("## ❌ slipway deploy: invalid");
    expect(outputOf(run.output, "outcome")).toBe("invalid");
  });

  test("a pull request, a fork's too, has what it changes built, without credentials or a role", async () => {
    const repository = "octo-org/octo-repo";
    const fork = { "event.pull_request.head.repo.full_name": "someone/octo-repo" };
    const contexts = { github: { base_ref: "main", repository, ...fork }, vars: reviewer };
    const environment = {
      GITHUB_REF: "refs/pull/12/merge",
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    };
    const run = await runJob("pull-request", "build", contexts, environment);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.actions).not.toContain("aws-actions/configure-aws-credentials");
    expect(run.summary).toMatch(/## ✅ slipway build: 2 of 2 built, nothing pushed\n[\s\S]*\| `ui` \|/);
    expect(outputOf(run.output, "outcome")).toBe("done");
  });

  test("a pull request is shown how much larger the image gets than the released one", async () => {
    const file = join(checkout, "examples/shop/checkout/checkout.sh");
    const before = await readFile(file, "utf8");
    // 100 kB that don't compress.
    await writeFile(file, `${before}# ${randomBytes(75_000).toString("base64")}\n`);
    const repository = "octo-org/octo-repo";
    const own = { "event.pull_request.head.repo.full_name": repository };
    const github = { base_ref: "main", repository, ...own };
    const run = await runJob("pull-request", "build", { github, vars: reviewer });
    await writeFile(file, before);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.actions).toContain("aws-actions/configure-aws-credentials");
    const [, size, released, difference] =
      /\| `checkout` \| `linux\/amd64` \| (.+) \| (.+) \| (.+) \|/.exec(run.summary) ?? [];
    expect(size, run.summary).toMatch(/^[\d.]+ [kM]B$/);
    expect(released).toMatch(/^[\d.]+ [kM]B$/);
    expect(difference).toMatch(/^\+7\d(\.\d+)? kB \(\+\d+\.\d %\)$/);
    expect(run.log).not.toContain("sizes were not compared");
  });

  test("why knows what was released last, and says when the base image of it has moved since", async () => {
    const why = async () => {
      const run = await cli("why", "checkout", "-C", checkout, "--stack", stack, "--output", "json");
      expect(run.exitCode, run.stderr).toBe(0);
      return run.document<WhyDocument>();
    };
    expect(await why()).toMatchObject({
      built: true,
      against: { kind: "image", what: "released last" },
      changes: [],
      movedBases: [],
    });
    const clients = await connect();
    const at = { repositoryName: "slipway-base/lambda-provided", imageIds: [{ imageTag: "al2023" }] };
    const { images = [] } = await clients.ecr.send(new BatchGetImageCommand(at));
    const [image] = images;
    // The same image under another digest: nothing else is built on it here.
    const index = JSON.parse(image?.imageManifest ?? "") as { annotations?: object };
    const annotations = { ...index.annotations, "slipway.test": "another one" };
    await clients.ecr.send(
      new PutImageCommand({
        repositoryName: at.repositoryName,
        imageTag: "al2023",
        imageManifest: JSON.stringify({ ...index, annotations }),
        imageManifestMediaType: image?.imageManifestMediaType,
      }),
    );
    const moved = await why();
    expect(moved).toMatchObject({ built: true, changes: [] });
    expect(moved.movedBases).toEqual([
      {
        name: "public.ecr.aws/lambda/provided:al2023",
        reference: expect.stringMatching(/^\S+\/slipway-base\/lambda-provided:al2023$/),
        from: image?.imageId?.imageDigest,
        to: expect.stringMatching(/^sha256:/),
      },
    ]);
  });

  test("why says that the registry can't be read, and compares with a commit without it", async () => {
    const away = (await readFile(join(checkout, `Pulumi.${stack}.yaml`), "utf8")).replaceAll(
      /http:\/\/(localhost|127\.0\.0\.1):\d+/g,
      "http://127.0.0.1:1",
    );
    await writeFile(join(checkout, "Pulumi.away.yaml"), away);
    const words = ["why", "checkout", "-C", checkout, "--stack", "away", "--output", "json"];
    const asked = await cli(...words);
    expect(asked.exitCode).toBeGreaterThan(0);
    expect(asked.stdout + asked.stderr).toContain("127.0.0.1:1");
    const since = await cli(...words, "--since", "HEAD");
    expect(since.exitCode, since.stderr).toBe(0);
    expect(since.document<WhyDocument>()).toMatchObject({ against: { kind: "git" }, changes: [] });
    await rm(join(checkout, "Pulumi.away.yaml"));
  });

  test("a pull request has the plan in its one comment, which the next run updates", async () => {
    const github = await fakeGithub();
    try {
      const contexts = {
        github: { token: "a-token" },
        vars: { SLIPWAY_PULL_REQUEST_ROLE: "arn", AWS_REGION: "r" },
      };
      const environment = { GITHUB_API_URL: github.url, GITHUB_REF: "refs/pull/12/merge" };
      const first = await runJob("pull-request", "plan", contexts, environment);
      expect(first.exitCode, first.log).toBe(0);
      await writeFile(join(checkout, "examples/shop/ui/VERSION"), "1.0.0\n");
      const second = await runJob("pull-request", "plan", contexts, environment);
      expect(second.exitCode, second.log).toBe(0);
      expect(github.writes).toEqual([
        ["POST", expect.stringMatching(/^<!-- slipway:dev -->\n## 📦/)],
        ["PATCH", expect.stringMatching(/^<!-- slipway:dev -->\n## ✅ Nothing to deploy/)],
      ]);
    } finally {
      github.server.close();
    }
  });

  test("in the morning everything is looked at, and nothing changed", async () => {
    const run = await runJob("scheduled", "checks", { matrix: { stack } });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.summary).toContain("## slipway doctor");
    expect(run.summary).toMatch(/✔ state +file:\/\/\S+ has the stack dev/);
    expect(run.summary).toMatch(/✔ history +complete, at /);
    expect(run.summary).toMatch(/! token +the job can't request an OIDC token from GitHub/);
    expect(run.summary).toMatch(/! permissions +the root user has all permissions/);
    expect(run.summary).toContain("## slipway verify");
    expect(run.summary).toContain("## slipway status");
    expect(run.summary).toContain("## ✅ Nothing to deploy to `dev`");
    expect(run.summary).toContain("## slipway outdated");
    // A test above has moved it.
    expect(run.summary).toMatch(/slipway-base\/lambda-provided:al2023 +\S+ → \S+ +moved since the build/);
  });

  test("what is built on a base image that moved is built again from the same source, and deployed", async () => {
    const clients = await connect();
    const newest = () => readNewestRecord(clients, "shop/checkout", stack, AbortSignal.timeout(10_000));
    const before = await newest();
    await moveBase(clients, "another layer");
    const run = await runJob("scheduled", "rebuild", {});
    expect(run.exitCode, run.log).toBe(0);
    expect(run.summary).toContain("Built again: checkout");
    expect(run.summary).toContain("## ✅ Deployed to `dev`: 1 built, 1 of 1 targets moved");
    const after = await newest();
    expect(after?.record.source.hash).toBe(before?.record.source.hash);
    expect(after?.record.image.digest).not.toBe(before?.record.image.digest);
    // Everyone finds the new image for the source from now on.
    const deployed = await runJob("deploy", "deploy", {}, { GITHUB_REF_NAME: "main" });
    expect(deployed.exitCode, deployed.log).toBe(0);
    expect((await newest())?.record.id).toBe(after?.record.id);
  });

  test("a base image that moved and gives the same image is built on once, and moves nothing", async () => {
    const clients = await connect();
    const newest = () => readNewestRecord(clients, "shop/checkout", stack, AbortSignal.timeout(10_000));
    const before = await newest();
    await moveBase(clients, "another index");
    const run = await runJob("scheduled", "rebuild", {});
    expect(run.exitCode, run.log).toBe(0);
    expect(run.summary).toContain("Built again: checkout");
    expect(run.summary).toContain("## ✅ Deployed to `dev`: 1 built, 0 of 1 targets moved");
    expect((await newest())?.record.id).toBe(before?.record.id);
    const again = await runJob("scheduled", "rebuild", {});
    expect(again.exitCode, again.log).toBe(0);
    expect(again.summary).toContain("No base image moved");
    expect(again.summary).toContain("Nothing to build again.");
  });

  test("the validation report has what was checked of it, and no more", async () => {
    const report = await cli("report", "validation", "checkout", "-C", checkout, "--stack", stack);
    expect(report.exitCode, report.stderr).toBe(0);
    expect(report.stdout).toContain("# Validation report");
    expect(report.stdout).toMatch(/\| target \| lambda [^|]+ \| ✅ passed \| deployment \|/);
    expect(report.stdout).toMatch(/\| platforms \| +\| ✅ passed \| now \|/);
    expect(report.stdout).toContain("- gate: signed: slipway:gates.signed is not set");
    const unknown = await cli("report", "validation", "-C", checkout, "--stack", stack, "--release", "v9");
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining("no release with v9")]);
  });
});

/** Moves the tag of checkout's base image. */
async function moveBase(clients: Clients, change: Change): Promise<void> {
  const { settings } = await loadStack(checkout, stack);
  const registry = connectToRegistry(clients, settings.registry ?? "", AbortSignal.timeout(10_000));
  await moveTag(clients, registry, { repository: "slipway-base/lambda-provided", tag: "al2023" }, change);
}

/** GitHub's API for the comments of one pull request. */
async function fakeGithub(): Promise<{ url: string; server: Server; writes: [string, string][] }> {
  const writes: [string, string][] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      if (request.method !== "GET") {
        writes.push([request.method ?? "", (JSON.parse(text) as { body: string }).body]);
      }
      const comments = writes.slice(-1).map(([, body]) => ({ id: 1, body }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.method === "GET" ? comments : { id: 1 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, writes };
}
