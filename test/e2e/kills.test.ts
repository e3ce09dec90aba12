import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { Rule } from "../faults/rules.ts";
import { type FaultWorld, outcomesOf, reached, useFaultWorld } from "./fault-world.ts";
import { cli, stack } from "./world.ts";

/** Where a run is ended: at a request that the proxy holds, or when it has said something. */
interface Point {
  readonly at: string;
  readonly service: "ui" | "checkout";
  readonly moment:
    | (Pick<Rule, "call" | "about" | "from"> & { readonly when?: "before" | "after" })
    | { readonly says: string };
  /** Whether Ctrl-C is tried here, too, beside kill -9. */
  readonly interrupt?: boolean;
  /** Whether the new version is on its way already, so that it arrives without a further run. */
  readonly begun?: boolean;
}

const points: readonly Point[] = [
  { at: "comparing", service: "ui", interrupt: true, moment: { call: "ecr:BatchGetImage" } },
  { at: "looking at targets", service: "ui", moment: { call: "ecs:DescribeServices" } },
  { at: "the engine's start", service: "ui", moment: { says: "starting the engine" } },
  { at: "a build step", service: "ui", interrupt: true, moment: { says: "| #7 " } },
  {
    at: "a layer's push",
    service: "ui",
    interrupt: true,
    moment: { call: "registry:PUT upload", about: "/shop/ui/" },
  },
  {
    at: "the push of a platform's manifest",
    service: "ui",
    moment: { call: "registry:PUT manifest", about: "/shop/ui/manifests/sha256:" },
  },
  {
    at: "the push of the index",
    service: "ui",
    moment: { call: "registry:PUT manifest", about: "/shop/ui/manifests/src-" },
  },
  {
    at: "the moment after the index was pushed",
    service: "ui",
    moment: { call: "registry:PUT manifest", about: "/shop/ui/manifests/src-", when: "after" },
  },
  { at: "the second tag", service: "ui", moment: { call: "ecr:PutImage", from: 2 } },
  {
    at: "the moment before UpdateService",
    service: "ui",
    interrupt: true,
    moment: { call: "ecs:UpdateService" },
  },
  {
    at: "the moment after UpdateService",
    service: "ui",
    moment: { call: "ecs:UpdateService", when: "after" },
    begun: true,
  },
  {
    at: "following",
    service: "ui",
    interrupt: true,
    // The first look: the emulator may be done by the second one.
    moment: { call: "ecs:ListServiceDeployments" },
    begun: true,
  },
  {
    at: "the moment before UpdateFunctionCode",
    service: "checkout",
    moment: { call: "lambda:UpdateFunctionCode" },
  },
  {
    at: "the moment after UpdateFunctionCode",
    service: "checkout",
    interrupt: true,
    moment: { call: "lambda:UpdateFunctionCode", when: "after" },
  },
  {
    at: "the moment after PublishVersion",
    service: "checkout",
    moment: { call: "lambda:PublishVersion", when: "after" },
  },
  {
    at: "the moment before UpdateAlias",
    service: "checkout",
    interrupt: true,
    moment: { call: "lambda:UpdateAlias" },
  },
];

/** Runs a deployment up to a point, ends it there by a signal, and lets go what was held. */
async function endAt(world: FaultWorld, { moment, service }: Point, signal: "SIGKILL" | "SIGINT") {
  const running = world.begin(service);
  if ("says" in moment) {
    await running.says(moment.says);
    running.child.kill(signal);
    return await running.ended;
  }
  const { when = "before", ...about } = moment;
  const held = world.proxy.inject({ ...about, fault: { kind: "hold", when } });
  await reached(held, running.ended);
  running.child.kill(signal);
  // What a killed run has asked for must not be done after its end. (It is the builder that pushes: a
  // request of its own may go on.) After Ctrl-C a run may also wait for its answer.
  const isOwn = signal === "SIGKILL" && !moment.call.startsWith("registry:");
  await (isOwn ? held.abandoned : Promise.race([held.abandoned, running.ended, sleep(1_000)]));
  held.release();
  return await running.ended;
}

const inWorld = useFaultWorld("kills");

describe.each(["SIGKILL", "SIGINT"] as const)("a run that is ended by %s", (signal) => {
  test.each(points.filter(({ interrupt }) => signal === "SIGKILL" || interrupt === true))(
    "at $at: the next run finishes it, and moves it once",
    (point) => isFinished(inWorld(), point, signal),
  );
});

