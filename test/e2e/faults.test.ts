import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeployDocument } from "../../runner/move/document.ts";
import { type FaultWorld, outcomesOf, reached, useFaultWorld } from "./fault-world.ts";
import { cli, clone, stack } from "./world.ts";

const directory = join(clone, ".slipway/faults");
/** Another checkout of the same project, as another machine has it. */
const elsewhere = join(clone, ".slipway/faults-elsewhere");
const made = useFaultWorld("faults");
let world: FaultWorld;

beforeAll(() => {
  world = made();
});

afterAll(() => rm(elsewhere, { recursive: true, force: true }));

/** Deploys once more: it ends well, what answers is the version, and it was moved once in all. */
async function expectFinished(service: string, version: string, moves = 1) {
  const again = await world.deploy(service);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(await world.answer(service)).toContain(version);
  const call = service === "checkout" ? "lambda:UpdateAlias" : "ecs:UpdateService";
  expect(world.proxy.passed(call), world.proxy.log.join("\n")).toBe(moves);
}

/** Begins to deploy the ui, up to the answer of a call, which it gets by `goOn`. */
async function beginTo(call: string) {
  const held = world.proxy.inject({ call, fault: { kind: "hold", when: "after" } });
  const running = world.begin("ui");
  await reached(held, running.ended);
  return { running, goOn: () => held.release() };
}

const problemsOf = (result: Awaited<ReturnType<FaultWorld["deploy"]>>) =>
  result.document<{ error: { problems: { code: string; message: string }[] } }>().error.problems;

describe("the network", () => {
  test("may be gone for ten seconds while a deployment is followed", async () => {
    const version = await world.commitVersion("ui");
    const { running, goOn } = await beginTo("ecs:UpdateService");
    // AWS only: ECS pulls the image through the same proxy, and may be at it.
    const away = world.proxy.inject({
      call: "ecs:*",
      times: 1000,
      fault: { kind: "drop", when: "before" },
    });
    goOn();
    await reached(away, running.ended);
    await sleep(10_000);
    away.release();
    const { exitCode, stderr } = await running.ended;
    expect(exitCode, stderr).toBe(0);
    await expectFinished("ui", version);
  });

  test("may lose the answers to the calls that change something: nothing is done twice", async () => {
    const version = await world.commitVersion("ui");
    const before = await world.revisions("ui");
    for (const call of ["ecr:PutImage", "ecs:UpdateService"]) {
      world.proxy.inject({ call, fault: { kind: "drop", when: "after" } });
    }
    const { exitCode, stderr } = await world.deploy("ui");
    expect(exitCode, stderr).toBe(0);
    expect((await world.revisions("ui")).count).toBe(before.count + 1);
    // The call whose answer was lost is made once more by the SDK: of one revision, so one deployment.
    await expectFinished("ui", version, 2);
  });

  test("may lose the answers to a function's calls: one version, and the alias on it", async () => {
    const version = await world.commitVersion("checkout");
    const before = await world.aliasVersion();
    for (const call of ["lambda:UpdateFunctionCode", "lambda:PublishVersion"]) {
      world.proxy.inject({ call, fault: { kind: "drop", when: "after" } });
    }
    const { exitCode, stderr } = await world.deploy("checkout");
    expect(exitCode, stderr).toBe(0);
    expect(await world.aliasVersion()).toBe(before + 1);
    await expectFinished("checkout", version);
  });
});

describe("AWS", () => {
  const throttling = { kind: "answer", status: 400, code: "ThrottlingException" } as const;

  test("may throttle every call for a while", async () => {
    const version = await world.commitVersion("ui");
    const storm = world.proxy.inject({ call: "ecs:*", times: 4, fault: throttling });
    const { exitCode, stderr } = await world.deploy("ui");
    expect(exitCode, stderr).toBe(0);
    expect(storm.hits).toBe(4);
    await expectFinished("ui", version);
  });

  test("that goes on throttling is an error that says so, and the next run finishes", async () => {
    const version = await world.commitVersion("ui");
    const before = await world.answer("ui");
    const storm = world.proxy.inject({ call: "ecs:UpdateService", times: 1000, fault: throttling });
    const result = await world.deploy("ui");
    expect(result.exitCode, result.stderr).toBe(1);
    const [target] = result.document<DeployDocument>().targets;
    expect(target?.outcome).toBe("failed");
    expect(target?.message).toMatch(/kept throttling requests/);
    expect(await world.answer("ui")).toBe(before);
    storm.release();
    await expectFinished("ui", version);
    expect(world.proxy.passed("ecs:RegisterTaskDefinition"), "its revision is taken up").toBe(1);
  });

  test("may take the credentials for expired while a deployment is followed: it says that ECS goes on", async () => {
    const version = await world.commitVersion("ui");
    const { running, goOn } = await beginTo("ecs:UpdateService");
    const expired = world.proxy.inject({
      call: "ecs:*",
      times: 1000,
      fault: { kind: "answer", status: 400, code: "ExpiredTokenException" },
    });
    goOn();
    const { exitCode, stderr, stdout } = await running.ended;
    expect(exitCode, stderr).toBe(1);
    const [target] = (JSON.parse(stdout) as DeployDocument).targets;
    expect(target?.outcome).toBe("failed");
    expect(`${target?.message}\n${target?.evidence?.join("\n")}`).toMatch(
      /expired[\s\S]*continues by itself/,
    );
    expired.release();
    await expectFinished("ui", version);
  });

  test("may be busy with another update of the function", async () => {
    const version = await world.commitVersion("checkout");
    const before = await world.aliasVersion();
    const conflicts = world.proxy.inject({
      call: "lambda:UpdateFunctionCode",
      times: 3,
      fault: { kind: "answer", status: 409, code: "ResourceConflictException" },
    });
    const { exitCode, stderr } = await world.deploy("checkout");
    expect(exitCode, stderr).toBe(0);
    expect(conflicts.hits).toBe(3);
    expect(await world.aliasVersion()).toBe(before + 1);
    await expectFinished("checkout", version);
  });
});

