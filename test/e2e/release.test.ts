import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateLogGroupCommand, DeleteLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  PutImageCommand,
} from "@aws-sdk/client-ecr";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
} from "@aws-sdk/client-ecs";
import { GetAliasCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { DiffDocument } from "../../runner/commands/diff/diff.ts";
import type { HistoryDocument } from "../../runner/commands/history/history.ts";
import type { PromoteDocument } from "../../runner/commands/promote/promote.ts";
import type { RollbackDocument } from "../../runner/commands/rollback/rollback.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import { readNewestRecord } from "../../runner/release/store.ts";
import { testRebuilt } from "./evidence/of-promotions.ts";
import { as } from "./roles.ts";
import { cli, clone, createWorld, shopOnOnePlatform, stack, startCli, type World } from "./world.ts";

const directory = join(clone, ".slipway/e2e-release");
const configuration = join(directory, "examples/shop/orders/orders.conf");

let world: World;
/** Releases of orders, in the order in which they were made. */
const made: { digest: string; commit: string }[] = [];

beforeAll(async () => {
  world = await createWorld(directory, {
    changes: { "services.yaml": await shopOnOnePlatform("orders") },
    guarded: true,
  });
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const run = (command: string, ...words: readonly string[]) =>
  cli(command, ...words, "-C", directory, "--stack", stack, "--output", "json");

async function release(version: string) {
  await world.workspace.write("examples/shop/orders/VERSION", `${version}\n`);
  await world.workspace.write("examples/shop/checkout/VERSION", `${version}\n`);
  const commit = await world.workspace.commit(`orders and checkout ${version}`);
  const { exitCode, stderr, document } = await run("deploy", "orders", "checkout");
  expect(exitCode, stderr).toBe(0);
  const deployed = document<DeployDocument>();
  made.push({ digest: deployed.services.find(({ service }) => service === "orders")?.digest ?? "", commit });
  return deployed;
}

async function history(service: string, ...words: readonly string[]) {
  const { exitCode, stderr, document } = await run("history", service, ...words);
  expect(exitCode, stderr).toBe(0);
  return document<HistoryDocument>().services[0]?.releases ?? [];
}

async function runningImage(cluster = `shop-${stack}`, service = "orders") {
  const { services } = await world.clients.ecs.send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  );
  const { taskDefinition } = await world.clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: services?.[0]?.taskDefinition }),
  );
  return taskDefinition?.containerDefinitions?.[0]?.image?.split("@")[1];
}

async function tagImage(imageDigest: string | undefined, imageTag: string) {
  const repositoryName = "shop/orders";
  const { images } = await world.clients.ecr.send(
    new BatchGetImageCommand({ repositoryName, imageIds: [{ imageDigest }] }),
  );
  const imageManifest = images?.[0]?.imageManifest;
  await world.clients.ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }));
}

async function tagsOn(imageDigest: string | undefined, repositoryName = "shop/orders") {
  const { imageDetails } = await world.clients.ecr.send(
    new DescribeImagesCommand({ repositoryName, imageIds: [{ imageDigest }] }),
  );
  return imageDetails?.[0]?.imageTags ?? [];
}

async function aliasVersion() {
  const answer = await world.clients.lambda.send(
    new GetAliasCommand({ FunctionName: `shop-checkout-${stack}`, Name: "live" }),
  );
  return answer.FunctionVersion;
}

