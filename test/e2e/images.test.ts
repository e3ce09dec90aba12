import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  GetLifecyclePolicyCommand,
  PutImageCommand,
  PutLifecyclePolicyCommand,
  SetRepositoryPolicyCommand,
} from "@aws-sdk/client-ecr";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { CommandContext } from "../../runner/cli/command.ts";
import type { ImagesDocument } from "../../runner/commands/images/list.ts";
import type { CredentialsDocument } from "../../runner/commands/k8s/document.ts";
import type { LifecycleCostDocument } from "../../runner/commands/lifecycle/cost.ts";
import type { LifecycleLintDocument } from "../../runner/commands/lifecycle/lint.ts";
import type { LifecyclePreviewDocument } from "../../runner/commands/lifecycle/preview.ts";
import type { LifecycleReportDocument } from "../../runner/commands/lifecycle/report.ts";
import type { StatusDocument } from "../../runner/commands/status/document.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { RunEvent } from "../../runner/report/events.ts";
import { tellLifecycle } from "../../sandbox/demo/lifecycle.ts";
import type { Aged } from "../../sandbox/ecr/ages/request.ts";
import { evaluate } from "../unit/lifecycle/evaluate.ts";
import { testEvidence } from "./evidence/of-images.ts";
import { as } from "./roles.ts";
import { cli, clone, createWorld, shopOnOnePlatform, stack, type World } from "./world.ts";

const directory = join(clone, ".slipway/e2e-images");

let world: World;

