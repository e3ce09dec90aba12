import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import {
  type AliasRoutingConfiguration,
  CreateAliasCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListVersionsByFunctionCommand,
  type UpdateAliasRequest,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { LogEvent } from "../../runner/commands/logs/events.ts";
import type { LogsDocument } from "../../runner/commands/logs/logs.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import { cli, clone, createWorld, stack, startCli, type World } from "./world.ts";

const directory = join(clone, ".slipway/e2e-lambda");
const name = `pay-${stack}`;
const bootstrap = join(clone, "examples/shop/checkout/bootstrap");

/** Two mugs; MiniStack writes an answer's JSON anew, with spaces. */
const check = {
  payload: { items: [{ sku: "mug", quantity: 2 }] },
  matches: '"totalCents": ?2900',
  timeoutSeconds: 20,
};
const quick = [
  { percent: 10, seconds: 1 },
  { percent: 50, seconds: 1 },
];

/** services.yaml with one function that does not exist yet. */
function catalogue(settings: object = {}): string {
  const create = {
    role: "arn:aws:iam::000000000000:role/pay-${stack}",
    memoryMegabytes: 256,
    timeoutSeconds: 10,
    ephemeralStorageMegabytes: 1024,
    environment: { SHOP: "here" },
  };
  const target = { kind: "lambda", function: "pay-${stack}", create, check, ...settings };
  const service = { context: "examples/shop/checkout", platforms: ["linux/amd64"], targets: [target] };
  return stringify({ services: { checkout: service } });
}

let world: World;

beforeAll(async () => {
  world = await createWorld(directory, { catalogue: catalogue(), guarded: true });
  const Service = "lambda.amazonaws.com";
  const Statement = [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await world.clients.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const at = ["-C", directory, "--stack", stack, "--output", "json"] as const;
const deploy = () => cli("deploy", ...at);

async function release(version: string, settings: object = {}): Promise<void> {
  await world.workspace.write("services.yaml", catalogue(settings));
  await world.workspace.write("examples/shop/checkout/VERSION", `${version}\n`);
  await world.workspace.commit(`checkout ${version}`);
}

/** `2`, or `2 + 3:0.1` when version 3 gets a part. */
async function alias(): Promise<string> {
  const { FunctionVersion, RoutingConfig } = await world.clients.lambda.send(
    new GetAliasCommand({ FunctionName: name, Name: "live" }),
  );
  return placeOf(FunctionVersion, RoutingConfig);
}

function placeOf(version: string | undefined, routing: AliasRoutingConfiguration | undefined): string {
  const weights = Object.entries(routing?.AdditionalVersionWeights ?? {});
  return [version, ...weights.map(([other, weight]) => `${other}:${weight}`)].join(" + ");
}

/** Where the alias was put since the last time, in order, as `alias` tells it. */
function placesOfAlias(): string[] {
  const bodies = world.proxy.bodies("lambda:UpdateAlias");
  world.proxy.clear();
  return bodies.map((body) => {
    const { FunctionVersion, RoutingConfig } = JSON.parse(
      body.slice(body.indexOf("{")),
    ) as UpdateAliasRequest;
    return placeOf(FunctionVersion, RoutingConfig);
  });
}

/** Waits until a run has moved the alias there. Throws when it ends elsewhere. */
async function waitForAlias(place: string, running: Promise<unknown>): Promise<void> {
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  for (let now = await alias(); now !== place; now = await alias()) {
    if (isOver) throw new Error(`it ended with the alias on ${now}`);
    await sleep(100);
  }
}

/** The version that answers callers, as it says itself. */
async function answer(): Promise<string> {
  const { Payload } = await world.clients.lambda.send(
    new InvokeCommand({ FunctionName: name, Qualifier: "live", Payload: JSON.stringify(check.payload) }),
  );
  return (JSON.parse(Buffer.from(Payload ?? []).toString()) as { version: string }).version;
}

async function versions(): Promise<string[]> {
  const { Versions = [] } = await world.clients.lambda.send(
    new ListVersionsByFunctionCommand({ FunctionName: name }),
  );
  return Versions.map(({ Version = "" }) => Version).filter((version) => version !== "$LATEST");
}

describe("a function", () => {
  test("that is missing is created as the target says; its first version gets everything at once", async () => {
    await release("1.0.0", { shift: { steps: quick } });
    const { exitCode, stderr, document } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(document<DeployDocument>().targets[0]).toMatchObject({
      outcome: "done",
      message: "live was created on version 1",
    });
    const configuration = await world.clients.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: "live" }),
    );
    expect(configuration).toMatchObject({
      MemorySize: 256,
      Timeout: 10,
      EphemeralStorage: { Size: 1024 },
      Environment: { Variables: { SHOP: "here" } },
      Architectures: ["x86_64"],
    });
    expect(await answer()).toBe("1.0.0");
    expect((await deploy()).document<DeployDocument>().outcome).toBe("nothing");
  });

  test("is moved in steps, and answers from the new version at the end", async () => {
    await release("1.1.0", { shift: { steps: quick } });
    placesOfAlias();
    const { exitCode, stderr, document } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("version 2 gets 10 % for 1 s, then 50 % for 1 s, then all");
    expect(document<DeployDocument>().targets[0]).toMatchObject({
      outcome: "done",
      message: "live is on version 2, before: version 1",
    });
    expect(placesOfAlias()).toEqual(["1 + 2:0.1", "1 + 2:0.5", "2"]);
    expect(await alias()).toBe("2");
    expect(await answer()).toBe("1.1.0");
  });

  test("is put back whole when the shift is interrupted", async () => {
    await release("1.0.0", { shift: { steps: [{ percent: 20, seconds: 120 }] } });
    const running = startCli("deploy", ...at);
    await waitForAlias("2 + 3:0.2", running);
    running.kill("SIGINT");
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(130);
    expect((JSON.parse(stdout) as DeployDocument).targets[0]).toMatchObject({
      outcome: "cancelled",
      message:
        "stopped; the code was updated, and live is back on version 2 for all invocations; the shift had reached 20 %; run the command again to finish",
    });
    expect(await alias()).toBe("2");
  });

  test("goes on with a shift that was killed, from the weight it had come to", async () => {
    const running = startCli("deploy", ...at);
    await waitForAlias("2 + 3:0.2", running);
    running.kill("SIGKILL");
    await running;
    expect(await alias()).toBe("2 + 3:0.2");
    await release("1.0.0", { shift: { steps: [...quick.slice(0, 1), { percent: 20, seconds: 1 }] } });
    const plan = (await cli("plan", ...at)).document<DeployPlan>();
    expect(plan.services[0]?.targets[0]?.changes.at(-1)?.before).toBe("version 2, 20 % to version 3");
    placesOfAlias();
    const { exitCode, stderr } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(placesOfAlias().filter((place) => place.includes("0.1"))).toEqual([]);
    expect(await alias()).toBe("3");
    expect(await answer()).toBe("1.0.0");
  });

  test("goes back when an alarm goes off between the steps", async () => {
    const AlarmName = `${name}-errors`;
    await world.clients.cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: "Shop",
        MetricName: "Refused",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: "GreaterThanThreshold",
        Statistic: "Sum",
        TreatMissingData: "ignore",
      }),
    );
    const state = (StateValue: "OK" | "ALARM") =>
      world.clients.cloudwatch.send(
        new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "three orders were refused" }),
      );
    await state("OK");
    await release("1.1.0", {
      shift: { steps: [{ percent: 30, seconds: 120 }], alarms: ["pay-${stack}-errors"] },
    });
    const running = deploy();
    await waitForAlias("3 + 4:0.3", running);
    await state("ALARM");
    const { exitCode, document } = await running;
    expect(exitCode).toBe(1);
    const [target] = document<DeployDocument>().targets;
    expect(target?.outcome).toBe("rolled back");
    expect(target?.message).toBe(
      `alarm ${AlarmName} is in ALARM: three orders were refused; live is back on version 3 for all invocations; the shift had reached 30 %`,
    );
    expect(target?.hint).toContain("alarm's metric");
    expect(await alias()).toBe("3");
  });

  test("keeps its alias when the new version crashes at its start, and shows what it logged", async () => {
    await release("2.0.0");
    await world.workspace.write(
      "examples/shop/checkout/bootstrap",
      "#!/bin/sh\necho 'no database to be found' >&2\nexit 1\n",
    );
    const { exitCode, document } = await deploy();
    expect(exitCode).toBe(1);
    const [target] = document<DeployDocument>().targets;
    expect(target?.outcome).toBe("failed");
    expect(target?.message).toMatch(/^version \d+ answered with an error .*; live stays on version 3$/);
    expect(target?.evidence?.join("\n")).toContain("no database to be found");
    expect(target?.hint).toContain("crashes when it starts");
    expect(await answer()).toBe("1.0.0");
  });

  test("keeps the versions it was told to, and those that aliases use", async () => {
    await world.clients.lambda.send(
      new CreateAliasCommand({ FunctionName: name, Name: "pinned", FunctionVersion: "1" }),
    );
    await world.workspace.write("examples/shop/checkout/bootstrap", await readFile(bootstrap, "utf8"));
    await release("1.1.0", { keepVersions: 2 });
    const before = await versions();
    const { exitCode, stderr, document } = await deploy();
    expect(exitCode, stderr).toBe(0);
    const now = document<DeployDocument>().targets[0]?.details?.version as string;
    const left = await versions();
    expect(before.length).toBeGreaterThan(left.length);
    expect(left).toEqual(expect.arrayContaining(["1", "3", now]));
    expect(left).not.toContain("2");
  });
});