describe("release records", () => {
  test("are written for what moved, and name what was found running before", async () => {
    const first = await release("1.1.0");
    expect(
      first.releases.map(({ service, outcome, late, referrers }) => [service, outcome, late, referrers]),
    ).toEqual([
      ["orders", "done", false, "registry"],
      ["checkout", "done", false, "registry"],
    ]);
    const releases = await history("orders");
    expect(releases.map(({ outcome, running }) => [outcome, running])).toEqual([
      ["done", "yes"],
      ["found", "no"],
    ]);
    expect(releases[0]).toMatchObject({ image: made[0]?.digest, command: "deploy" });
    expect(releases[0]?.tags).toContain(made[0]?.commit);

    const second = await release("1.2.0");
    const head = await readNewestRecord(world.clients, "shop/orders", stack, AbortSignal.timeout(60_000));
    expect(head?.record).toMatchObject({
      id: second.releases[0]?.id,
      service: "orders",
      source: { branch: "main", dirty: false },
      targets: [
        { kind: "ecs", outcome: "done", previous: expect.stringContaining(made[0]?.digest ?? "") as string },
      ],
    });
    expect(head?.record.gates.map(({ gate, verdict }) => `${gate}: ${verdict}`)).toEqual([
      "newest wins: passed",
      "image: passed",
      "pre-flight: passed",
      "tasks: passed",
    ]);
    expect(head?.digest).toBe(second.releases[0]?.record);
    expect((await history("orders", "--limit", "1")).map(({ image }) => image)).toEqual([made[1]?.digest]);
  });

  test("are written when nothing is to do, for what runs without one", async () => {
    const { document } = await run("deploy", "ui");
    expect(document<DeployDocument>().releases).toMatchObject([
      { service: "ui", outcome: "done", late: true },
    ]);
    expect((await run("deploy", "ui")).document<DeployDocument>()).toMatchObject({
      outcome: "nothing",
      releases: [],
    });
  });

  test("tell of a release that failed and was rolled back by ECS, too", async () => {
    const healthy = await readFile(configuration, "utf8");
    await writeFile(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
    await world.workspace.commit("orders: another currency");
    const failed = await run("deploy", "orders");
    await writeFile(configuration, healthy);
    await world.workspace.commit("Revert: orders: another currency");
    expect(failed.exitCode, failed.stderr).toBe(1);
    expect(failed.document<DeployDocument>().releases).toMatchObject([
      { service: "orders", outcome: "rolled back" },
    ]);
    expect((await history("orders")).map(({ outcome, running }) => [outcome, running])).toEqual([
      ["rolled back", "no"],
      ["done", "yes"],
      ["done", "no"],
      ["found", "no"],
    ]);
  });

  test("are compared: commit, source, image, platforms, revision", async () => {
    const [a = "", b = ""] = made.map(({ commit }) => commit);
    const { exitCode, document } = await run("diff", a, b, "orders", "--exit-code");
    expect(exitCode).toBe(1);
    const fields = document<DiffDocument>().services[0]?.differences.map(({ field }) => field);
    expect(fields).toEqual(
      expect.arrayContaining([
        "commit",
        "sourceHash",
        "image",
        "platforms.linux/arm64",
        `ecs shop-${stack}/orders: revision`,
      ]),
    );
    expect((await run("diff", "live", b, "orders", "--exit-code")).exitCode).toBe(0);
    expect((await run("diff", "live", "HEAD", "orders")).document<DiffDocument>().services[0]).toMatchObject({
      differences: expect.not.arrayContaining([expect.objectContaining({ field: "sourceHash" })]) as unknown,
    });
  });
});

describe("going back", () => {
  test("goes to the last successful release, without source or engine; Lambda to the version it left", async () => {
    const before = await aliasVersion();
    // The working copy is gone: only what describes the stack is left.
    await rename(join(directory, "examples"), join(directory, ".slipway/examples"));
    try {
      const dry = await run("rollback", "orders", "checkout", "--dry-run");
      expect(dry.exitCode, dry.stderr).toBe(0);
      expect(dry.document<RollbackDocument>()).toMatchObject({ outcome: "planned" });
      expect(await runningImage()).toBe(made[1]?.digest);

      const { exitCode, stderr, document } = await run("rollback", "orders", "checkout");
      expect(exitCode, stderr).toBe(0);
      expect(stderr).not.toContain("starting the engine");
      const done = document<RollbackDocument>();
      expect(done.services[0]).toMatchObject({ service: "orders", digest: made[0]?.digest });
      expect(done.targets.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
      expect(done.releases.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
      expect(done.targets[1]?.details?.version).toBe(String(Number(before) - 1));
    } finally {
      await rename(join(directory, ".slipway/examples"), join(directory, "examples"));
    }
    expect(await runningImage()).toBe(made[0]?.digest);
    expect(await aliasVersion()).toBe(String(Number(before) - 1));
    expect((await history("orders"))[0]).toMatchObject({
      command: "rollback",
      running: "yes",
      outcome: "done",
    });
  });

  test("goes to the release that is named, and deploys again what was gone back from", async () => {
    const named = await run("rollback", "orders", "--to", made[1]?.commit ?? "");
    expect(named.exitCode, named.stderr).toBe(0);
    expect(await runningImage()).toBe(made[1]?.digest);
    const back = await run("rollback", "orders", "--to", made[0]?.digest ?? "", "--with-task-definition");
    expect(back.exitCode, back.stderr).toBe(0);
    expect(await runningImage()).toBe(made[0]?.digest);
    const gone = `inuse-${stack}-ecs-shop-${stack}.gone`;
    await tagImage(made[0]?.digest, gone);
    // No role of CI may look at everything that runs.
    const again = await as("person", () => run("deploy", "orders"));
    expect(again.exitCode, again.stderr).toBe(0);
    // The tag of a target that there is not keeps the image no more; the image itself stays.
    expect(again.stderr).toContain(`removed the keep tag ${gone}`);
    expect(await tagsOn(made[0]?.digest)).toContain(made[0]?.commit);
    expect(await tagsOn(made[0]?.digest)).not.toContain(gone);
    expect(again.document<DeployDocument>().services.map(({ built }) => built)).toEqual([false]);
    expect(await runningImage()).toBe(made[1]?.digest);
  });

  test("is refused by what verify checks, as a deployment is, with nothing changed", async () => {
    const logGroupName = `/shop-${stack}/orders`;
    await world.clients.logs.send(new DeleteLogGroupCommand({ logGroupName }));
    const { exitCode, stderr } = await run("rollback", "orders", "--to", made[0]?.digest ?? "");
    await world.clients.logs.send(new CreateLogGroupCommand({ logGroupName }));
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain(`log group ${logGroupName}: there is no such log group`);
    expect(await runningImage()).toBe(made[1]?.digest);
  });

  test("refuses what does not exist, what failed, and an image that is gone; with nothing changed", async () => {
    const codes = async (...words: readonly string[]) => {
      const { exitCode, stdout } = await run("rollback", ...words);
      const { error } = JSON.parse(stdout) as { error: { problems: { code: string; fix: string }[] } };
      return [exitCode, ...error.problems.map(({ code }) => code)];
    };
    expect(await codes("orders", "--to", "v9")).toEqual([2, "unknown-release"]);
    expect(await codes("catalog")).toEqual([2, "no-earlier-release"]);
    const failed = (await history("orders", "--limit", "50")).find(
      ({ outcome }) => outcome === "rolled back",
    );
    expect(await codes("orders", "--to", failed?.id ?? "")).toEqual([2, "release-failed"]);

    const imageIds = [{ imageDigest: made[0]?.digest }];
    await world.clients.ecr.send(new BatchDeleteImageCommand({ repositoryName: "shop/orders", imageIds }));
    expect(await codes("orders", "--to", made[0]?.commit ?? "")).toEqual([2, "release-image-gone"]);
    expect(await runningImage()).toBe(made[1]?.digest);
  });

  test("has a record of what a killed run moved, once the next one came by", async () => {
    await world.workspace.write("examples/shop/orders/VERSION", "1.3.0\n");
    await world.workspace.commit("orders 1.3.0");
    const running = startCli("deploy", "orders", "-C", directory, "--stack", stack);
    await new Promise<void>((moved) => {
      running.stderr.on("data", (text: Buffer) => {
        if (/registered \S+ from/.test(text.toString())) setTimeout(moved, 500);
      });
      running.stderr.once("close", () => moved());
    });
    running.kill("SIGKILL");
    await running;
    const finished = await run("deploy", "orders");
    expect(finished.exitCode, finished.stderr).toBe(0);
    const [newest] = await history("orders");
    expect(newest).toMatchObject({ outcome: "done", running: "yes", command: "deploy" });
    expect(newest?.image).toBe(await runningImage());
    expect(newest?.image).not.toBe(made[1]?.digest);
  });
});

describe("promotion", () => {
  test("brings the very image to another stack, records its origin, and does nothing the second time", async () => {
    await secondStack();
    const promote = (...words: readonly string[]) =>
      cli(
        "promote",
        "orders",
        "--from",
        stack,
        "--to",
        "live",
        ...words,
        "-C",
        directory,
        "--output",
        "json",
      );

    const failed = (await history("orders", "--limit", "50")).find(
      ({ outcome }) => outcome === "rolled back",
    );
    const unproven = await promote("--release", failed?.id ?? "");
    expect(unproven.exitCode).toBe(3);
    expect(unproven.stdout).toContain('"unproven"');

    const digest = await runningImage();
    const { exitCode, stderr, document } = await promote();
    expect(exitCode, stderr).toBe(0);
    const done = document<PromoteDocument>();
    expect(done.services[0]?.digest).toBe(digest);
    const [copied] = done.copied;
    expect(copied).toMatchObject({ service: "orders", uploaded: 0 });
    // The index and two platforms, and what refers to them: the description of the source.
    expect((copied?.manifests ?? 0) - (copied?.referrers ?? 0)).toBe(3);
    expect(await runningImage("shop-live")).toBe(digest);
    const head = await readNewestRecord(world.clients, "live/orders", "live", AbortSignal.timeout(60_000));
    expect(head?.record).toMatchObject({
      command: "promote",
      stack: "live",
      origin: { stack, repository: "shop/orders", release: (await history("orders"))[0]?.id },
    });

    const again = (await promote()).document<PromoteDocument>();
    expect(again).toMatchObject({ outcome: "nothing", copied: [{ manifests: 0, mounted: 0, uploaded: 0 }] });

    // Newest wins there, too.
    const older = ["--release", made[1]?.commit ?? ""];
    const refused = await promote(...older);
    expect(refused.exitCode, refused.stderr).toBe(3);
    expect(refused.stdout).toContain('"superseded"');
    expect(await runningImage("shop-live")).toBe(digest);
    const forced = await promote(...older, "--force", "--all-or-nothing");
    expect(forced.exitCode, forced.stderr).toBe(0);
    expect(await runningImage("shop-live")).toBe(made[1]?.digest);
    const stays = await readNewestRecord(world.clients, "live/orders", "live", AbortSignal.timeout(10_000));
    expect(stays?.record.gates.filter(({ verdict }) => verdict !== "passed")).toMatchObject([
      { gate: "newest wins", verdict: "overridden" },
    ]);
  });

  describe("of what was built again from a commit that was promoted", () => {
    testRebuilt({ directory, world: () => world, release, made, runningImage, tagsOn });
  });
});

/** A stack in the same account with repositories, a cluster and a service of its own. */
async function secondStack() {
  const { ecr, ecs } = world.clients;
  await ecr.send(new CreateRepositoryCommand({ repositoryName: "live/orders" }));
  await ecs.send(new CreateClusterCommand({ clusterName: "shop-live" }));
  const { services = [] } = await ecs.send(
    new DescribeServicesCommand({ cluster: `shop-${stack}`, services: ["orders"] }),
  );
  const [from] = services;
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: from?.taskDefinition }),
  );
  const registered = await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...(taskDefinition as RegisterTaskDefinitionCommandInput),
      family: "shop-live-orders",
    }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster: "shop-live",
      serviceName: "orders",
      taskDefinition: registered.taskDefinition?.taskDefinitionArn,
      desiredCount: 1,
      launchType: from?.launchType,
      networkConfiguration: from?.networkConfiguration,
    }),
  );
  const settings = parse(await readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, { prefix?: string }>;
  };
  settings.config["slipway:repositories"] = { ...settings.config["slipway:repositories"], prefix: "live" };
  await writeFile(join(directory, "Pulumi.live.yaml"), stringify(settings));
}