beforeAll(async () => {
  world = await createWorld(directory, {
    guarded: true,
    changes: { "services.yaml": await shopOnOnePlatform("ui") },
  });
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

async function run<T>(...words: readonly string[]): Promise<T> {
  const result = await cli(...words, "-C", directory, "--stack", stack, "--output", "json");
  expect(result.exitCode, result.stderr).toBe(0);
  return result.document<T>();
}

const deploy = (...services: readonly string[]) => run<DeployDocument>("deploy", ...services);

async function details(service: string) {
  const { imageDetails = [] } = await world.clients.ecr.send(
    new DescribeImagesCommand({ repositoryName: `shop/${service}`, maxResults: 1000 }),
  );
  return imageDetails;
}

/** The digest that a tag is on. */
async function tagged(service: string, tag: string): Promise<string | undefined> {
  return (await details(service)).find(({ imageTags }) => imageTags?.includes(tag))?.imageDigest;
}

async function images(service: string) {
  const [repository] = (await as("person", () => run<ImagesDocument>("images", service))).repositories;
  if (repository === undefined) throw new Error("no repository was listed");
  return repository;
}

const ofUi = `${stack}-ecs-shop-${stack}.ui`;
const ofCheckout = `${stack}-lambda-shop-checkout-${stack}.live`;

describe("what runs is known to the registry", () => {
  test("by a mark on each image, put by the first deployment that finds it running", async () => {
    const { outcome, services } = await deploy();
    expect(["nothing", "done"]).toContain(outcome);
    const digest = (name: string) => services.find(({ service }) => service === name)?.digest;
    expect(await tagged("ui", `inuse-${ofUi}`)).toBe(digest("ui"));
    // The function runs one platform's manifest; what is kept is the image that it is a part of.
    expect(await tagged("checkout", `inuse-${ofCheckout}`)).toBe(digest("checkout"));
    expect((await deploy()).outcome).toBe("nothing");
  });

  test("after a deployment, by a mark on what runs and one on what ran before, for both kinds", async () => {
    const before = [await tagged("ui", `inuse-${ofUi}`), await tagged("checkout", `inuse-${ofCheckout}`)];
    await world.workspace.write("examples/shop/ui/VERSION", "2.0.0\n");
    await world.workspace.write("examples/shop/checkout/VERSION", "2.0.0\n");
    await world.workspace.commit("ui and checkout 2.0.0");
    const { services } = await deploy("ui", "checkout");
    const [ui, checkout] = services;
    expect(await tagged("ui", `inuse-${ofUi}`)).toBe(ui?.digest);
    expect(await tagged("checkout", `inuse-${ofCheckout}`)).toBe(checkout?.digest);
    expect([
      await tagged("ui", `lastgood-${ofUi}`),
      await tagged("checkout", `lastgood-${ofCheckout}`),
    ]).toEqual(before);
  });

  test("so that the repository's own policy lets neither go, however old they are", async () => {
    const found = await details("ui");
    const { images: manifests = [] } = await world.clients.ecr.send(
      new BatchGetImageCommand({
        repositoryName: "shop/ui",
        imageIds: found.map(({ imageDigest }) => ({ imageDigest })),
      }),
    );
    const parents = new Map(
      manifests.flatMap(({ imageId, imageManifest = "{}" }) => {
        const { manifests: children = [] } = JSON.parse(imageManifest) as {
          manifests?: { digest: string }[];
        };
        return children.map(({ digest }) => [digest, imageId?.imageDigest ?? ""] as const);
      }),
    );
    const { lifecyclePolicyText = "{}" } = await world.clients.ecr.send(
      new GetLifecyclePolicyCommand({ repositoryName: "shop/ui" }),
    );
    const policy = JSON.parse(lifecyclePolicyText) as Parameters<typeof evaluate>[0];
    // The strictest rule there could be behind those that protect.
    const strictest = {
      rulePriority: 900,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 0 },
      action: { type: "expire" },
    } as unknown as (typeof policy.rules)[number];
    const { expired } = evaluate(
      { rules: [...policy.rules.filter(({ selection }) => selection.tagStatus === "tagged"), strictest] },
      found.map(({ imageDigest = "", imageTags = [] }) => {
        const childOf = parents.get(imageDigest);
        return {
          id: imageDigest,
          tags: imageTags,
          pushedDaysAgo: 500,
          ...(childOf === undefined ? {} : { childOf }),
        };
      }),
    );
    const kept = [await tagged("ui", `inuse-${ofUi}`), await tagged("ui", `lastgood-${ofUi}`)];
    for (const digest of kept) {
      expect(expired).not.toContain(digest);
      for (const [child, parent] of parents) if (parent === digest) expect(expired).not.toContain(child);
    }
  });
});

describe("slipway lifecycle", () => {
  /** As the role that only looks. */
  const look = <T>(...words: string[]) => run<T>("lifecycle", ...words);

  test("shows that the policy of the settings takes nothing that runs, in a year", async () => {
    const { repositories, blind } = await look<LifecyclePreviewDocument>("preview", "ui", "--days", "365");
    const ui = repositories.find(({ repository }) => repository === "shop/ui");
    const kept = [await tagged("ui", `inuse-${ofUi}`), await tagged("ui", `lastgood-${ofUi}`)];
    expect(ui?.images).toBe((await details("ui")).length);
    expect(ui?.calendar.filter(({ digest }) => kept.includes(digest))).toEqual([]);
    expect(blind).toEqual([]);
  });

  test("refuses a policy in force that would take what runs, and names the image and the service", async () => {
    const { lifecyclePolicyText = "" } = await world.clients.ecr.send(
      new GetLifecyclePolicyCommand({ repositoryName: "shop/ui" }),
    );
    const strict = {
      rulePriority: 1,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 1 },
      action: { type: "expire" },
    };
    const put = (text: string) =>
      world.clients.ecr.send(
        new PutLifecyclePolicyCommand({ repositoryName: "shop/ui", lifecyclePolicyText: text }),
      );
    await put(JSON.stringify({ rules: [strict] }));
    try {
      const words = ["lifecycle", "preview", "ui", "--policy", "live", "-C", directory, "--stack", stack];
      const result = await cli(...words);
      expect(result.exitCode, result.stderr).toBe(3);
      expect(result.stdout).toContain(`ecs shop-${stack}/ui`);
    } finally {
      await put(lifecyclePolicyText);
    }
  });

  test("pulumi preview refuses a changed retention that would take what a rollback returns to", async () => {
    const tag = `lastgood-${ofUi}`;
    const digest = (await tagged("ui", tag)) ?? "";
    const move = async (to: string) => {
      const id = { repositoryName: "shop/ui", imageIds: [{ imageDigest: to }] };
      const { images: [found] = [] } = await world.clients.ecr.send(new BatchGetImageCommand(id));
      const { imageManifest, imageManifestMediaType } = found ?? {};
      const image = { repositoryName: "shop/ui", imageManifest, imageManifestMediaType, imageTag: tag };
      await world.clients.ecr.send(new PutImageCommand(image));
    };
    const file = join(directory, `Pulumi.${stack}.yaml`);
    const text = await readFile(file, "utf8");
    const settings = parse(text) as { config: Record<string, unknown> };
    settings.config["slipway:retention"] = { rules: [{ images: "any", keepLast: 1 }] };
    // Without its keep tag only the release says that it is needed.
    await move((await tagged("ui", `inuse-${ofUi}`)) ?? "");
    await writeFile(file, stringify(settings));
    try {
      const { exitCode, all } = await world.pulumi(directory, "preview", "--stack", stack);
      expect(exitCode, all).not.toBe(0);
      expect(all).toContain("lifecycle policy of shop/ui");
      expect(all).toContain(digest);
      expect(all).toContain("a rollback returns to it");
    } finally {
      await writeFile(file, text);
      await move(digest);
    }
    expect(await tagged("ui", tag)).toBe(digest);
  });

  test("tells what the images cost, each layer once, and what is odd", async () => {
    const cost = await look<LifecycleCostDocument>("cost", "ui");
    expect(cost.kinds.map(({ what }) => what)).toContain("in use");
    expect(cost.kinds.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(cost.bytes);
    const { repositories } = await look<LifecycleLintDocument>("lint", "ui");
    expect(repositories.every(({ hasPolicy }) => hasPolicy)).toBe(true);
  });
});

describe("slipway images", () => {
  test("lists images with platforms and sizes, what is theirs alone, and what keeps them", async () => {
    const { images: listed, artifacts } = await images("ui");
    const [newest, before] = listed;
    expect(listed).toHaveLength(2);
    expect(newest?.platforms.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
    for (const { bytes } of newest?.platforms ?? []) expect(bytes).toBeGreaterThan(100_000);
    expect(newest?.sharedBytes).toBeGreaterThan(newest?.uniqueBytes ?? 0);
    expect((newest?.sharedBytes ?? 0) + (newest?.uniqueBytes ?? 0)).toBe(newest?.bytes);
    expect(newest?.uses.map(({ where }) => where)).toContain(`ecs shop-${stack}/ui`);
    expect(newest?.ownTags).toContain(`inuse-${ofUi}`);
    expect(before?.uses).toContainEqual({
      where: ofUi,
      why: "marked as the last good image",
      certainty: "returns",
    });
    expect(artifacts.map(({ what }) => what)).toContain("release record");
  });

  test("finds the function of a platform's manifest, and shows the image it is a part of", async () => {
    const [newest] = (await images("checkout")).images;
    const places = newest?.uses.map(({ where }) => where);
    expect(places).toContain(`lambda shop-checkout-${stack}`);
    expect(places).toContain(`lambda shop-checkout-${stack}:live`);
  });

  test("finds what somebody else runs of the same repository, by a tag", async () => {
    const { ecs } = world.clients;
    await ecs.send(new CreateClusterCommand({ clusterName: "elsewhere" }));
    const image = `${world.state.registry}/shop/cart:latest`;
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "elsewhere",
        containerDefinitions: [
          { name: "main", image: "docker.io/library/nginx", memory: 64 },
          { name: "side", image, memory: 64 },
        ],
      }),
    );
    await ecs.send(
      new CreateServiceCommand({
        cluster: "elsewhere",
        serviceName: "borrowed",
        taskDefinition: taskDefinition?.taskDefinitionArn ?? "",
        desiredCount: 0,
      }),
    );
    const [newest] = (await images("cart")).images;
    const found = newest?.uses.find(({ where }) => where === "ecs elsewhere/borrowed");
    expect(found?.why).toMatch(/PRIMARY deployment, elsewhere:1, tag latest/);
  });

  test("finds with --in-use what only a rule of EventBridge starts, and says what it could not see", async () => {
    const { ecs, events } = world.clients;
    const image = `${world.state.registry}/shop/cart:latest`;
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "nightly",
        containerDefinitions: [{ name: "main", image, memory: 64 }],
      }),
    );
    await events.send(
      new PutRuleCommand({ Name: "nightly", ScheduleExpression: "rate(1 day)", State: "DISABLED" }),
    );
    await events.send(
      new PutTargetsCommand({
        Rule: "nightly",
        Targets: [
          {
            Id: "1",
            Arn: `arn:aws:ecs:${world.state.region}:${world.state.account}:cluster/elsewhere`,
            RoleArn: `arn:aws:iam::${world.state.account}:role/events`,
            EcsParameters: { TaskDefinitionArn: taskDefinition?.taskDefinitionArn ?? "" },
          },
        ],
      }),
    );
    const { repositories, coverage } = await as("person", () =>
      run<ImagesDocument>("images", "cart", "--in-use"),
    );
    expect(repositories[0]?.images.flatMap(({ uses }) => uses)).toContainEqual({
      where: "eventbridge rule nightly",
      why: "disabled, starts nightly:1, tag latest",
      certainty: "tag",
    });
    expect(coverage?.lookedAt).toEqual(
      expect.arrayContaining([
        "CodeBuild projects",
        "ECS tasks that EventBridge Scheduler starts",
        "active job definitions of AWS Batch",
      ]),
    );
    // The emulator has neither, and the real ones must not be asked.
    const unseen = coverage?.searched.filter(({ refused }) => refused !== undefined);
    expect(unseen?.map(({ what }) => what)).toEqual(["App Runner services", "SageMaker models"]);
  });

  test("is in one report with what goes and what it costs", async () => {
    const policyText = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::444455556666:root" },
        Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      },
    });
    const byHand = { repositoryName: "shop/cart", policyText };
    await world.clients.ecr.send(new SetRepositoryPolicyCommand(byHand));
    const document = await run<LifecycleReportDocument>("lifecycle", "report");
    expect(document.coverage.notLookedAt).toContain(
      "account 444455556666, which the policy of shop/cart lets pull",
    );
    // The role that only looks may all that the report asks; the emulator has no others.
    const refused = document.coverage.searched.filter((one) => one.refused !== undefined);
    expect(refused.map(({ what }) => what)).toEqual(["App Runner services", "SageMaker models"]);
    expect(document.conflicts).toEqual([]);
    expect(document.inUse.runs).toBeGreaterThan(1);
    expect(document.cost.bytes).toBeGreaterThan(100_000);
    const words = ["lifecycle", "report", "-C", directory, "--stack", stack];
    const { stdout } = await cli(...words);
    expect(stdout).toContain(`images of ${stack}`);
    expect(stdout).toContain("| SageMaker models |");
    expect(stdout).not.toContain(world.state.account);
  });

  test("tells a role that may not search the account what releases and keep tags say", async () => {
    const { exitCode, stderr, document } = await cli(
      ...["images", "ui", "-C", directory, "--stack", stack, "--output", "json"],
    );
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("Could not read what runs in the account");
    const [newest] = document<ImagesDocument>().repositories[0]?.images ?? [];
    expect(newest?.uses).toContainEqual({ where: ofUi, why: "marked as running", certainty: "reported" });
  });

  test("is a table for people, with as many as asked for", async () => {
    const words = ["images", "ui", "-C", directory, "--stack", stack, "--limit", "1"];
    const { stdout, exitCode } = await as("person", () => cli(...words));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^shop\/ui: 2 images, /m);
    expect(stdout).toMatch(new RegExp(`amd64 .*ecs shop-${stack}/ui`));
    expect(stdout).toContain("1 older not shown");
    expect(stdout).not.toContain("inuse-");
  });
});

