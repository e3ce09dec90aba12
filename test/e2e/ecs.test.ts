import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CreateLogGroupCommand, DeleteLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { CreateTargetGroupCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { HistoryDocument } from "../../runner/commands/history/history.ts";
import type { RollbackDocument } from "../../runner/commands/rollback/rollback.ts";
import type { StatusDocument } from "../../runner/commands/status/document.ts";
import type { VerifyDocument } from "../../runner/commands/verify/document.ts";
import type { WaitDocument } from "../../runner/commands/wait/document.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import { askService } from "../../sandbox/demo/answers.ts";
import {
  cli,
  clone,
  createWorld,
  shopOnOnePlatform,
  stack,
  startCli,
  untilAnswered,
  type World,
} from "./world.ts";

// What only an ECS target can do: sidecars, a task before, a smoke check after; verify and wait.

const directory = join(clone, ".slipway/e2e-ecs");
const cluster = `shop-${stack}`;

let world: World;

beforeAll(async () => {
  world = await createWorld(directory, {
    changes: { "services.yaml": await shopOnOnePlatform() },
    guarded: true,
  });
  await createPair();
  // The examples' start script takes no command; one-off tasks need it to run theirs.
  const start = join(directory, "examples/shop/ui/start");
  const script = await readFile(start, "utf8");
  await world.workspace.write(
    "examples/shop/ui/start",
    script.replace("set -eu", 'set -eu\n[ "$#" -eq 0 ] || exec "$@"'),
  );
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const deploy = (...words: readonly string[]) =>
  cli("deploy", ...words, "-C", directory, "--stack", stack, "--output", "json");

/** Containers of what a service is set to, with their images. */
async function imagesIn(service: string): Promise<Record<string, string | undefined>> {
  const { taskDefinition } = await world.clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: await revisionOf(service) }),
  );
  return Object.fromEntries(
    (taskDefinition?.containerDefinitions ?? []).map(({ name = "", image }) => [name, image]),
  );
}

async function revisionOf(service: string): Promise<string | undefined> {
  const { services } = await world.clients.ecs.send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  );
  return services?.[0]?.taskDefinition;
}

async function alarmsOf(service: string): Promise<readonly string[] | undefined> {
  const { services } = await world.clients.ecs.send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  );
  return services?.[0]?.deploymentConfiguration?.alarms?.alarmNames;
}

/** A service of two containers behind a load balancer: the pages, and the catalog beside them. */
async function createPair(): Promise<void> {
  const images = { ...(await imagesIn("ui")), ...(await imagesIn("catalog")) };
  const taskDefinition = await registerPair({ pages: images.ui, beside: images.catalog });
  const { TargetGroups } = await world.clients.elbv2.send(
    new CreateTargetGroupCommand({
      Name: "pair",
      Protocol: "HTTP",
      Port: 8080,
      TargetType: "ip",
      VpcId: "vpc-1",
    }),
  );
  await world.clients.ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: "pair",
      taskDefinition,
      desiredCount: 1,
      launchType: "FARGATE",
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
      loadBalancers: [
        {
          targetGroupArn: TargetGroups?.[0]?.TargetGroupArn,
          containerName: "pages",
          containerPort: 8080,
        },
      ],
    }),
  );
}

async function registerPair(images: Readonly<Record<"pages" | "beside", string | undefined>>) {
  const { taskDefinition } = await world.clients.ecs.send(
    new RegisterTaskDefinitionCommand({
      family: `${cluster}-pair`,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "256",
      memory: "512",
      runtimePlatform: { cpuArchitecture: "X86_64" },
      containerDefinitions: [
        { name: "pages", image: images.pages, essential: true, portMappings: [{ containerPort: 8080 }] },
        { name: "beside", image: images.beside, essential: false },
      ],
    }),
  );
  return taskDefinition?.taskDefinitionArn;
}

/** Writes services.yaml with these settings of the ui's own target, a new version where one is given, and commits. */
async function describe(settings: object, versions: Readonly<Record<string, string>> = {}): Promise<void> {
  const catalogue = parse(await shopOnOnePlatform()) as {
    services: Record<string, { targets: object[] }>;
  };
  const ui = catalogue.services.ui;
  if (ui === undefined) throw new Error("there is no ui");
  ui.targets = [
    { kind: "ecs", cluster: "shop-${stack}", service: "ui", ...settings },
    {
      kind: "ecs",
      cluster: "shop-${stack}",
      service: "pair",
      container: "pages",
      sidecars: { beside: "catalog" },
    },
  ];
  await world.workspace.write("services.yaml", stringify(catalogue));
  for (const [service, version] of Object.entries(versions)) {
    await world.workspace.write(`examples/shop/${service}/VERSION`, `${version}\n`);
  }
  await world.workspace.commit("another description");
}