describe("its logs", () => {
  test("are shown by lines and filter, as text and as one document", async () => {
    const { exitCode, document } = await cli("logs", "checkout", "--since", "1h", "--filter", "cents", ...at);
    expect(exitCode).toBe(0);
    const { sources, events } = document<LogsDocument>();
    expect(sources).toMatchObject([{ service: "checkout", group: `/aws/lambda/${name}` }]);
    expect(events.length).toBeGreaterThan(3);
    expect(new Set(events.map(({ message }) => message))).toEqual(new Set(["checkout: 2900 cents"]));
    const text = await cli("logs", "--since", "1h", "-n", "1", "-C", directory, "--stack", stack);
    expect(text.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z checkout \| .+$/);
    expect(text.stderr).toMatch(/showing the last 1 of \d+ lines/);
  });

  test("are followed line by line, each once, until Ctrl-C, which is no failure", async () => {
    const words = ["--since", "1h", "--lines", "1", "--filter", "cents", "--follow", ...at];
    const following = startCli("logs", "checkout", ...words);
    let output = "";
    following.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    const lines = () =>
      output
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as LogEvent);
    // The last of those that there are: from here on it follows.
    await expect.poll(() => lines().length, { timeout: 120_000 }).toBe(1);
    await answer();
    await answer();
    await expect.poll(() => lines().length, { timeout: 120_000 }).toBe(3);
    await sleep(3_000);
    following.kill("SIGINT");
    expect((await following).exitCode).toBe(0);
    expect(lines()).toHaveLength(3);
    expect(new Set(lines().map(({ service }) => service))).toEqual(new Set(["checkout"]));
  });
});
