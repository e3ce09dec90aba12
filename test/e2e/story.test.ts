import { existsSync } from "node:fs";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  GetLifecyclePolicyCommand,
} from "@aws-sdk/client-ecr";
import { DescribeServicesCommand } from "@aws-sdk/client-ecs";
import { GetAliasCommand, GetFunctionCommand } from "@aws-sdk/client-lambda";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { outputsSchema, type PlatformOutputs } from "../../config/stack/outputs.ts";
import type { LogsDocument } from "../../runner/commands/logs/logs.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import type { Answer } from "../../sandbox/demo/answers.ts";
import { askShop } from "../../sandbox/demo/shop.ts";
import { isAlive } from "../../sandbox/process/identity.ts";
import { cli, clone, createWorld, stack, startCli, untilAnswered, type World } from "./world.ts";

const directory = join(clone, ".slipway/e2e");
const names = ["ui", "catalog", "cart", "orders", "checkout"];

let world: World;
let outputs: PlatformOutputs;

beforeAll(async () => {
  world = await createWorld(directory, { guarded: true });
  const printed = await world.pulumi(directory, "stack", "output", "--json", "--stack", stack);
  outputs = outputsSchema.parse(JSON.parse(printed.all));
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const deploy = (...words: readonly string[]) =>
  cli("deploy", ...words, "-C", directory, "--stack", stack, "--output", "json");

async function ask(): Promise<Record<string, Answer>> {
  const answers = await untilAnswered(() => askShop(world.clients, stack, AbortSignal.timeout(30_000)));
  return Object.fromEntries(answers.map((answer) => [answer.service, answer]));
}

/** What ECR lists of a service's images: manifests and indexes, without the records of releases. */
async function imagesOf(service: string) {
  const repositoryName = `shop/${service}`;
  const { imageDetails = [] } = await world.clients.ecr.send(
    new DescribeImagesCommand({ repositoryName, maxResults: 1000 }),
  );
  const imageIds = imageDetails.map(({ imageDigest }) => ({ imageDigest }));
  const { images } = await world.clients.ecr.send(new BatchGetImageCommand({ repositoryName, imageIds }));
  const records = images?.flatMap(({ imageId, imageManifest = "" }) =>
    imageManifest.includes('"artifactType"') ? (imageId?.imageDigest ?? []) : [],
  );
  return imageDetails.filter(({ imageDigest }) => records?.includes(imageDigest ?? "") !== true);
}

async function taskDefinitionOf(service: string): Promise<string | undefined> {
  const { services } = await world.clients.ecs.send(
    new DescribeServicesCommand({ cluster: `shop-${stack}`, services: [service] }),
  );
  return services?.[0]?.taskDefinition?.split("/").at(-1);
}

describe("the main job", () => {
  test("pushes both platforms of every image under its source hash, joined by an index", async () => {
    expect(Object.keys(outputs.services).sort()).toEqual([...names].sort());
    for (const service of names) {
      const { image, repository } = outputs.services[service] ?? {};
      const { images } = await world.clients.ecr.send(
        new BatchGetImageCommand({
          repositoryName: repository?.name,
          imageIds: [{ imageTag: `src-${image?.sourceHash}` }],
        }),
      );
      expect(images?.[0]?.imageId?.imageDigest, service).toBe(image?.digest);
      const index = JSON.parse(images?.[0]?.imageManifest ?? "{}") as {
        manifests: { digest: string; platform: { os: string; architecture: string } }[];
      };
      const platforms = index.manifests.map(({ digest, platform }) => [
        `${platform.os}/${platform.architecture}`,
        digest,
      ]);
      expect(Object.fromEntries(platforms), service).toEqual(image?.manifests);
      expect(Object.keys(image?.manifests ?? {}).sort()).toEqual(["linux/amd64", "linux/arm64"]);
    }
  });

  test("runs what answers with its version: four services and a function", async () => {
    const answers = await ask();
    expect(Object.keys(answers).sort()).toEqual([...names].sort());
    for (const name of names) expect(answers[name]?.text, name).toContain("1.0.0");
  });

  test("shows what a service and a function log, by their names and in one order", async () => {
    const look = async () => {
      const { exitCode, stderr, document } = await cli(
        ...["logs", "ui", "checkout", "--since", "1h", "--lines", "1000"],
        ...["-C", directory, "--stack", stack, "--output", "json"],
      );
      expect(exitCode, stderr).toBe(0);
      return document<LogsDocument>();
    };
    // The emulator brings the lines of containers to the log after they were written.
    const { sources, events } = await vi.waitFor(
      async () => {
        const found = await look();
        expect(new Set(found.events.map(({ service }) => service))).toEqual(new Set(["ui", "checkout"]));
        return found;
      },
      { timeout: 120_000, interval: 500 },
    );
    expect(sources.map(({ target }) => target)).toEqual([
      `ecs shop-${stack}/ui`,
      `lambda shop-checkout-${stack}:live`,
    ]);
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted());
    const streams = events.filter(({ service }) => service === "ui").map(({ stream }) => stream);
    expect(streams.filter((stream) => !stream.includes("/ui/"))).toEqual([]);
  });

  test("sees no change in other permissions, and previews none", async () => {
    await chmod(join(directory, "examples/shop/ui/VERSION"), 0o600);
    const preview = await world.pulumi(directory, "preview", "--expect-no-changes", "--stack", stack);
    expect(preview.exitCode, preview.all).toBe(0);
  });

  test("builds and moves nothing for a commit that changes nothing, and tags the same digests", async () => {
    const before = await Promise.all(names.map(imagesOf));
    const commit = await world.workspace.commit("nothing in it");
    const { exitCode, stderr, document } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).not.toContain("starting the engine");
    const { services, targets } = document<DeployDocument>();
    expect(services.map(({ built }) => built)).toEqual(names.map(() => false));
    expect(new Set(targets.map(({ outcome }) => outcome))).toEqual(new Set(["unchanged"]));
    const after = await Promise.all(names.map(imagesOf));
    expect(after.map((images) => images.length)).toEqual(before.map((images) => images.length));
    for (const [index, name] of names.entries()) {
      const tagged = after[index]?.find(({ imageTags }) => imageTags?.includes(commit));
      expect(tagged?.imageDigest, name).toBe(outputs.services[name]?.image?.digest);
    }
    const again = await deploy();
    expect(again.document<DeployDocument>().outcome).toBe("nothing");
  });

  test("plans and deploys the one service that changed, by digest, to what then answers", async () => {
    await world.workspace.write("examples/shop/ui/VERSION", "1.1.0\n");
    const commit = await world.workspace.commit("ui 1.1.0");
    const plan = (
      await cli("plan", "-C", directory, "--stack", stack, "--output", "json")
    ).document<DeployPlan>();
    expect(plan.services.map(({ service, image }) => [service, image.action])).toEqual(
      names.map((name) => [name, name === "ui" ? "build" : "none"]),
    );
    const revisions = await Promise.all(["catalog", "cart", "orders"].map(taskDefinitionOf));
    const before = await taskDefinitionOf("ui");

    const { exitCode, stderr, document } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("starting the engine for the images alone");
    const { services, targets } = document<DeployDocument>();
    const ui = services.find(({ service }) => service === "ui");
    expect(services.filter(({ built }) => built).map(({ service }) => service)).toEqual(["ui"]);
    expect(ui?.tags).toContain(commit);
    expect(targets.map(({ service, outcome }) => [service, outcome])).toEqual(
      names.map((name) => [name, name === "ui" ? "done" : "unchanged"]),
    );
    expect(targets.find(({ service }) => service === "ui")?.running).toBe(ui?.reference);

    const after = await taskDefinitionOf("ui");
    expect(Number(after?.split(":").at(-1))).toBeGreaterThan(Number(before?.split(":").at(-1)));
    expect(await Promise.all(["catalog", "cart", "orders"].map(taskDefinitionOf))).toEqual(revisions);
    expect((await ask()).ui?.text).toContain("1.1.0");

    // The state has the new image, and everything else as it was.
    const printed = await world.pulumi(directory, "stack", "output", "--json", "--stack", stack);
    const { ui: built, ...kept } = outputsSchema.parse(JSON.parse(printed.all)).services;
    expect([built?.image?.sourceHash, built?.image?.digest]).toEqual([ui?.sourceHash, ui?.digest]);
    const { ui: _before, ...others } = outputs.services;
    expect(kept).toEqual(others);
    const preview = await world.pulumi(directory, "preview", "--expect-no-changes", "--stack", stack);
    expect(preview.exitCode, preview.all).toBe(0);
  });

  test("brings the whole stack up to date when its settings have changed, and then the images alone", async () => {
    const file = join(directory, `Pulumi.${stack}.yaml`);
    const settings = await readFile(file, "utf8");
    const policy = async () => {
      const input = { repositoryName: "shop/cart" };
      return (await world.clients.ecr.send(new GetLifecyclePolicyCommand(input))).lifecyclePolicyText;
    };
    const before = await policy();
    const { config, ...rest } = parse(settings) as { config: object };
    const changed = { ...config, "slipway:retention": { preset: "newest" } };
    await writeFile(file, stringify({ ...rest, config: changed }));
    const scopes = [];
    for (const version of ["1.1.1", "1.1.2"]) {
      await world.workspace.write("examples/shop/ui/VERSION", `${version}\n`);
      const { exitCode, stderr } = await deploy("ui");
      expect(exitCode, stderr).toBe(0);
      scopes.push(/starting the engine for (.+)/.exec(stderr)?.[1]);
    }
    expect(scopes).toEqual(["the whole stack", "the images alone"]);
    expect(await policy()).not.toBe(before);
    await writeFile(file, settings);
  });

  test("gives the function one platform's manifest and moves its alias", async () => {
    const aliasVersion = async () =>
      (
        await world.clients.lambda.send(
          new GetAliasCommand({ FunctionName: `shop-checkout-${stack}`, Name: "live" }),
        )
      ).FunctionVersion;
    const before = await aliasVersion();
    await world.workspace.write("examples/shop/checkout/VERSION", "1.1.0\n");
    await world.workspace.commit("checkout 1.1.0");
    const { exitCode, stderr, document } = await deploy("checkout");
    expect(exitCode, stderr).toBe(0);
    const [checkout] = document<DeployDocument>().services;
    const version = await aliasVersion();
    expect(version).not.toBe(before);
    const { Code } = await world.clients.lambda.send(
      new GetFunctionCommand({ FunctionName: `shop-checkout-${stack}`, Qualifier: version }),
    );
    expect(Code?.ImageUri?.split("@").at(-1)).toBe(checkout?.manifests["linux/amd64"]);
    expect((await ask()).checkout?.text).toContain("1.1.0");
  });

  test("reports a circuit-breaker rollback as a failure, with the reason and the last log lines", async () => {
    const before = await taskDefinitionOf("orders");
    const configuration = join(directory, "examples/shop/orders/orders.conf");
    const healthy = await readFile(configuration, "utf8");
    await writeFile(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
    await world.workspace.commit("orders: another currency");
    const { exitCode, stderr, document } = await deploy("orders");
    expect(exitCode, stderr).toBe(1);
    const [target] = document<DeployDocument>().targets;
    expect(target?.outcome).toBe("rolled back");
    expect(target?.evidence?.join("\n")).toMatch(/exit code 1/);
    expect(target?.evidence?.join("\n")).toContain('currency "EURO" is not one of');
    expect(await taskDefinitionOf("orders")).toBe(before);
    expect((await ask()).orders?.text).toContain("1.0.0");

    await writeFile(configuration, healthy);
    await world.workspace.commit("Revert: orders: another currency");
    const repaired = await deploy("orders");
    expect(repaired.exitCode, repaired.stderr).toBe(0);
    expect(repaired.document<DeployDocument>().services.map(({ built }) => built)).toEqual([false]);
  });

  test("names service, step and last lines of a build that fails, and changes nothing", async () => {
    const before = await taskDefinitionOf("catalog");
    const products = join(directory, "examples/shop/catalog/products.tsv");
    const good = await readFile(products, "utf8");
    const lines = good.split("\n");
    await writeFile(products, [...lines.slice(0, 2), lines[1], ...lines.slice(2)].join("\n"));
    const { exitCode, stderr } = await deploy("catalog");
    await writeFile(products, good);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/catalog/);
    expect(stderr).toMatch(/appears twice/);
    expect(await taskDefinitionOf("catalog")).toBe(before);
  });

  test("builds anew what the registry has lost, though the stack's state says it was pushed", async () => {
    const { sourceHash } = outputs.services.catalog?.image ?? {};
    const imageIds = [{ imageTag: `src-${sourceHash}` }];
    await world.clients.ecr.send(new BatchDeleteImageCommand({ repositoryName: "shop/catalog", imageIds }));
    const { exitCode, stderr, document } = await deploy("catalog");
    expect(exitCode, stderr).toBe(0);
    expect(document<DeployDocument>().services.map(({ built, sourceHash }) => [built, sourceHash])).toEqual([
      [true, sourceHash],
    ]);
  });

  test("finishes both of two deployments that begin at once", async () => {
    await world.workspace.write("examples/shop/ui/VERSION", "1.2.0\n");
    await world.workspace.write("examples/shop/cart/VERSION", "1.2.0\n");
    await world.workspace.commit("ui and cart 1.2.0");
    const both = await Promise.all([deploy("ui"), deploy("cart")]);
    expect(
      both.map(({ exitCode }) => exitCode),
      both.map(({ stderr }) => stderr).join("\n"),
    ).toEqual([0, 0]);
    const answers = await ask();
    expect(answers.ui?.text).toContain("1.2.0");
    expect(answers.cart?.text).toContain("1.2.0");
  });

  test("stops cleanly at Ctrl-C while building, and finishes when run again", async () => {
    await world.workspace.write("examples/shop/cart/VERSION", "1.3.0\n");
    await world.workspace.commit("cart 1.3.0");
    const running = startCli("deploy", "cart", "-C", directory, "--stack", stack);
    let said = "";
    await new Promise<void>((begun) => {
      running.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes("starting the engine")) begun();
      });
      running.stderr.once("close", () => begun());
    });
    running.kill("SIGINT");
    const { exitCode } = await running;
    expect(exitCode, said).toBe(130);
    expect((await ask()).cart?.text).toContain("1.2.0");
    const again = await deploy("cart");
    expect(again.exitCode, again.stderr).toBe(0);
    expect((await ask()).cart?.text).toContain("1.3.0");
  });

  test("fires an alarm: metric, alarm, topic, and a subscriber that receives it", async () => {
    const sqs = new SQSClient({});
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "alerts" }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    await new SNSClient({}).send(
      new SubscribeCommand({ TopicArn: outputs.topicArn, Protocol: "sqs", Endpoint: Attributes?.QueueArn }),
    );
    const alarm = Object.keys(outputs.alarmArns).find((name) => /CRITICAL/i.test(name));
    expect(alarm, Object.keys(outputs.alarmArns).join(", ")).toBeDefined();
    await new CloudWatchClient({}).send(
      new PutMetricDataCommand({
        Namespace: `Slipway/${stack}`,
        MetricData: [{ MetricName: "Findings-CRITICAL", Value: 1 }],
      }),
    );
    const received = await untilAnswered(async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }));
      const bodies = (Messages ?? []).map(({ Body }) => Body ?? "").join("\n");
      if (!/ALARM/.test(bodies)) throw new Error(`nothing yet: ${bodies}`);
      return bodies;
    });
    expect(received).toMatch(/findings/i);
  });
});

