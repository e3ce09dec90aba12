import { readFile, writeFile } from "node:fs/promises";
import { BatchDeleteImageCommand, GetRepositoryPolicyCommand } from "@aws-sdk/client-ecr";
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import picocolors from "picocolors";
import { beforeEach, describe, expect, test } from "vitest";
import type { CleanupPlanDocument } from "../../../../runner/commands/cleanup/plan-file.ts";
import { digestOfPlan } from "../../../../runner/commands/cleanup/plan-file.ts";
import { showApplied, showPlan, showUndone } from "../../../../runner/commands/cleanup/show.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { type CleanupWorld, cleanupWorld } from "./world.ts";

const plain = picocolors.createColors(false);
let world: CleanupWorld;

beforeEach(async () => {
  world = await cleanupWorld();
});

/** A bundle that is attached to another manifest. */
const bundle = (subject: string) => ({
  ...platformManifest({ bundle: 5 }),
  artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  subject: { mediaType: "application/vnd.oci.image.index.v1+json", digest: subject, size: 480 },
});

const planOf = async (file: string) => JSON.parse(await readFile(file, "utf8")) as CleanupPlanDocument;

async function edit(file: string, change: (plan: CleanupPlanDocument) => Partial<CleanupPlanDocument>) {
  const plan = await planOf(file);
  const edited = { ...plan, ...change(plan) };
  await writeFile(file, JSON.stringify(edited));
  return edited;
}