const answer = async (service: string) =>
  (await untilAnswered(() => askService(world.clients.ecs, cluster, service)))
    .map(({ text }) => text)
    .join("\n");
const migration = (script: string) => ({ before: { command: ["/bin/sh", "-c", script] } });
const smoke = (matches: string) => ({
  smoke: { matches, attempts: 2, intervalSeconds: 0.5 },
});
const outcomes = ({ targets }: DeployDocument) =>
  Object.fromEntries(targets.map(({ title, outcome }) => [title.split("/")[1], outcome]));

test("runs a task before, asks over HTTP after, and moves two images in one revision", async () => {
  await describe(
    { ...migration("echo migrated"), ...smoke("1\\.1\\.0"), deploymentAlarms: { alarms: ["stack"] } },
    { ui: "1.1.0", catalog: "1.1.0" },
  );
  const before = await revisionOf("pair");
  const { exitCode, stderr, document } = await deploy("ui", "catalog");
  expect(exitCode, stderr).toBe(0);
  const { services, ...rest } = document<DeployDocument>();
  expect(outcomes({ services, ...rest })).toEqual({ ui: "done", pair: "done", catalog: "done" });
  expect(stderr).toMatch(/one-off task [0-9a-f]{8} is done, exit code 0/);
  expect(rest.targets.find(({ title }) => title.endsWith("/ui"))?.message).toMatch(
    /http:\S+:8080\/ answers 200/,
  );
  expect(await answer("ui")).toContain("1.1.0");
  expect(stderr).not.toContain("target health was not checked");
  expect(await alarmsOf("ui")).toEqual(
    ["cpu", "memory", "running-tasks"].map((kind) => `slipway-${stack}-ui-${kind}`),
  );
  const [ui, catalog] = services.map(({ reference }) => reference);
  expect(await imagesIn("pair")).toEqual({ pages: ui, beside: catalog });
  const number = (arn: string | undefined) => Number(arn?.split(":").at(-1));
  expect(number(await revisionOf("pair"))).toBe(number(before) + 1);
});

test("moves a sidecar alone wherever it runs, and leaves what is beside it", async () => {
  const { pages } = await imagesIn("pair");
  // Built already: the image that it began with.
  await describe({}, { catalog: "1.0.0" });
  const { exitCode, stderr, document } = await deploy("catalog");
  expect(exitCode, stderr).toBe(0);
  expect(outcomes(document<DeployDocument>())).toEqual({ catalog: "done", pair: "done" });
  const [catalog] = document<DeployDocument>().services;
  expect(await imagesIn("pair")).toEqual({ pages, beside: catalog?.reference });
});

test("says where a service runs as a sidecar, and takes it back there, too", async () => {
  const of = (verb: string, ...words: readonly string[]) =>
    cli(verb, "catalog", ...words, "-C", directory, "--stack", stack, "--output", "json");
  const status = (await of("status")).document<StatusDocument>();
  const beside = { title: `ecs ${cluster}/pair`, sidecar: "beside", health: "healthy" };
  expect(status).toMatchObject({ targets: [{ service: "catalog" }, beside], withoutTargets: [] });
  const before = await imagesIn("pair");
  const { exitCode, stderr, document } = await of("rollback");
  expect(exitCode, stderr).toBe(0);
  expect(document<RollbackDocument>().targets).toHaveLength(2);
  const after = await imagesIn("pair");
  expect(after).toMatchObject({ pages: before.pages });
  expect(after.beside).not.toBe(before.beside);
  const [newest] = (await of("history")).document<HistoryDocument>().services[0]?.releases ?? [];
  expect(newest).toMatchObject({ command: "rollback", running: "yes", outcome: "done" });
});

test("moves nothing when the task before fails, and shows what it said", async () => {
  const before = await revisionOf("ui");
  await describe(migration("echo no database; exit 3"), { ui: "1.2.0" });
  const { exitCode, document } = await deploy("ui");
  expect(exitCode).toBe(1);
  const ui = document<DeployDocument>().targets.find(({ title }) => title.endsWith("/ui"));
  expect(ui).toMatchObject({
    outcome: "failed",
    message: expect.stringContaining("failed with exit code 3"),
  });
  expect(ui?.evidence?.join("\n")).toContain("no database");
  expect(await revisionOf("ui")).toBe(before);
});