describe("the registry", () => {
  test("may drop the connection in the middle of a layer", async () => {
    const version = await world.commitVersion("ui");
    const cut = world.proxy.inject({
      call: "registry:PUT upload",
      about: "/shop/ui/",
      fault: { kind: "truncate", bytes: 100 },
    });
    const { exitCode, stderr } = await world.deploy("ui");
    expect(cut.hits).toBe(1);
    expect(exitCode, stderr).toBe(0);
    await expectFinished("ui", version);
  });

  test("that drops every connection in the middle fails the build; nothing is moved, the next run finishes", async () => {
    const version = await world.commitVersion("ui");
    const before = await world.answer("ui");
    const cut = world.proxy.inject({
      call: "registry:PUT upload",
      about: "/shop/ui/",
      times: 1000,
      fault: { kind: "truncate", bytes: 100 },
    });
    const result = await world.deploy("ui");
    expect(result.exitCode, result.stderr).toBe(1);
    expect(result.stderr).toContain("attempt 1 of 2 failed");
    expect(await world.answer("ui")).toBe(before);
    cut.release();
    await expectFinished("ui", version);
  });

  test("may refuse a push: the error says so, and nothing is moved", async () => {
    const version = await world.commitVersion("ui");
    const refusal = world.proxy.inject({
      call: "registry:POST upload",
      about: "/shop/ui/",
      times: 1000,
      fault: { kind: "answer", status: 403, code: "DENIED" },
    });
    const result = await world.deploy("ui");
    expect(result.exitCode, result.stderr).toBe(1);
    expect(problemsOf(result)).toMatchObject([
      { code: "push-refused", message: expect.stringMatching(/the registry refused .*: denied/) },
    ]);
    expect(result.stderr).not.toContain("attempt 1 of");
    expect(world.proxy.passed("ecs:UpdateService")).toBe(0);
    refusal.release();
    await expectFinished("ui", version);
  });
});