describe("plan, apply, undo", () => {
  test("delete an untagged image with its platforms and evidence, and bring all of it back", async () => {
    const { registry } = world;
    const old = world.pushImage("1");
    const live = world.pushImage("2", "v2");
    const signature = registry.push(bundle(old));
    const kept = registry.push(bundle(live));
    const file = await world.plan();
    const plan = await planOf(file);
    expect(plan.removals.map(({ wave }) => wave)).toEqual([0, 1, 2, 2]);
    expect(plan.removals.map(({ digest }) => digest).slice(0, 2)).toEqual([signature, old]);
    // The base and the bundle stay with the other image; configurations are 100 bytes each.
    expect(plan.freedBytes).toBe(2 * 110);
    expect(showPlan(plan, "cleanup.json", plain)).toContain("slipway cleanup apply cleanup.json");

    const applied = await world.apply(file);
    expect(applied).toMatchObject({ failed: [], skipped: [], notBegun: 0, freedBytes: plan.freedBytes });
    expect(applied.deleted).toHaveLength(4);
    expect([old, signature, live, kept].map(registry.has)).toEqual([false, false, true, true]);
    expect(showApplied(applied, plain)).toContain("Deleted 4 manifests");

    const undone = await world.undo();
    expect(undone).toMatchObject({ present: 0, notRestored: [], notBegun: 0 });
    expect(undone.restored).toHaveLength(4);
    expect([old, signature].map(registry.has)).toEqual([true, true]);
    expect(showUndone(undone, plain)).toContain("Restored 4 manifests and 0 tags");
    expect(await world.undo()).toMatchObject({ present: 4, restored: [] });
  });

  test("the naive recipe would have deleted the platforms of the live image", async () => {
    const live = world.pushImage("1", "v1");
    const file = await world.plan();
    expect((await planOf(file)).removals).toEqual([]);
    expect((await world.apply(file)).deleted).toEqual([]);
    expect(world.registry.has(live)).toBe(true);
    expect(world.registry.calls("BatchDeleteImage")).toBe(0);
  });

  test("no deletion is by tag: it may have moved to another image", async () => {
    world.registry.push(platformManifest({ cache: 1 }), "v1");
    world.registry.push(
      { ...platformManifest({ c: 1 }), artifactType: "application/vnd.buildkit.cacheconfig.v0" },
      "x",
    );
    await world.apply(await world.plan());
    const inputs = world.registry.mock
      .commandCalls(BatchDeleteImageCommand as never)
      .map(({ args }) => args[0].input);
    const ids = inputs.flatMap(({ imageIds }: { imageIds: object[] }) => imageIds);
    expect(ids.length).toBe(1);
    for (const id of ids) expect(Object.keys(id)).toEqual(["imageDigest"]);
  });

  test("a hundred at a time", async () => {
    for (let number = 0; number < 230; number++) world.registry.push(platformManifest({ [`${number}`]: 1 }));
    const applied = await world.apply(await world.plan());
    expect(applied.deleted).toHaveLength(230);
    expect(world.registry.calls("BatchDeleteImage")).toBe(3);
  });

  test("each manifest is in the record before it is deleted", async () => {
    const old = world.pushImage("1");
    const recorded: boolean[] = [];
    world.registry.mock
      .on(BatchDeleteImageCommand as never)
      .callsFake(async ({ imageIds }: { imageIds: { imageDigest: string }[] }) => {
        const text = await readFile(world.undoFile, "utf8");
        for (const { imageDigest } of imageIds) recorded.push(text.includes(`"digest":"${imageDigest}"`));
        return { imageIds, failures: [] };
      });
    await world.apply(await world.plan());
    expect(recorded).toEqual([true, true, true]);
    expect(await readFile(world.undoFile, "utf8")).toContain(old);
  });

  test("failures are told one by one, with ECR's code, and what has to go after them stays", async () => {
    const old = world.pushImage("1");
    const other = world.registry.push(platformManifest({ other: 1 }));
    world.registry.mock
      .on(BatchDeleteImageCommand as never)
      .callsFake(async ({ imageIds }: { imageIds: { imageDigest: string }[] }) => ({
        imageIds: imageIds.filter(({ imageDigest }) => imageDigest !== old),
        failures: imageIds
          .filter(({ imageDigest }) => imageDigest === old)
          .map((imageId) => ({ imageId, failureCode: "KmsError", failureReason: "the key is disabled" })),
      }));
    const applied = await world.apply(await world.plan());
    expect(applied.deleted.map(({ digest }) => digest)).toEqual([other]);
    expect(applied.failed).toMatchObject([{ digest: old, code: "KmsError", message: "the key is disabled" }]);
    expect(applied.skipped.map(({ reason }) => reason)).toEqual([
      `${old} is still there`,
      `${old} is still there`,
    ]);
    expect(showApplied(applied, plain)).toContain("KmsError: the key is disabled");
  });

  test("Ctrl-C stops between two batches; the record is complete, and the plan goes on from there", async () => {
    for (let number = 0; number < 150; number++) world.registry.push(platformManifest({ [`${number}`]: 1 }));
    const file = await world.plan();
    const interruption = new AbortController();
    const session = world.session({ signal: interruption.signal });
    const send = session.clients.uninterruptible.ecr.send.bind(session.clients.uninterruptible.ecr);
    const uninterruptible = {
      ...session.clients,
      ecr: {
        send: (command: never) => {
          interruption.abort();
          return send(command);
        },
      },
    };
    const clients = { ...session.clients, uninterruptible } as never;
    const first = await world.apply(file, { ...session, clients });
    expect([first.deleted.length, first.notBegun]).toEqual([100, 50]);
    expect(showApplied(first, plain)).toContain("Interrupted: 50 manifests were not touched");
    const record = (await readFile(world.undoFile, "utf8")).trim().split("\n");
    expect(record).toHaveLength(101);
    const second = await world.apply(file);
    expect([second.deleted.length, second.notBegun]).toEqual([50, 0]);
    expect((await world.undo()).restored).toHaveLength(150);
  });
});

