import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeServicesCommand, DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { CommandResult } from "../../runner/cli/command.ts";
import type { DoctorDocument } from "../../runner/commands/doctor/document.ts";
import type { ValidationDocument } from "../../runner/commands/report/document.ts";
import type { RollbackDocument } from "../../runner/commands/rollback/rollback.ts";
import type { ScanDocument } from "../../runner/commands/scan/document.ts";
import type { VerifyDocument } from "../../runner/commands/verify/document.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import { readNewestRecord } from "../../runner/release/store.ts";
import { tellGates } from "../../sandbox/demo/gates.ts";
import { askShop } from "../../sandbox/demo/shop.ts";
import { ensureTools } from "../../sandbox/toolchain/ensure.ts";
import { scanStatus, scanStatuses } from "../faults/scans.ts";
import { as } from "./roles.ts";
import { cli, clone, createWorld, shopOnOnePlatform, stack, type World } from "./world.ts";

const directory = join(clone, ".slipway/e2e-gates");
const findingsCall = "ecr:DescribeImageScanFindings";

let world: World;

beforeAll(async () => {
  world = await createWorld(directory, {
    changes: { "services.yaml": await shopOnOnePlatform() },
    guarded: true,
  });
});

afterEach(() => world.proxy.clear());

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const run = (command: string, ...words: readonly string[]) =>
  cli(command, ...words, "-C", directory, "--stack", stack, "--output", "json");

async function commitVersion(version: string) {
  await world.workspace.write("examples/shop/orders/VERSION", `${version}\n`);
  await world.workspace.commit(`orders ${version}`);
}

async function setGates(gates: object | undefined) {
  const file = join(directory, `Pulumi.${stack}.yaml`);
  const before = parse(await readFile(file, "utf8")) as { config: Record<string, unknown> };
  const { "slipway:gates": _, ...others } = before.config;
  const config = gates === undefined ? others : { ...others, "slipway:gates": gates };
  await writeFile(file, stringify({ ...before, config }));
}

async function runningImage() {
  const { ecs } = world.clients;
  const { services } = await ecs.send(
    new DescribeServicesCommand({ cluster: `shop-${stack}`, services: ["orders"] }),
  );
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: services?.[0]?.taskDefinition }),
  );
  return taskDefinition?.containerDefinitions?.[0]?.image?.split("@")[1] ?? "";
}

/**
 * What ECR's basic scan found, of a manifest with this in its request, or of any: findings that no real image has.
 * The answer is held against AWS's model as it passes.
 */
function found(about: string | undefined, ...ids: readonly string[]) {
  const findings = ids.map((name) => ({
    name,
    severity: "HIGH",
    attributes: [{ key: "package_name", value: "openssl" }],
  }));
  const answer = {
    imageScanStatus: { status: "COMPLETE" },
    imageScanFindings: { imageScanCompletedAt: Date.now() / 1000, findings },
  };
  const of = about === undefined ? {} : { about };
  world.proxy.inject({ call: findingsCall, ...of, times: 1000, fault: { kind: "say", answer } });
}

/** The manifests of an image, which scans are about. */
async function deployed(...words: readonly string[]) {
  const { exitCode, stderr, document } = await run("deploy", "orders", ...words);
  expect(exitCode, stderr).toBe(0);
  const [service] = document<DeployDocument>().services;
  return service?.manifests["linux/amd64"] ?? "";
}

async function gates() {
  const head = await readNewestRecord(world.clients, "shop/orders", stack, AbortSignal.timeout(60_000));
  return head?.record.gates.filter(({ gate }) => gate === "findings" || gate === "image checks") ?? [];
}