describe("several targets", () => {
  const configuration = "examples/shop/orders/orders.conf";
  /** The catalogue with orders after ui and checkout, and cart after orders. */
  async function setOrders(written: string) {
    const order = (name: string, value: number, text: string) =>
      text.replace(
        new RegExp(`(  ${name}:\\n(?:.+\\n)*?      - kind: \\w+\\n)`),
        `$1        order: ${value}\n`,
      );
    await world.workspace.write("services.yaml", order("cart", 2, order("orders", 1, written)));
  }
  let healthy: string;
  let catalogue: string;

  beforeAll(async () => {
    healthy = await readFile(join(directory, configuration), "utf8");
    catalogue = await readFile(join(directory, "services.yaml"), "utf8");
    await setOrders(catalogue);
  });

  test("are put back when one fails and all or nothing is wanted; later ones are not begun", async () => {
    const services = ["ui", "checkout", "orders", "cart"] as const;
    const before = await Promise.all(services.map((service) => world.answer(service)));
    for (const service of ["ui", "checkout", "cart"] as const) await world.commitVersion(service);
    await world.workspace.write(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
    await world.workspace.commit("orders: another currency");

    const result = await world.deploy(...services, "--all-or-nothing");
    expect(result.exitCode, result.stderr).toBe(1);
    const document = result.document<DeployDocument>();
    expect(outcomesOf(document)).toEqual({
      ui: "rolled back",
      checkout: "rolled back",
      orders: "rolled back",
      cart: "not started",
    });
    const message = (service: string) => document.targets.find((one) => one.service === service)?.message;
    expect(message("ui")).toMatch(
      /^put back to shop-sandbox-ui:\d+ because ecs shop-sandbox\/orders failed$/,
    );
    expect(message("cart")).toMatch(/orders failed and was rolled back/);
    expect(await Promise.all(services.map((service) => world.answer(service)))).toEqual(before);

    await world.workspace.write(configuration, healthy);
    await world.workspace.commit("Revert: orders: another currency");
    const again = await world.deploy(...services, "--all-or-nothing");
    expect(again.exitCode, again.stderr).toBe(0);
    expect(outcomesOf(again.document<DeployDocument>())).toEqual({
      ui: "done",
      checkout: "done",
      orders: "unchanged",
      cart: "done",
    });
  });

  test("are put back at the first Ctrl-C, too", async () => {
    const before = await world.answer("ui");
    const version = await world.commitVersion("ui");
    await world.commitVersion("cart", version);
    const following = world.proxy.inject({
      call: "ecs:ListServiceDeployments",
      fault: { kind: "hold", when: "before" },
    });
    const running = world.begin("ui", "cart", "--all-or-nothing");
    await reached(following, running.ended);
    running.child.kill("SIGINT");
    following.release();
    const { exitCode, stdout, stderr } = await running.ended;
    expect(exitCode, stderr).toBe(130);
    const document = JSON.parse(stdout) as DeployDocument;
    expect(outcomesOf(document)).toEqual({ ui: "rolled back", cart: "not started" });
    expect(await world.answer("ui")).toBe(before);
    const again = await world.deploy("ui", "cart");
    expect(again.exitCode, again.stderr).toBe(0);
    expect(await world.answer("ui")).toContain(version);
    expect(await world.answer("cart")).toContain(version);
  });
});

describe("two deployments from two machines", () => {
  /** Lays out the other checkout as this one is now. */
  const copyElsewhere = async () => {
    await rm(elsewhere, { recursive: true, force: true });
    await cp(directory, elsewhere, {
      recursive: true,
      filter: (path) => !path.startsWith(join(directory, ".slipway")),
    });
    const written = await readFile(join(elsewhere, `Pulumi.${stack}.yaml`), "utf8");
    await writeFile(
      join(elsewhere, `Pulumi.${stack}.yaml`),
      written.replace("file: .slipway", "file: ../faults/.slipway"),
    );
  };
  /** The other checkout tells the newer commit by its time alone, and git's are of whole seconds. */
  const nextSecond = () => sleep(1000 - (Date.now() % 1000));
  /** Versions whose images are there, so that nothing is held for as long as a build takes. */
  const built: string[] = [];
  beforeAll(async () => {
    for (let index = 0; index < 3; index++) {
      built.push(await world.commitVersion("ui"));
      const { exitCode, stderr } = await world.deploy("ui");
      expect(exitCode, stderr).toBe(0);
    }
  });
  const deployElsewhere = () => cli("deploy", "ui", "-C", elsewhere, "--stack", stack, "--output", "json");

  test("the older commit does not overwrite the newer one that came in between, nor one that runs", async () => {
    await world.commitVersion("ui", built[0]);
    await copyElsewhere();
    await nextSecond();
    const version = await world.commitVersion("ui", built[1]);
    // Here the older commit is held right before it would be moved; the newer one goes by.
    const held = world.proxy.inject({
      call: "ecs:DescribeServices",
      from: 2,
      fault: { kind: "hold", when: "before" },
    });
    const older = deployElsewhere();
    await reached(held, older);
    const newer = await world.deploy("ui");
    expect(newer.exitCode, newer.stderr).toBe(0);
    held.release();
    const superseded = await older;
    expect(superseded.exitCode, superseded.stderr).toBe(3);
    expect(superseded.document<DeployDocument>()).toMatchObject({
      outcome: "superseded",
      targets: [{ outcome: "not started", message: expect.stringContaining("newer commit") }],
    });
    expect(await world.answer("ui")).toContain(version);

    const refused = await deployElsewhere();
    expect(refused.exitCode, refused.stderr).toBe(3);
    expect(problemsOf(refused)).toMatchObject([{ code: "superseded" }]);
    expect(await world.answer("ui")).toContain(version);
  });

  test("a deployment that another one takes the place of is reported as failed", async () => {
    await world.commitVersion("ui", built[0]);
    await copyElsewhere();
    const version = await world.commitVersion("ui", built[2]);
    const held = world.proxy.inject({
      call: "ecs:ListServiceDeployments",
      fault: { kind: "hold", when: "before" },
    });
    const first = deployElsewhere();
    await reached(held, first);
    const second = await world.deploy("ui");
    expect(second.exitCode, second.stderr).toBe(0);
    held.release();
    const overtaken = await first;
    expect(overtaken.exitCode, overtaken.stderr).toBe(1);
    expect(overtaken.document<DeployDocument>().targets[0]?.message).toMatch(
      /another deployment replaced it/,
    );
    expect(await world.answer("ui")).toContain(version);
  });
});