describe("a plan is refused", () => {
  const code = (work: Promise<unknown>) =>
    work.then(
      () => "accepted",
      (error: { problems?: { code: string }[]; exitCode?: number }) => [
        error.problems?.[0]?.code,
        error.exitCode,
      ],
    );

  test("when it is older than an hour, or of the future", async () => {
    world.pushImage("1");
    const file = await world.plan();
    const now = Date.now();
    expect(await code(world.apply(file, world.session(), now + 61 * 60_000))).toEqual([
      "cleanup-plan-old",
      3,
    ]);
    expect(await code(world.apply(file, world.session(), now - 10 * 60_000))).toEqual([
      "cleanup-plan-old",
      3,
    ]);
    expect(await code(world.apply(file, world.session(), now + 59 * 60_000))).toBe("accepted");
  });

  test("when somebody has edited it", async () => {
    world.pushImage("1");
    const live = world.pushImage("2", "v2");
    const file = await world.plan();
    await edit(file, ({ removals }) => ({ removals: removals.map((one) => ({ ...one, digest: live })) }));
    expect(await code(world.apply(file))).toEqual(["cleanup-plan-invalid", 2]);
    await writeFile(file, "{}");
    expect(await code(world.apply(file))).toEqual(["cleanup-plan-invalid", 2]);
    expect(world.registry.calls("BatchDeleteImage")).toBe(0);
  });

  test.each([
    ["account", { caller: { account: "999988887777", arn: "" } }],
    ["registry", { registry: "localhost:5000" }],
  ])("when it is of another %s", async (_what, more) => {
    world.pushImage("1");
    const file = await world.plan();
    expect(await code(world.apply(file, world.session(more)))).toEqual(["cleanup-elsewhere", 2]);
  });

  test("when services.yaml has changed", async () => {
    world.pushImage("1");
    const file = await world.plan();
    const { catalogue } = world.session();
    const changed = world.session({ catalogue: { ...catalogue, leftOut: ["cart"] } as never });
    expect(await code(world.apply(file, changed))).toEqual(["cleanup-policy-changed", 3]);
  });

  test("when the in-use set has changed: a service runs one of the images by now", async () => {
    const old = world.pushImage("1");
    const file = await world.plan();
    runs(old);
    expect(await code(world.apply(file))).toEqual(["cleanup-in-use-changed", 3]);
    expect(world.registry.has(old)).toBe(true);
  });

  test("when another account was let in by now, which nobody asks", async () => {
    const old = world.pushImage("1");
    const file = await world.plan();
    const Principal = { AWS: "arn:aws:iam::444455556666:root" };
    const statement = { Effect: "Allow", Principal, Action: "ecr:BatchGetImage" };
    world.registry.mock
      .on(GetRepositoryPolicyCommand as never)
      .resolves({ policyText: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) } as never);
    expect(await code(world.apply(file))).toEqual(["cleanup-in-use-changed", 3]);
    expect(world.registry.has(old)).toBe(true);
  });

  test("even one that was made to fit: each image is judged again", async () => {
    const live = world.pushImage("1", "v1");
    world.pushImage("2");
    const file = await world.plan();
    const edited = await edit(file, ({ removals }) => ({
      removals: [...removals, { ...(removals[0] as (typeof removals)[number]), digest: live, tags: ["v1"] }],
    }));
    await writeFile(file, JSON.stringify({ ...edited, digest: digestOfPlan(edited) }));
    const applied = await world.apply(file);
    expect(applied.skipped).toMatchObject([{ digest: live, reason: "it is no longer what the plan says" }]);
    expect(world.registry.has(live)).toBe(true);
  });
});

describe("what has changed since the plan", () => {
  test("a new tag keeps an image", async () => {
    const old = world.pushImage("1");
    const file = await world.plan();
    world.registry.tagsOf(old).push("v9");
    const applied = await world.apply(file);
    expect(applied.deleted).toEqual([]);
    expect(world.registry.has(old)).toBe(true);
  });

  test("an index that was pushed during the run keeps what it lists", async () => {
    const lone = world.registry.push(platformManifest({ lone: 1 }));
    const old = world.registry.push(indexOf({ "linux/amd64": lone }));
    const file = await world.plan();
    let index = "";
    world.registry.mock
      .on(BatchDeleteImageCommand as never)
      .callsFake(async ({ imageIds }: { imageIds: { imageDigest: string }[] }) => {
        // Somebody pushes while the first batch goes.
        index ||= world.registry.push(
          { ...indexOf({ "linux/arm64": lone }), annotations: { new: "yes" } },
          "v1",
        );
        return { imageIds, failures: [] };
      });
    const applied = await world.apply(file);
    expect(applied.deleted.map(({ digest }) => digest)).toEqual([old]);
    expect(applied.skipped).toMatchObject([{ digest: lone, reason: `${index}, pushed since, refers to it` }]);
  });

  test("what is gone already is no failure", async () => {
    const lone = world.registry.push(platformManifest({ lone: 1 }));
    const file = await world.plan();
    await world.apply(file);
    expect(world.registry.has(lone)).toBe(false);
    expect(await world.apply(file)).toMatchObject({ deleted: [], failed: [], skipped: [], undo: undefined });
  });
});

