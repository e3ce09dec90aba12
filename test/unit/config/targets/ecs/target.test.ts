import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cloudWatchAlarmName } from "../../../../../config/alarm-names.ts";
import { loadStack } from "../../../../../config/description/load.ts";
import { placesOf, withSidecarTargets } from "../../../../../config/description/sidecars.ts";
import { UserError } from "../../../../../config/problems/errors.ts";
import { ecsAlarmNames } from "../../../../../config/targets/ecs/alarms.ts";
import type { EcsTarget } from "../../../../../config/targets/ecs/target.ts";
import { ecsAlarms } from "../../../../../infra/targets/ecs/alarms.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-ecs-target-"));
});
afterEach(() => rm(project, { recursive: true, force: true }));

/** A project whose service `ui` has one ECS target with these further lines. */
async function load(target: string, settings = "") {
  const files = {
    "Pulumi.yaml": "name: acme\n",
    "Pulumi.dev.yaml": `config:\n  aws:region: eu-west-1\n${settings}`,
    "services.yaml": `services:
  ui:
    context: src
    targets:
      - kind: ecs
        cluster: shop
        service: ui-\${stack}
${target}
  proxy: {context: src}
  worker: {context: src}
`,
    "src/Dockerfile": "FROM scratch\n",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }
  return loadStack(project, "dev");
}

const targetOf = (description: Awaited<ReturnType<typeof load>>) =>
  description.catalogue.services[0]?.targets[0] as EcsTarget;

async function refused(target: string, settings = "") {
  const error = await load(target, settings).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems;
}

describe("sidecars", () => {
  test("add containers beside the service's own, which comes first", async () => {
    const target = targetOf(await load("        sidecars: {envoy: proxy, jobs: worker}"));
    expect(Object.entries(target.containers)).toEqual([
      ["ui", "ui"],
      ["envoy", "proxy"],
      ["jobs", "worker"],
    ]);
  });

  test("of a service that does not exist are refused, with what was meant", async () => {
    expect(await refused("        sidecars: {envoy: proxi}")).toMatchObject([
      {
        code: "unknown-service",
        key: "services.ui.targets[0].sidecars.envoy",
        value: "proxi",
        fix: expect.stringContaining('did you mean "proxy"'),
      },
    ]);
  });

  test("can't take the container that is the service's own", async () => {
    expect(await refused("        sidecars: {ui: proxy}")).toMatchObject([
      { code: "contradicting-settings", key: "services.ui.targets[0].sidecars.ui" },
    ]);
  });

  test("are places where their services run", async () => {
    const { catalogue } = await load("        sidecars: {envoy: proxy, jobs: worker, more: worker}");
    const places = (name: string) => placesOf(catalogue.services, name).map(({ sidecars }) => sidecars);
    expect(places("ui")).toEqual([[]]);
    expect(places("proxy")).toEqual([["envoy"]]);
    expect(places("worker")).toEqual([["jobs", "more"]]);
    expect(places("nothing")).toEqual([]);
  });

  test("bring their service the targets that run them, unless their own service is chosen, too", async () => {
    const { catalogue } = await load("        sidecars: {envoy: proxy, jobs: worker}");
    const choose = (...names: string[]) => {
      const chosen = catalogue.services.filter(({ name }) => names.includes(name));
      return withSidecarTargets(catalogue.services, chosen).map(({ name, targets }) => [
        name,
        targets.length,
      ]);
    };
    expect(choose("proxy")).toEqual([["proxy", 1]]);
    expect(choose("ui", "proxy")).toEqual([
      ["ui", 1],
      ["proxy", 0],
    ]);
    // One revision for both: the target stays with one of them.
    expect(choose("proxy", "worker")).toEqual([
      ["proxy", 1],
      ["worker", 0],
    ]);
  });
});

describe("a smoke check", () => {
  test("has defaults for all but what is asked", async () => {
    expect(targetOf(await load("        smoke: {path: /health}")).smoke).toEqual({
      path: "/health",
      status: 200,
      attempts: 5,
      intervalSeconds: 2,
      timeoutSeconds: 5,
      onFailure: "rollback",
    });
  });

  test.each([
    ["        smoke: {matches: '('}", "services.ui.targets[0].smoke.matches"],
    ["        smoke: {url: 'ftp://x'}", "services.ui.targets[0].smoke.url"],
    ["        smoke: {path: health}", "services.ui.targets[0].smoke.path"],
    ["        before: {command: []}", "services.ui.targets[0].before.command"],
  ])("%s is refused", async (target, key) => {
    expect((await refused(target)).map((problem) => problem.key)).toEqual([key]);
  });
});

describe("deployment alarms", () => {
  test("of the stack are named as the program names them", async () => {
    const description = await load("        deploymentAlarms: {alarms: [stack, other]}");
    const declared = ecsAlarms(description.catalogue.services, description.settings.alarms);
    const inCloudWatch = declared.map(({ name }) => cloudWatchAlarmName("acme-dev", name));
    expect(targetOf(description).deploymentAlarms).toEqual({
      alarms: [...inCloudWatch, "other"],
      rollback: true,
    });
    expect(inCloudWatch).toEqual(["acme-dev-ui-cpu", "acme-dev-ui-memory", "acme-dev-ui-running-tasks"]);
  });

  test("leave out what the stack has switched off", async () => {
    const { catalogue, settings } = await load("", "  slipway:alarms: {ecs: {minimumRunningTasks: 0}}\n");
    const [ui] = catalogue.services;
    expect(ui && ecsAlarmNames(ui.name, 1, settings.alarms)).toEqual(["ui-2-cpu", "ui-2-memory"]);
  });

  test("of a stack that has none are refused", async () => {
    const problems = await refused(
      "        deploymentAlarms: {alarms: [stack]}",
      "  slipway:alarms: {ecs: {enabled: false}}\n",
    );
    expect(problems).toMatchObject([{ code: "contradicting-settings", value: "stack" }]);
  });
});