test("a run that is killed at its smoke check: the next one makes it, and does not take what runs for done", () =>
  isAskedAgain(inWorld()));

async function isFinished(world: FaultWorld, point: Point, signal: "SIGKILL" | "SIGINT"): Promise<void> {
  const { service, begun } = point;
  const before = await world.answer(service);
  const version = await world.commitVersion(service);
  const aliasBefore = await world.aliasVersion();
  const revisionsBefore = await world.revisions("ui");

  const { exitCode, stderr, stdout } = await endAt(world, point, signal);
  if (signal === "SIGINT") {
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toContain("stopping cleanly");
    expect(stderr + stdout).not.toMatch(/AbortError|at .*\.ts:\d+/);
  }
  if (begun !== true && !point.at.includes("before Update")) {
    expect(await world.answer(service)).toBe(before);
  }

  const again = await world.deploy(service);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(["done", "unchanged"]).toContain(outcomesOf(again.document<DeployDocument>())[service]);
  expect(await world.answer(service)).toContain(version);
  const moves = world.proxy.passed(service === "ui" ? "ecs:UpdateService" : "lambda:UpdateAlias");
  expect(moves, world.proxy.log.join("\n")).toBe(1);
  if (service === "checkout") expect(await world.aliasVersion()).toBe(aliasBefore + 1);
  // One for the new version, also where the first run had registered it and got no further.
  else expect((await world.revisions("ui")).count).toBe(revisionsBefore.count + 1);

  const nothing = await world.deploy(service);
  expect(nothing.exitCode, nothing.stderr).toBe(0);
  expect(nothing.document<DeployDocument>().outcome).toBe("nothing");
}

async function isAskedAgain(world: FaultWorld): Promise<void> {
  const before = await readFile(join(world.directory, "services.yaml"), "utf8");
  await asksUi(world, { matches: "never", attempts: 100, intervalSeconds: 5 });
  const version = await world.commitVersion("ui");
  const running = world.begin("ui");
  await running.says("(attempt 1 of 100)");
  running.child.kill("SIGKILL");
  await running.ended;
  expect(await world.answer("ui")).toContain(version);

  await asksUi(world, { matches: "never", attempts: 1 });
  const failed = await world.deploy("ui");
  expect(failed.exitCode, failed.stderr).toBe(1);
  const [ui] = failed.document<DeployDocument>().targets;
  expect(ui).toMatchObject({ outcome: "failed" });
  expect(ui?.message).toContain("failed its smoke check, and stays as it is");
  const waited = await cli("wait", "ui", "-C", world.directory, "--stack", stack);
  expect(waited.exitCode, waited.stdout).toBe(1);
  expect(waited.stdout).toContain("fails its smoke check");

  await asksUi(world, { matches: version });
  const again = await world.deploy("ui");
  expect(again.exitCode, again.stderr).toBe(0);
  const { targets, releases } = again.document<DeployDocument>();
  expect(targets).toMatchObject([{ outcome: "unchanged" }]);
  expect(targets[0]?.message).toContain("verified again");
  expect(releases).toMatchObject([{ service: "ui", outcome: "done", late: true }]);
  expect(world.proxy.passed("ecs:UpdateService"), world.proxy.log.join("\n")).toBe(1);

  const nothing = (await world.deploy("ui")).document<DeployDocument>();
  expect(nothing).toMatchObject({ outcome: "nothing", releases: [] });
  expect(nothing.targets).toMatchObject([{ message: "already runs this image" }]);
  await world.workspace.write("services.yaml", before);
  await world.workspace.commit("ui: no smoke check");
}

/** Gives the ui's target a smoke check. */
async function asksUi({ directory, workspace }: FaultWorld, smoke: object): Promise<void> {
  const catalogue = parse(await readFile(join(directory, "services.yaml"), "utf8")) as {
    services: Record<string, { targets: object[] }>;
  };
  const { ui } = catalogue.services;
  if (ui === undefined) throw new Error("there is no ui");
  ui.targets = ui.targets.map((target) => ({ ...target, smoke }));
  await workspace.write("services.yaml", stringify(catalogue));
  await workspace.commit("ui: another smoke check");
}