describe("undo says what it can't restore", () => {
  test("layers that ECR has removed, and a tag that is on another image by now", async () => {
    const type = { artifactType: "application/vnd.buildkit.cacheconfig.v0" };
    const cache = world.registry.push(
      { ...platformManifest({ one: 1 }), ...type },
      "ui-linux-amd64",
      "other",
    );
    const gone = world.registry.push(platformManifest({ gone: 1 }));
    await world.apply(await world.plan());
    world.registry.withoutLayers.add(gone);
    const newer = world.registry.push({ ...platformManifest({ two: 1 }), ...type }, "ui-linux-amd64");
    const undone = await world.undo();
    expect(undone.restored).toMatchObject([{ digest: cache }]);
    expect(undone.tags).toMatchObject([{ digest: cache, tag: "other" }]);
    expect(undone.notRestored).toMatchObject([
      {
        digest: gone,
        code: "LayersNotFoundException",
        message: "ECR has removed its layers; build or push it again",
      },
      { digest: cache, tag: "ui-linux-amd64", code: "TagMoved" },
    ]);
    expect(world.registry.tagsOf(newer)).toEqual(["ui-linux-amd64"]);
    expect(showUndone(undone, plain)).toContain("TagMoved");
  });

  test("half a line of a killed run is passed over", async () => {
    world.registry.push(platformManifest({ lone: 1 }));
    await world.apply(await world.plan());
    await writeFile(world.undoFile, `${await readFile(world.undoFile, "utf8")}{"repository":"shop/ui","dig`);
    expect((await world.undo()).restored).toHaveLength(1);
  });
});

describe("pull requests", () => {
  test("are unknown without a token, and their images stay", async () => {
    world.pushImage("1", "pr-7");
    const plan = await planOf(await world.plan());
    expect(plan.removals).toEqual([]);
    expect(plan.kept).toMatchObject([
      { kind: "pull-requests", reason: "GitHub did not say whether #7 is closed" },
    ]);
    expect(plan.blind).toEqual([
      "pull requests: the repository on GitHub is not known; set GITHUB_REPOSITORY or slipway:github.repository",
    ]);
  });
});

/** ECS runs an image from now on. */
function runs(digest: string): void {
  const arn = "arn:aws:ecs:eu-central-1:111122223333";
  const image = `111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/ui@${digest}`;
  const taskDefinition = `${arn}:task-definition/ui:1`;
  mockClient(ECSClient)
    .on(ListClustersCommand)
    .resolves({ clusterArns: [`${arn}:cluster/shop`] })
    .on(ListServicesCommand)
    .resolves({ serviceArns: [`${arn}:service/shop/ui`] })
    .on(ListTasksCommand)
    .resolves({ taskArns: [] })
    .on(ListTaskDefinitionsCommand)
    .resolves({ taskDefinitionArns: [taskDefinition] })
    .on(DescribeServicesCommand)
    .resolves({
      services: [
        {
          serviceName: "ui",
          serviceArn: `${arn}:service/shop/ui`,
          clusterArn: `${arn}:cluster/shop`,
          taskDefinition,
          deployments: [{ status: "PRIMARY", taskDefinition }],
        },
      ],
    })
    .on(DescribeTaskDefinitionCommand)
    .resolves({
      taskDefinition: { family: "ui", revision: 1, containerDefinitions: [{ name: "ui", image }] },
    });
}
