import { describe, expect, it } from "vitest";
import { platformSchema } from "../../../../config/stack/platform.ts";
import { planEcs } from "../../../../runner/targets/ecs/plan.ts";
import { nextRevision } from "../../../../runner/targets/ecs/revisions/task-definition.ts";
import { image } from "../fakes.ts";
import {
  deployment,
  foundState,
  newReference,
  oldReference,
  service,
  target,
  taskDefinition,
} from "./builders.ts";

const plan = (...[found, definition]: Parameters<typeof foundState>) =>
  planEcs("ui", target, foundState(found, definition), image);

describe("planning an ECS service", () => {
  it("changes the image of the one container, by digest", () => {
    expect(plan()).toMatchObject({
      title: "ecs shop/ui",
      action: "update",
      changes: [{ field: "containerDefinitions[ui].image", before: oldReference, after: newReference }],
      problems: [],
      notes: [],
    });
  });

  it("does nothing when this image came to run", () => {
    expect(plan(service([deployment(1)]), taskDefinition(1, newReference)).action).toBe("none");
  });

  it.each(["IN_PROGRESS", "FAILED"] as const)(
    "goes on when this image is declared, but its deployment is %s",
    (rolloutState) => {
      const { action, changes } = plan(
        service([deployment(1, { rolloutState })]),
        taskDefinition(1, newReference),
      );
      expect(action).toBe("update");
      expect(changes).toEqual([{ field: "deployment", before: rolloutState, after: "COMPLETED" }]);
    },
  );

  it("suggests the container that was meant", () => {
    const { problems, changes } = planEcs("ui", { ...target, container: "prox" }, foundState(), image);
    expect(problems[0]).toMatchObject({ code: "unknown-container", value: "prox" });
    expect(problems[0]?.fix).toContain('did you mean "proxy"?');
    expect(changes).toEqual([]);
  });

  it("refuses an image that is not built for the tasks' architecture", () => {
    const arm = taskDefinition(1, oldReference, { runtimePlatform: { cpuArchitecture: "ARM64" } });
    const onlyAmd64 = { ...image, manifests: { "linux/amd64": image.digest } };
    expect(planEcs("ui", target, foundState(undefined, arm), onlyAmd64).problems[0]).toMatchObject({
      code: "platform-mismatch",
      value: "linux/arm64",
    });
    expect(planEcs("ui", target, foundState(undefined, arm), image).problems).toEqual([]);
  });

  it("names no platform that services.yaml can't have", () => {
    const family = (runtimePlatform: object) =>
      planEcs("ui", target, foundState(undefined, taskDefinition(1, oldReference, { runtimePlatform })), {
        ...image,
        manifests: { "linux/s390x": image.digest },
      }).problems[0]?.fix ?? "";
    expect(family({ operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" })).not.toContain("platforms");
    expect(family({ operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" })).toContain("runtimePlatform");
    for (const runtimePlatform of [{ cpuArchitecture: "ARM64" }, { cpuArchitecture: "X86_64" }]) {
      const [, platform] = /^add (\S+) to the service's platforms/.exec(family(runtimePlatform)) ?? [];
      expect(platformSchema.safeParse(platform).success).toBe(true);
    }
  });

  it("takes Fargate for x86_64 when the task definition does not say, and EC2 for whatever its instances are", () => {
    const silent = taskDefinition(1, oldReference, { runtimePlatform: undefined });
    const onlyArm64 = { ...image, manifests: { "linux/arm64": image.digest } };
    const on = (more: object) =>
      planEcs("ui", target, foundState(service([deployment(1)], more), silent), onlyArm64).problems.length;
    expect(on({ launchType: "FARGATE" })).toBe(1);
    const spot = { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT" }] };
    expect(on(spot)).toBe(1);
    expect(on({ launchType: "EC2" })).toBe(0);
  });

  it("says that nothing will run when the desired count is 0", () => {
    const none = service([deployment(1, { desiredCount: 0, runningCount: 0 })], { desiredCount: 0 });
    expect(plan(none)).toMatchObject({ action: "update", problems: [] });
    expect(plan(none).notes[0]).toContain("desired count is 0");
  });

  it("says that a daemon service runs on each instance, whatever its count", () => {
    const daemon = service([deployment(1)], { schedulingStrategy: "DAEMON", desiredCount: 0 });
    expect(plan(daemon).notes).toEqual(["it is a daemon service: one task on each instance"]);
  });

  it("says what it supersedes, and that nothing would stop a bad version", () => {
    const busy = service([deployment(1, { rolloutState: "IN_PROGRESS" })], { deploymentConfiguration: {} });
    const { notes } = plan(busy);
    expect(notes.join()).toContain("shop-ui:1 is still in progress");
    expect(notes.join()).toContain("without a deployment circuit breaker");
  });
});

describe("the next revision", () => {
  const current = taskDefinition(7, oldReference, { futureField: { deep: [1] }, pidMode: null });
  const tags = [
    { key: "team", value: "shop" },
    { key: "aws:cloudformation:stack-name", value: "x" },
  ];
  const next = nextRevision(current, tags, { ui: newReference });

  it("differs in the image of one container only", () => {
    const [ui, proxy] = next.containerDefinitions as { image: string }[];
    expect(ui).toEqual({ ...current.containerDefinitions[0], image: newReference });
    expect(proxy).toEqual(current.containerDefinitions[1]);
  });

  it("leaves out what may not be registered, and keeps what nobody here knows", () => {
    expect(Object.keys(next).sort()).toEqual([
      "containerDefinitions",
      "cpu",
      "family",
      "futureField",
      "memory",
      "networkMode",
      "requiresCompatibilities",
      "runtimePlatform",
      "tags",
    ]);
    expect(next.futureField).toEqual({ deep: [1] });
  });

  it("keeps the tags that are ours to set, and sends no empty list", () => {
    expect(next.tags).toEqual([{ key: "team", value: "shop" }]);
    expect(nextRevision(current, [], { ui: newReference })).not.toHaveProperty("tags");
  });
});