describe("bad input", () => {
  const refused = async (...words: readonly string[]) => {
    const result = await cli(...words, "-C", directory, "--output", "json");
    const { error } = result.document<{ error: { problems: { code: string; fix?: string }[] } }>();
    return { exitCode: result.exitCode, problems: error.problems };
  };

  test.each([
    ["an unknown service", ["plan", "uii", "--stack", stack], "unknown-service", /did you mean "ui"/],
    ["an unknown stack", ["plan", "--stack", "sandbx"], "unknown-stack", /did you mean "sandbox"/],
    ["an unknown option", ["plan", "--stak", stack], undefined, /--stack/],
  ])("refuses %s with what was meant, exit code 2", async (_, words, code, fix) => {
    const { exitCode, problems } = await refused(...words);
    expect(exitCode).toBe(2);
    if (code !== undefined) expect(problems[0]?.code).toBe(code);
    expect(JSON.stringify(problems)).toMatch(new RegExp(fix.source.replaceAll('"', '\\\\*"')));
  });

  test.each([
    ["another account than the stack allows", { "aws:allowedAccountIds": ["111122223333"] }, "wrong-account"],
    [
      "a retention that ECR would refuse",
      { "slipway:retention": { rules: [{ images: "any", keepLast: 0 }] } },
      undefined,
    ],
    ["a prefix that ECR would refuse", { "slipway:repositories": { prefix: "Shop!" } }, undefined],
    ["a missing environment file", { "slipway:environment": { file: "gone" } }, "missing-file"],
  ])("refuses %s before anything is changed", async (_, changes, code) => {
    const written = parse(await readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8")) as {
      config: Record<string, unknown>;
    };
    const config = { ...written.config, ...changes };
    await writeFile(join(directory, "Pulumi.wrong.yaml"), stringify({ config }));
    try {
      const { exitCode, problems } = await refused("deploy", "--stack", "wrong");
      expect(exitCode, JSON.stringify(problems)).toBe(2);
      if (code !== undefined) expect(problems.map((problem) => problem.code)).toContain(code);
      expect(problems.every((problem) => problem.fix !== "")).toBe(true);
    } finally {
      await rm(join(directory, "Pulumi.wrong.yaml"));
    }
  });
});

describe("the end", () => {
  test("destroys what the shop's stack declared", async () => {
    const destroyed = await world.pulumi(world.app, "destroy", "--yes", "--skip-preview", "--stack", stack);
    expect(destroyed.exitCode, destroyed.all).toBe(0);
  });

  test("leaves no process, port or bridge behind when the sandbox goes down", async () => {
    const { exitCode, stderr } = await cli("sandbox", "down", "-C", directory);
    expect(exitCode, stderr).toBe(0);
    for (const [part, { process: running }] of Object.entries(world.state.parts)) {
      if (running !== undefined) expect(await isAlive(running), part).toBe(false);
    }
    for (const [part, port] of Object.entries(world.state.ports)) {
      expect(await answers(port), `${part} on port ${port}`).toBe(false);
    }
    expect(existsSync(`/sys/class/net/slipway${world.state.id}`)).toBe(false);
  });
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