describe("k8s credentials", () => {
  test("lists the ways to pull from the stack's registry, for its repositories", async () => {
    const { registry, methods } = await run<CredentialsDocument>("k8s", "credentials");
    expect(registry).toMatch(/^localhost:\d+$/);
    expect(methods.map(({ name }) => name)).toEqual(["nodes", "kubelet", "external-secrets", "cronjob"]);
    expect(methods[2]?.steps.join("\n")).toContain("repository/shop/ui");
    const { stdout } = await cli("k8s", "credentials", "-C", directory, "--stack", stack);
    expect(stdout).toMatch(/^How the nodes of a Kubernetes cluster pull from /);
  });

  test("prints manifests alone, so that they can be applied", async () => {
    const image = `public.ecr.aws/aws-cli/aws-cli@sha256:${"a".repeat(64)}`;
    const words = ["k8s", "credentials", "shop", "--method", "cronjob", "--image", image];
    const { stdout, exitCode } = await cli(...words, "-C", directory, "--stack", stack);
    expect(exitCode).toBe(0);
    const kinds = parseAllDocuments(stdout).map((one) => (one.toJS() as { kind: string }).kind);
    expect(kinds).toEqual(["ServiceAccount", "Role", "RoleBinding", "CronJob", "Job"]);
  });

  test("refuses a tag, an image of the registry itself, and a name that is none", async () => {
    const refused = async (...words: readonly string[]) =>
      cli("k8s", "credentials", ...words, "-C", directory, "--stack", stack);
    const tag = await refused("--method", "cronjob", "--image", "public.ecr.aws/aws-cli/aws-cli:2");
    expect(tag.stderr).toContain("does not name the image by its digest");
    const { registry } = await run<CredentialsDocument>("k8s", "credentials");
    const own = `${registry}/aws-cli@sha256:${"a".repeat(64)}`;
    expect((await refused("--method", "cronjob", "--image", own)).stderr).toContain("it could not be pulled");
    const name = await refused("Shop", "--method", "external-secrets");
    expect(name).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("is not the name of a namespace"),
    });
  });

  test("--check says what can't be read, and of which cluster", async () => {
    const { exitCode, stderr } = await cli(
      ...["k8s", "credentials", "shop", "--check", "--kubeconfig", "/nonexistent/kubeconfig"],
      ...["-C", directory, "--stack", stack],
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/kubectl has no cluster to ask|kubectl was not found/);
  });
});

