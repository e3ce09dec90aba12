import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BatchDeleteImageCommand } from "@aws-sdk/client-ecr";
import { DescribeTaskDefinitionCommand, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { CreateTargetGroupCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetAliasCommand, UpdateAliasCommand } from "@aws-sdk/client-lambda";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { DeployDocument } from "../../runner/move/document.ts";
import { getProvisioned } from "../../runner/targets/lambda/function.ts";
import { failedUpdate, stoppedAsUnhealthy, unhealthyTargets, withEvent } from "../faults/rewrite.ts";
import type { Fault, Rule } from "../faults/rules.ts";
import { type FaultWorld, reached, useFaultWorld } from "./fault-world.ts";
import { stack } from "./world.ts";

const cluster = `shop-${stack}`;
const functionName = `shop-checkout-${stack}`;
const always = 100_000;

type Service = "ui" | "orders" | "checkout";

/** A fault of a deployment that begins when a call is made: not before there is something to go wrong. */
interface TargetFault {
  readonly at: readonly [call: string, when: "before" | "after"];
  readonly rules?: readonly Rule[];
  /** Done while the call is held. */
  readonly meanwhile?: () => Promise<unknown>;
}

/**
 * Faults of what runs the images. What the emulator can't have (a scheduler without room, health checks)
 * is put into its answers on the way, in AWS's own words.
 */
function describeTargetFaults(world: () => FaultWorld): void {
  let catalogue: string;
  beforeAll(async () => {
    catalogue = await readFile(join(world().directory, "services.yaml"), "utf8");
  });
  afterEach(() => world().workspace.write("services.yaml", catalogue));

  /** services.yaml with these settings of a service's target. */
  async function setTarget(service: Service, settings: object): Promise<void> {
    const written = parse(catalogue) as { services: Record<string, { targets: object[] }> };
    Object.assign(written.services[service]?.targets[0] ?? {}, settings);
    await world().workspace.write("services.yaml", stringify(written));
  }

  /** Commits another version of a service than the last; of two, so that they are built once. */
  async function commitOther(service: Service): Promise<string> {
    const file = join(world().directory, `examples/shop/${service}/VERSION`);
    const now = (await readFile(file, "utf8")).trim();
    const [one = now, other] = versions.get(service) ?? [];
    const next = other === undefined ? (now === "1.0.0" ? undefined : "1.0.0") : now === one ? other : one;
    const version = await world().commitVersion(service, next);
    versions.set(service, [one, other ?? version]);
    return version;
  }
  const versions = new Map<Service, readonly [one: string, other: string]>();

  /** Deploys a service with a fault, which fails. What answers is what did before. */
  async function fail(service: Service, { at, rules = [], meanwhile }: TargetFault) {
    const before = await world().answer(service);
    const [call, when] = at;
    const held = world().proxy.inject({ call, fault: { kind: "hold", when } });
    const running = world().begin(service);
    await reached(held, running.ended);
    const faults = rules.map((rule) => world().proxy.inject({ times: always, ...rule }));
    await meanwhile?.();
    held.release();
    const { exitCode, stdout, stderr } = await running.ended;
    expect(exitCode, stderr).toBe(1);
    expect(await world().answer(service)).toBe(before);
    for (const fault of faults) fault.release();
    const [target] = (JSON.parse(stdout) as DeployDocument).targets;
    if (target === undefined) throw new Error(`there is no target in\n${stdout}`);
    return { target, said: stderr };
  }

  /** The same command, once the fault is gone. */
  async function expectMended(service: Service, answer: string) {
    const again = await world().deploy(service);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(await world().answer(service)).toContain(answer);
    return again;
  }

  const pulls = (fault: Fault): Rule[] =>
    ["registry:GET manifest", "registry:HEAD manifest"].map((call) => ({
      call,
      about: "/shop/ui/manifests/sha256:",
      fault,
    }));

  describe("a task", () => {
    test("that can't be placed: ECS's reason is shown, it is given up in time, and taken up again", async () => {
      await setTarget("ui", { timeoutSeconds: 5 });
      const { count } = await world().revisions("ui");
      // Never pulled before: what ECS has, it does not ask for again.
      const version = await world().commitVersion("ui");
      const reason = "no container instance met all of its requirements";
      const event = `(service ui) was unable to place a task because ${reason}. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.`;
      const { target, said } = await fail("ui", {
        at: ["ecs:UpdateService", "before"],
        // Nothing of the image comes down, so that the task really is not there.
        rules: [
          { call: "ecs:DescribeServices", fault: withEvent(event) },
          ...pulls({ kind: "hold", when: "before" }),
        ],
      });
      expect(said).toContain(event);
      expect(said).toContain(`tasks can't be placed: ${reason}`);
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "failed",
        message: expect.stringMatching(
          /was not stable after \d+ s .*can't be placed.*; ECS continues the deployment$/,
        ),
        hint: expect.stringContaining("add instances to the cluster"),
      });
      await setTarget("ui", {});
      await expectMended("ui", version);
      expect((await world().revisions("ui")).count).toBe(count + 1);
    });

    test.each([
      [
        "the container's health check",
        "Task failed container health checks",
        /give it a startPeriod that covers the start/,
      ],
      [
        "the load balancer's health check",
        "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/orders/73e2d6bc24d8a067)",
        /the load balancer's health check failed/,
      ],
    ])("that never becomes healthy by %s: ECS goes back, with the reason", async (_, reason, hint) => {
      const configuration = "examples/shop/orders/orders.conf";
      const healthy = await readFile(join(world().directory, configuration), "utf8");
      await world().workspace.write(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
      await world().workspace.commit("orders: another currency");
      const before = await world().answer("orders");
      const { target } = await fail("orders", {
        at: ["ecs:UpdateService", "before"],
        rules: [{ call: "ecs:DescribeTasks", fault: stoppedAsUnhealthy(reason) }],
      });
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "rolled back",
        hint: expect.stringMatching(hint),
      });
      expect(target.evidence?.join("\n")).toContain(`${reason} (orders: exit code 137`);
      expect(target.evidence?.join("\n")).toContain("failed tasks 3 of 3 (circuit breaker)");
      await world().workspace.write(configuration, healthy);
      await world().workspace.commit("Revert: orders: another currency");
      await expectMended("orders", before);
    });

    test("is waited for until it is healthy in its target group, too", async () => {
      const { clients } = world();
      const group = {
        Name: "faults",
        Protocol: "HTTP",
        Port: 8080,
        TargetType: "ip",
        VpcId: "vpc-1",
      } as const;
      const { TargetGroups } = await clients.elbv2.send(new CreateTargetGroupCommand(group));
      const targetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
      const balanced = (loadBalancers: object[]) =>
        clients.ecs.send(new UpdateServiceCommand({ cluster, service: "ui", loadBalancers }));
      await balanced([{ targetGroupArn, containerName: "ui", containerPort: 8080 }]);
      const version = await commitOther("ui");
      const unhealthy = world().proxy.inject({
        call: "elasticloadbalancing:DescribeTargetHealth",
        times: always,
        fault: unhealthyTargets(
          "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [502]",
        ),
      });
      const running = world().begin("ui");
      await running.says("0 of 1 healthy in their target groups");
      unhealthy.release();
      const { exitCode, stderr } = await running.ended;
      expect(exitCode, stderr).toBe(0);
      await expectMended("ui", version);
      await balanced([]);
    });

    test("that can't pull, as its image is gone: ECS goes back, and the next run builds it again", async () => {
      // Never pulled before: what ECS has, it does not ask for again.
      const version = await world().commitVersion("ui");
      const { target } = await fail("ui", {
        at: ["ecs:UpdateService", "before"],
        // The emulator's registry goes on serving what its ECR has deleted.
        rules: pulls({ kind: "answer", status: 404, code: "MANIFEST_UNKNOWN" }),
        meanwhile: async () => {
          const { clients } = world();
          const newest = new DescribeTaskDefinitionCommand({ taskDefinition: `${cluster}-ui` });
          const { taskDefinition } = await clients.ecs.send(newest);
          const imageDigest = taskDefinition?.containerDefinitions?.[0]?.image?.split("@")[1];
          const deletion = { repositoryName: "shop/ui", imageIds: [{ imageDigest }] };
          await clients.ecr.send(new BatchDeleteImageCommand(deletion));
        },
      });
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "rolled back",
        hint: expect.stringContaining("the image is no longer in the registry: deploy again to build it"),
      });
      expect(target.evidence?.join("\n")).toMatch(/CannotPullContainerError: .*manifest unknown/i);
      const again = await expectMended("ui", version);
      expect(again.document<DeployDocument>().services).toMatchObject([{ built: true }]);
    });

    test("that may not pull: ECS goes back, and the hint names the rights", async () => {
      // Never pulled before: what ECS has, it does not ask for again.
      const version = await world().commitVersion("ui");
      const { target } = await fail("ui", {
        at: ["ecs:UpdateService", "before"],
        rules: pulls({ kind: "answer", status: 403, code: "DENIED" }),
      });
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "rolled back",
        hint: expect.stringContaining("let the execution role pull: ecr:GetAuthorizationToken"),
      });
      expect(target.evidence?.join("\n")).toMatch(/CannotPullContainerError: .*denied/i);
      await expectMended("ui", version);
    });
  });

  describe("a function", () => {
    const placeOf = async () => {
      const alias = { FunctionName: functionName, Name: "live" };
      return (await world().clients.lambda.send(new GetAliasCommand(alias))).FunctionVersion ?? "";
    };

    const provisionedFor = async (version: string) => {
      const signal = AbortSignal.timeout(10_000);
      const config = await getProvisioned(world().clients, functionName, version, signal);
      return config?.RequestedProvisionedConcurrentExecutions ?? 0;
    };

    test.each([
      [
        "ImageAccessDenied",
        "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
        /let lambda\.amazonaws\.com pull in the repository policy/,
      ],
      ["ImageDeleted", "The image was deleted.", /the image is no longer in the registry/],
    ])("whose update ends with %s keeps its alias", async (code, reason, hint) => {
      const version = await commitOther("checkout");
      const before = await placeOf();
      const { target } = await fail("checkout", {
        at: ["lambda:UpdateFunctionCode", "after"],
        rules: [{ call: "lambda:GetFunction", fault: failedUpdate(code, reason) }],
      });
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "failed",
        message: `the update failed: ${code}: ${reason}; live stays on version ${before}`,
        hint: expect.stringMatching(hint),
      });
      expect(await placeOf()).toBe(before);
      await expectMended("checkout", version);
      expect(world().proxy.passed("lambda:UpdateFunctionCode")).toBe(1);
    });

    test("that is never free for an update is given up in time, with nothing begun", async () => {
      await setTarget("checkout", { timeoutSeconds: 3 });
      const version = await commitOther("checkout");
      const before = await placeOf();
      const busy = { kind: "answer", status: 409, code: "ResourceConflictException" } as const;
      const { target } = await fail("checkout", {
        // Right before the function is changed: the alias is looked at once more.
        at: ["lambda:GetAlias", "before"],
        rules: [{ call: "lambda:UpdateFunctionCode", fault: busy }],
      });
      expect(target, target.evidence?.join("\n")).toMatchObject({
        outcome: "failed",
        hint: expect.stringContaining("CloudTrail"),
      });
      expect(target.message).toMatch(
        /waited \d+ s for another update of the function to end; Lambda says: .*An update is in progress/,
      );
      expect(await placeOf()).toBe(before);
      await setTarget("checkout", {});
      await expectMended("checkout", version);
    });

    test("whose alias somebody else moves at the last moment keeps it there, until it is deployed again", async () => {
      const version = await commitOther("checkout");
      const before = await placeOf();
      const others = before === "1" ? "2" : "1";
      const move = (to: string) =>
        world().clients.lambda.send(
          new UpdateAliasCommand({ FunctionName: functionName, Name: "live", FunctionVersion: to }),
        );
      const held = world().proxy.inject({
        call: "lambda:UpdateAlias",
        fault: { kind: "hold", when: "before" },
      });
      const running = world().begin("checkout");
      await reached(held, running.ended);
      await move(others);
      held.release();
      const { exitCode, stdout, stderr } = await running.ended;
      expect(exitCode, stderr).toBe(1);
      expect((JSON.parse(stdout) as DeployDocument).targets).toMatchObject([
        {
          outcome: "failed",
          message: `someone else moved the alias to version ${others}; it stays there`,
        },
      ]);
      expect(await placeOf()).toBe(others);
      await expectMended("checkout", version);
    });

    test("gets back what a killed run has provisioned for a version that never came to run", async () => {
      await setTarget("checkout", { provisionedConcurrency: 1 });
      const now = await world().deploy("checkout");
      expect(now.exitCode, now.stderr).toBe(0);
      const runs = await placeOf();
      await commitOther("checkout");
      const held = world().proxy.inject({
        call: "lambda:UpdateAlias",
        fault: { kind: "hold", when: "before" },
      });
      const running = world().begin("checkout");
      await reached(held, running.ended);
      running.child.kill("SIGKILL");
      await held.abandoned;
      held.release();
      const left = /version (\d+) is ready; moving live/.exec((await running.ended).stderr)?.[1] ?? "";
      expect(await provisionedFor(left)).toBe(1);

      await commitOther("checkout");
      const again = await world().deploy("checkout");
      expect(again.exitCode, again.stderr).toBe(0);
      expect([await placeOf(), await provisionedFor(runs), await provisionedFor(left)]).toEqual([runs, 1, 0]);
    });

    test("whose alias is misspelt is refused before anything is changed, with the right name", async () => {
      await setTarget("checkout", { alias: "liv" });
      await commitOther("checkout");
      const before = await placeOf();
      const { exitCode, stderr } = await world().deploy("checkout");
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /the function does not have this alias, but has others[\s\S]*did you mean "live"\?/,
      );
      expect(world().proxy.passed("lambda:UpdateFunctionCode")).toBe(0);
      expect(await placeOf()).toBe(before);
    });
  });
}

describe("what runs the images", () => describeTargetFaults(useFaultWorld("target-faults")));