test("a stack with gates refuses what is worse than what runs, until a person accepts it", async () => {
  await commitVersion("1.1.0");
  const first = await deployed();
  expect(world.proxy.log, "a stack without gates makes no call for them").not.toContain(findingsCall);

  await setGates({ preset: "block", findings: { waitSeconds: 60 }, image: { user: "warn" } });
  await commitVersion("1.2.0");
  found(first);
  found(undefined, "CVE-2026-1");
  const before = await runningImage();
  const refused = await run("deploy", "orders");
  expect([refused.exitCode, refused.document()], refused.stderr).toMatchObject([
    3,
    { error: { problems: [{ code: "gate-failed", key: "findings" }] } },
  ]);
  expect(refused.stderr).toContain("1 HIGH block: CVE-2026-1 in openssl (new)");
  expect(await runningImage()).toBe(before);

  const plan = await run("plan", "orders");
  expect(plan.exitCode, plan.stderr).toBe(3);
  const [planned] = plan.document<DeployPlan>().services;
  expect(planned?.gates).toContainEqual(expect.objectContaining({ gate: "findings", verdict: "failed" }));

  const scan = await run("scan", "orders", "--fail-on", "HIGH");
  // The newest released image is the first one, which is clean.
  expect([scan.exitCode, scan.document<ScanDocument>().outcome], scan.stderr).toEqual([0, "clean"]);

  await writeFile(
    join(directory, "waivers.yaml"),
    "waivers:\n  - id: CVE-2026-1\n    services: [orders]\n    reason: not reachable\n    owner: me\n    expires: 2099-01-01\n",
  );
  const second = await deployed();
  expect(await gates()).toMatchObject([
    { gate: "findings", verdict: "passed", message: "linux/amd64: 1 waived until 2099-01-01" },
    { gate: "image checks", verdict: "passed" },
  ]);

  // The same finding without its waiver runs already, and only a further one is new.
  await rm(join(directory, "waivers.yaml"));
  world.proxy.clear();
  found(first, "CVE-2026-9");
  found(second, "CVE-2026-1");
  found(undefined, "CVE-2026-1", "CVE-2026-2");
  await commitVersion("1.3.0");
  expect((await run("deploy", "orders")).exitCode).toBe(3);
  const third = await deployed("--override-gate", "findings", "--reason", "incident 7");
  expect(await gates()).toMatchObject([
    { gate: "findings", verdict: "overridden", message: expect.stringMatching(/^by arn:.*: incident 7 \(/) },
    { gate: "image checks" },
  ]);
  const history = await run("history", "orders");
  expect(history.stdout).toContain("findings");

  // A rollback is asked as well: the second image has nothing that the third has not.
  const back = await run("rollback", "orders");
  expect(back.exitCode, back.stderr).toBe(0);
  expect(await gates()).toMatchObject([
    { gate: "findings", verdict: "passed", message: "linux/amd64: 1 runs already" },
    { gate: "image checks" },
  ]);
  expect(third).not.toBe(second);
  const foretold = await run("rollback", "orders", "--dry-run");
  expect(foretold.exitCode, foretold.stderr).toBe(3);
  expect(foretold.document<RollbackDocument>()).toMatchObject({
    outcome: "planned",
    services: [
      {
        gates: [{ gate: "findings", verdict: "failed" }, { gate: "image checks" }],
        problems: [{ code: "gate-failed" }],
      },
    ],
  });
  const worse = await run("rollback", "orders");
  expect(worse.exitCode, worse.stderr).toBe(3);
  expect(worse.stderr).toContain("CVE-2026-9 in openssl (new)");
});

test("an image without a scan is unknown, and a stack says whether that blocks", async () => {
  const answer = { imageScanStatus: { status: "UNSUPPORTED_IMAGE" } };
  world.proxy.inject({ call: findingsCall, times: 1000, fault: { kind: "say", answer } });
  await commitVersion("1.4.0");
  const refused = await run("deploy", "orders");
  expect(refused.exitCode, refused.stderr).toBe(3);
  expect(refused.stderr).toContain("linux/amd64: unknown: ECR cannot scan this image");
  await setGates({ preset: "block", findings: { unknown: "warn" } });
  await deployed();
  expect(await gates()).toMatchObject([{ gate: "findings", verdict: "undecided" }, { gate: "image checks" }]);
});

test("a mistake in waivers.yaml is told before anything is built", async () => {
  await setGates({ preset: "block" });
  await commitVersion("1.4.1");
  const file = join(directory, "waivers.yaml");
  await writeFile(file, "waivers:\n  - id: CVE-2026-1\n    owner: me\n    expires: 2099-01-01\n");
  try {
    for (const command of ["plan", "deploy"]) {
      const { exitCode, document, stderr } = await run(command, "orders");
      expect([exitCode, document()], stderr).toMatchObject([
        2,
        { error: { problems: [{ where: "waivers.yaml:2:5", key: "waivers[0].reason" }] } },
      ]);
      expect(stderr).not.toContain("Build and push");
    }
  } finally {
    await rm(file);
  }
});

test("each status of a scan without a result is unknown, and none is clean", async () => {
  await setGates({ preset: "block", findings: { waitSeconds: 2 } });
  for (const status of scanStatuses) {
    world.proxy.clear();
    world.proxy.inject({ call: findingsCall, times: 1000, fault: scanStatus(status) });
    const { exitCode, document, stderr } = await run("scan", "orders", "--fail-on", "LOW");
    const [image] = document<ScanDocument>().images;
    const named = ["IN_PROGRESS", "PENDING"].includes(status) ? "TIMED_OUT" : status;
    expect([status, exitCode, image?.platforms[0]?.unknown?.status], stderr).toEqual([status, 3, named]);
  }
});

test("a throttled registry is asked again", async () => {
  const fault = { kind: "answer", status: 400, code: "ThrottlingException" } as const;
  const throttled = world.proxy.inject({ call: findingsCall, times: 2, fault });
  world.proxy.inject({ call: findingsCall, from: 3, times: 1000, fault: scanStatus("ACTIVE") });
  const { exitCode, document, stderr } = await run("scan", "orders", "--fail-on", "LOW");
  expect([exitCode, document<ScanDocument>().outcome], stderr).toEqual([0, "clean"]);
  expect(throttled.hits).toBe(2);
});

test("the demo's chapter: a real scan stops a bad package, a waiver lets it pass, and the mended one passes", async () => {
  await ensureTools(["grype", "syft"], { emit: () => {}, signal: AbortSignal.timeout(1_800_000) });
  await setGates(undefined);
  world.proxy.clear();
  const said: string[] = [];
  const moved: boolean[] = [];
  const verdicts: string[] = [];
  const errors: string[] = [];
  /** As the demo has it, with the command itself in the role of CI. */
  const result = async (command: string, services: readonly string[]): Promise<CommandResult> => {
    const { exitCode, document, stderr } = await run(command, ...services);
    errors.push(stderr);
    if (exitCode === 3) {
      const { error } = document<{ error: { problems: readonly Problem[] } }>();
      throw new UserError(error.problems, { exitCode });
    }
    expect(exitCode, stderr).toBe(0);
    return { exitCode: 0, document: document(), text: `${command} went well` };
  };
  const told = await tellGates({
    context: {
      directory,
      emit: (event) => event.kind === "notice" && said.push(event.message),
      signal: AbortSignal.timeout(1_800_000),
      output: "text",
    },
    workspace: world.workspace,
    stack,
    deploy: async (services) => {
      const before = await runningImage();
      try {
        return await result("deploy", services);
      } finally {
        moved.push((await runningImage()) !== before);
        verdicts.push((await gates())[0]?.message ?? "not asked");
      }
    },
    // The role gets the right to scans with the gates.
    scan: (services) => as("person", () => result("scan", services)),
    ask: () => askShop(world.clients, stack, AbortSignal.timeout(60_000)),
  });
  expect(told.refused).toMatchObject([{ code: "gate-failed", where: `orders on ${stack}`, key: "findings" }]);
  expect(told.refused[0]?.message).toMatch(/1 CRITICAL block: CVE-2021-44906 in minimist 1\.2\.5 \(new\b/);
  expect(moved.slice(1)).toEqual([false, true, true]);
  const [, , waived, mended] = verdicts;
  expect(waived).toMatch(/1 waived until \d{4}-\d\d-\d\d/);
  expect(mended).not.toContain("waived");
  expect(errors.at(-1)).toContain("waivers.yaml: the waiver of CVE-2021-44906 is not used");
  const report = await run("report", "validation", "orders");
  expect(report.exitCode, report.stderr).toBe(0);
  expect(report.document<ValidationDocument>().releases[0]?.checks).toContainEqual(
    expect.objectContaining({ check: "gate: findings", verdict: "passed", evidence: [mended] }),
  );
  expect(said.join("\n")).toContain("slipway:gates:\n    preset: block");
});

test("a Dockerfile that BuildKit warns of is refused before anything is built", async () => {
  const dockerfile = "examples/shop/orders/Dockerfile";
  const before = await readFile(join(directory, dockerfile), "utf8");
  world.proxy.clear();
  await setGates({ findings: { enabled: false }, dockerfile: { lint: "block" } });
  await world.workspace.write(dockerfile, `${before}CMD httpd -f -p 8080\n`);
  await commitVersion("1.5.0");
  const planned = await run("plan", "orders");
  expect(planned.exitCode, planned.stderr).toBe(3);
  const refused = await run("deploy", "orders");
  expect([refused.exitCode, refused.document()], refused.stderr).toMatchObject([
    3,
    { error: { problems: [{ code: "gate-failed", key: "dockerfile" }] } },
  ]);
  expect(refused.stderr).toContain(`JSONArgsRecommended in ${dockerfile}:`);
  expect(refused.stderr).not.toContain("Build and push");

  await world.workspace.write(dockerfile, before);
  await commitVersion("1.5.1");
  await deployed();
  // A deployment that builds nothing lints nothing.
  const again = await run("deploy", "orders");
  expect(again.stderr).not.toContain("Check the Dockerfiles");
});

test("an image is started on Docker and asked its health, and leaves nothing behind", async () => {
  const { exitCode, stderr, document } = await run("verify", "orders", "--run");
  expect(document<VerifyDocument>().runs, stderr).toMatchObject([
    { service: "orders", platform: "linux/amd64", state: "ok", message: "its HEALTHCHECK says healthy" },
  ]);
  expect(exitCode, stderr).toBe(0);
  const lacking = await run("verify", "orders", "--run", "--platform", "linux/arm64");
  expect(lacking.exitCode, lacking.stderr).toBe(2);
  const docker = (...words: readonly string[]) => execa("docker", words, { env: { ...world.environment } });
  const { stdout } = await docker("ps", "--all", "--quiet", "--filter", "label=dev.slipway.verify");
  expect(stdout).toBe("");
});

test("what ECR has signed itself is shown, and what was not seen is not called unsigned", async () => {
  const verified = async () => {
    const { exitCode, stderr, stdout, document } = await run("verify", "orders", "--evidence");
    expect(exitCode, stderr || stdout).toBe(0);
    return document<VerifyDocument>();
  };
  // The sandbox's registry signs nothing, and says so.
  const without = await verified();
  expect([without.managedSigning, without.evidence?.[0]?.managedSigning]).toEqual([undefined, undefined]);

  const signingProfileArn = `arn:aws:signer:${world.state.region}:${world.state.account}:/signing-profiles/shop`;
  const rules = [
    { signingProfileArn, repositoryFilters: [{ filter: "shop/*", filterType: "WILDCARD_MATCH" }] },
  ];
  const say = (call: string, answer: object) =>
    world.proxy.inject({ call, times: 100, fault: { kind: "say", answer } });
  say("ecr:GetSigningConfiguration", { signingConfiguration: { rules } });
  say("ecr:DescribeImageSigningStatus", { signingStatuses: [{ signingProfileArn, status: "COMPLETE" }] });
  const { evidence } = await verified();
  expect(evidence?.[0]?.managedSigning).toMatchObject([
    { state: "complete", profile: signingProfileArn },
    { state: "complete", platform: "linux/amd64" },
  ]);

  world.proxy.clear();
  const fault = { kind: "answer", status: 400, code: "AccessDeniedException" } as const;
  world.proxy.inject({ call: "ecr:GetSigningConfiguration", times: 100, fault });
  expect((await verified()).managedSigning).toMatchObject({ state: "not seen" });
});

test("doctor compares how long Inspector scans again with what the stack says, and names the command", async () => {
  const file = join(directory, `Pulumi.${stack}.yaml`);
  const before = await readFile(file, "utf8");
  const { config, ...rest } = parse(before) as { config: object };
  const scanning = { mode: "enhanced", rescan: { pushDays: 90 } };
  await writeFile(file, stringify({ ...rest, config: { ...config, "slipway:scanning": scanning } }));
  const rescanDurationState = { rescanDuration: "DAYS_14", status: "SUCCESS" };
  const answer = { ecrConfiguration: { rescanDurationState } };
  world.proxy.inject({ call: "POST /configuration/get", times: 10, fault: { kind: "say", answer } });
  const check = async () => {
    const { document, stderr } = await run("doctor");
    const found = document<DoctorDocument>().checks.find(({ name }) => name === "re-scans");
    expect(found, stderr).toBeDefined();
    return found;
  };
  try {
    expect(await check()).toMatchObject({
      state: "warn",
      message: "Inspector differs from slipway:scanning.rescan: rescanDuration is DAYS_14, not DAYS_90",
      fix: expect.stringMatching(/^aws inspector2 update-configuration .*rescanDuration=DAYS_90 --region /),
    });
    world.proxy.clear();
    const denied = { kind: "answer", status: 403, code: "AccessDeniedException" } as const;
    world.proxy.inject({ call: "POST /configuration/get", times: 10, fault: denied });
    expect(await check()).toMatchObject({ state: "warn", message: expect.stringContaining("was not seen") });
  } finally {
    await writeFile(file, before);
  }
});