test("status says from which release and commit it is", async () => {
  const { targets } = await run<StatusDocument>("status", "ui");
  const [ui] = targets;
  const commit = await world.workspace.commit("nothing in it");
  expect(ui).toMatchObject({ health: "healthy", source: "current" });
  expect(ui?.release).toMatch(/^\d{8}-\d{6}-[0-9a-f]{6}$/);
  expect(ui?.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(ui?.commit?.startsWith(commit)).toBe(false);
  expect(ui?.digest).toBe(await tagged("ui", `inuse-${ofUi}`));
});

describe("evidence that a stack asks for", () => {
  const running = () => tagged("ui", `inuse-${ofUi}`);
  testEvidence({ directory, world: () => world, deploy, running });
});

describe("a year on the sandbox", () => {
  const daysAgo = (date: Date | undefined) => Math.round((Date.now() - (date?.getTime() ?? 0)) / 86_400_000);

  test("sandbox age gives images a past, platforms and evidence that of their image", async () => {
    const before = await details("cart");
    const spread = await cli(
      "sandbox",
      "age",
      "shop/cart",
      "--over",
      "300",
      "-C",
      directory,
      "--output",
      "json",
    );
    expect(spread.exitCode, spread.stderr).toBe(0);
    const { images: aged } = spread.document<Aged>();
    const after = await details("cart");
    expect(after.map(({ imageDigest }) => imageDigest)).toEqual(before.map(({ imageDigest }) => imageDigest));
    expect(aged.reduce((sum, { parts }) => sum + 1 + parts, 0)).toBe(after.length);
    expect(Math.max(...after.map(({ imagePushedAt }) => daysAgo(imagePushedAt)))).toBeGreaterThan(100);
    const latest = (tagged: typeof after) => tagged.find(({ imageTags }) => imageTags?.includes("latest"));
    const words = ["--days", "90", "--image", "latest", "--pulled-days", "3", "-C", directory];
    expect((await cli("sandbox", "age", "shop/cart", ...words)).stdout).toContain("1 image was pushed");
    const { imagePushedAt, lastRecordedPullTime } = latest(await details("cart")) ?? {};
    expect([daysAgo(imagePushedAt), daysAgo(lastRecordedPullTime)]).toEqual([90, 3]);
    const unknown = await cli(
      "sandbox",
      "age",
      "shop/cart",
      "--days",
      "9",
      "--image",
      "nope",
      "-C",
      directory,
    );
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining("has no image nope")]);
  });

  test("the demo's chapter shows what goes and when, and a policy that takes what a job needs is refused", async () => {
    const said: string[] = [];
    const told = await tellLifecycle({
      context: {
        directory,
        signal: AbortSignal.timeout(300_000),
        emit: (event: RunEvent) => {
          if (event.kind === "notice") said.push(event.message);
        },
      } as unknown as CommandContext,
      root: directory,
      state: world.state,
      clients: world.clients,
      stack,
      preview: async () => {
        const { exitCode, all } = await world.pulumi(directory, "preview", "--stack", stack);
        return { failed: exitCode !== 0, output: all };
      },
    });
    const [ui] = told.preview.repositories;
    // The 26 releases beyond the ten newest, and what lost its tag: the year has both.
    expect(ui?.calendar.filter(({ tags }) => tags.some((tag) => tag.startsWith("v1.")))).toHaveLength(26);
    expect(new Set(told.cleanup.removals.map(({ kind }) => kind))).toEqual(
      new Set(["untagged", "evidence", "caches"]),
    );
    expect(told.refused.join()).toContain("eventbridge rule nightly-report");
    expect(said.join("\n")).toContain("v1.30.0");
    // The stack has its retention of before.
    expect(await readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8")).toContain("preset: releases");
  });
});