test("stops the task before at Ctrl-C, and says so", async () => {
  const before = await revisionOf("ui");
  await describe(migration("sleep 60"));
  const { result } = await until("one-off task", "SIGINT");
  expect(result.exitCode, result.stderr).toBe(130);
  const ui = (JSON.parse(result.stdout) as DeployDocument).targets.find(({ title }) => title.endsWith("/ui"));
  expect(ui?.message).toMatch(/its one-off task [0-9a-f]{8} was stopped, and nothing was moved/);
  expect(await revisionOf("ui")).toBe(before);
});

test("waits for the task of a run that was killed, instead of running a second one", async () => {
  await describe(migration("sleep 10"));
  const { said } = await until("one-off task", "SIGKILL");
  const [, id] = /one-off task ([0-9a-f]{8}) runs/.exec(said) ?? [];
  const again = await deploy("ui");
  expect(again.exitCode, again.stderr).toBe(0);
  // On a slow machine it has ended before the second run comes to it.
  expect(again.stderr).toMatch(new RegExp(`one-off task ${id} (is done|has already run), exit code 0`));
});

test("puts back what fails its smoke check, and says what was answered", async () => {
  const before = await imagesIn("ui");
  await describe(smoke("version 9"), { ui: "1.1.0" });
  const { exitCode, stderr, document } = await deploy("ui");
  expect(exitCode, stderr).toBe(1);
  const ui = document<DeployDocument>().targets.find(({ title }) => title.endsWith("/ui"));
  expect(ui?.outcome).toBe("rolled back");
  expect(ui?.message).toContain("failed its smoke check, put back to");
  expect(ui?.evidence?.join("\n")).toMatch(/answered 200, and that does not match \/version 9\//);
  expect(await imagesIn("ui")).toEqual(before);
  expect(await answer("ui")).toContain("1.2.0");

  await describe(smoke("1\\.1\\.0"));
  const repaired = await deploy("ui");
  expect(repaired.exitCode, repaired.stderr).toBe(0);
  expect(await answer("ui")).toContain("1.1.0");
});

test("verifies what targets need, and refuses a deployment that would lack it", async () => {
  const verify = () => cli("verify", "-C", directory, "--stack", stack, "--output", "json");
  const well = await verify();
  expect(well.exitCode, well.stdout).toBe(0);
  const logGroupName = `/${cluster}/cart`;
  await world.clients.logs.send(new DeleteLogGroupCommand({ logGroupName }));
  const { exitCode, document } = await verify();
  expect(exitCode).toBe(2);
  const failed = document<VerifyDocument>().targets.flatMap(({ checks }) =>
    checks.filter(({ state }) => state === "fail"),
  );
  expect(failed).toMatchObject([
    { name: `log group ${logGroupName}`, message: "there is no such log group" },
  ]);
  const before = await revisionOf("cart");
  await describe({}, { cart: "1.9.0" });
  const refused = await deploy("cart");
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain("there is no such log group");
  expect(await revisionOf("cart")).toBe(before);
  await world.clients.logs.send(new CreateLogGroupCommand({ logGroupName }));
});

test("follows what somebody else began, and gives up what can't succeed", async () => {
  const wait = () => cli("wait", "ui", "-C", directory, "--stack", stack, "--output", "json");
  const idle = await wait();
  expect([idle.exitCode, idle.document<WaitDocument>().outcome]).toEqual([0, "nothing"]);
  const images = await imagesIn("pair");
  const gone = images.pages?.replace(/[0-9a-f]{64}$/, "0".repeat(64));
  const taskDefinition = await registerPair({ pages: gone, beside: images.beside });
  await world.clients.ecs.send(new UpdateServiceCommand({ cluster, service: "pair", taskDefinition }));
  const { exitCode, stderr, document } = await wait();
  expect(exitCode, stderr).toBe(1);
  const [ui, pair] = document<WaitDocument>().targets;
  expect(ui?.outcome).toBe("unchanged");
  expect(pair).toMatchObject({ outcome: "failed", message: expect.stringContaining("can't be pulled") });
});

/** Deploys the ui until it says something, and sends a signal then. */
async function until(text: string, signal: NodeJS.Signals) {
  const running = startCli("deploy", "ui", "-C", directory, "--stack", stack, "--output", "json");
  let said = "";
  await new Promise<void>((begun) => {
    running.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(`${text} `) && / runs: /.test(said)) begun();
    });
    running.stderr.once("close", () => begun());
  });
  running.kill(signal);
  return { result: await running, said };
}
