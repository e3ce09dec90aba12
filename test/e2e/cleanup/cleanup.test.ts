import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CreateRepositoryCommand } from "@aws-sdk/client-ecr";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CleanupAppliedDocument } from "../../../runner/commands/cleanup/apply.ts";
import type { CleanupPlanDocument } from "../../../runner/commands/cleanup/plan-file.ts";
import type { CleanupUndoneDocument } from "../../../runner/commands/cleanup/undo.ts";
import { blobOf, digestOf } from "../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { listDetails } from "../../../runner/registry/contents.ts";
import { putBlob, putManifest } from "../../../runner/registry/push.ts";
import { readStoredManifests } from "../../../runner/registry/removal/removal.ts";
import { cli, clone, createWorld, shopOnOnePlatform, stack, type World } from "../world.ts";

const directory = join(clone, ".slipway/e2e-cleanup");
const repository = "shop/ui";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

let world: World;

beforeAll(async () => {
  // With a catalogue of its own nothing is built: what this test looks at it pushes itself.
  world = await createWorld(directory, { catalogue: await shopOnOnePlatform() });
  await world.clients.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }));
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  await world?.end();
});

const words = (...more: readonly string[]) => ["-C", directory, "--stack", stack, ...more];
const signal = () => AbortSignal.timeout(60_000);

async function push(manifest: { readonly mediaType: string }, tag?: string): Promise<string> {
  const connection = connectToRegistry(world.clients, world.state.registry, signal());
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);
  await putManifest(connection, repository, tag ?? digest, { mediaType: manifest.mediaType, text });
  return digest;
}

async function pushPlatform(name: string, more: object = {}): Promise<string> {
  const connection = connectToRegistry(world.clients, world.state.registry, signal());
  const config = blobOf(
    "application/vnd.oci.image.config.v1+json",
    JSON.stringify({ config: { Labels: { name } } }),
  );
  const layer = blobOf("application/vnd.oci.image.layer.v1.tar+gzip", `layer of ${name}`);
  for (const blob of [config, layer]) await putBlob(connection, repository, blob);
  const descriptor = ({ mediaType, digest, bytes }: typeof config) => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor(config),
    layers: [descriptor(layer)],
  };
  return push({ ...manifest, ...more });
}

function pushIndex(children: readonly string[], tag?: string): Promise<string> {
  const manifests = children.map((digest, index) => ({
    mediaType: manifestType,
    digest,
    size: 400,
    platform: { os: "linux", architecture: index === 0 ? "amd64" : "arm64" },
  }));
  return push({ schemaVersion: 2, mediaType: indexType, manifests } as never, tag);
}

/** What the repository holds: digest → tags and the manifest. */
async function held(): Promise<Map<string, { tags: string[]; text: string | undefined }>> {
  const details = (await listDetails(world.clients, repository, signal())) ?? [];
  const digests = details.map(({ imageDigest = "" }) => imageDigest);
  const manifests = await readStoredManifests(world.clients, repository, digests, signal());
  return new Map(
    details.map(({ imageDigest = "", imageTags = [] }) => [
      imageDigest,
      { tags: imageTags.toSorted(), text: manifests.get(imageDigest)?.text },
    ]),
  );
}

/** An ECS service that wants no task now, and that would run this image with the next one. */
async function runs(digest: string): Promise<void> {
  const { ecs } = world.clients;
  await ecs.send(new CreateClusterCommand({ clusterName: "elsewhere" }));
  const image = `${world.state.registry}/${repository}@${digest}`;
  const containerDefinitions = [{ name: "main", image, memory: 64 }];
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({ family: "elsewhere", containerDefinitions }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster: "elsewhere",
      serviceName: "quiet",
      taskDefinition: taskDefinition?.taskDefinitionArn,
      desiredCount: 0,
    }),
  );
}

test("a clean-up deletes what nothing needs, and undo brings every byte and tag of it back", async () => {
  const [live, shared, old, running] = await Promise.all(
    ["live", "shared", "old", "running"].map((name) => pushPlatform(name)),
  );
  const liveIndex = await pushIndex([live ?? "", shared ?? ""], "v1");
  const oldIndex = await pushIndex([old ?? "", shared ?? ""]);
  const subject = { mediaType: indexType, digest: oldIndex, size: 400 };
  const evidence = await pushPlatform("evidence", { artifactType: "application/vnd.example.sbom", subject });
  const type = { artifactType: "application/vnd.buildkit.cacheconfig.v0" };
  const cache = await pushPlatform("cache", type);
  const tagged = JSON.parse((await held()).get(cache)?.text ?? "{}");
  await push(tagged, "ui-linux-amd64");
  await runs(running ?? "");
  const before = await held();
  const going = [oldIndex, old, evidence, cache];

  const out = join(directory, "cleanup.json");
  const options = ["--keep-newest", "0", "--grace-days", "0", "--out", out, "--output", "json"];
  const planned = await cli("cleanup", "plan", "ui", ...words(...options));
  expect(planned.exitCode, planned.stderr).toBe(0);
  const plan = planned.document<CleanupPlanDocument>();
  expect(plan.removals.map(({ digest }) => digest).toSorted()).toEqual(going.toSorted());
  expect(plan.kept).toMatchObject([
    { digest: running, reason: expect.stringContaining("ecs elsewhere/quiet") },
  ]);
  expect(await held()).toEqual(before);

  const unasked = await cli("cleanup", "apply", out, ...words());
  expect([unasked.exitCode, unasked.stderr]).toEqual([2, expect.stringContaining("pass --yes")]);

  const result = await cli("cleanup", "apply", out, ...words("--yes", "--output", "json"));
  expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const applied = result.document<CleanupAppliedDocument>();
  expect(applied.deleted.map(({ digest }) => digest).toSorted()).toEqual(going.toSorted());
  const left = await held();
  expect([...left.keys()].toSorted()).toEqual([live, shared, liveIndex, running].toSorted());

  const record = applied.undo ?? "";
  expect((await readFile(record, "utf8")).trim().split("\n")).toHaveLength(1 + going.length);
  const undone = await cli("cleanup", "undo", record, ...words("--output", "json"));
  expect(undone.exitCode, undone.stderr + undone.stdout).toBe(0);
  expect(undone.document<CleanupUndoneDocument>()).toMatchObject({
    notRestored: [],
    tags: [{ tag: "ui-linux-amd64" }],
  });
  expect(await held()).toEqual(before);
});

test("a plan is refused once a service runs one of its images", async () => {
  const lone = await pushPlatform("lone");
  const out = join(directory, "second.json");
  const options = ["--keep-newest", "0", "--grace-days", "0", "--kinds", "untagged", "--out", out];
  expect((await cli("cleanup", "plan", "ui", ...words(...options))).exitCode).toBe(0);
  const { ecs } = world.clients;
  const containerDefinitions = [
    { name: "main", image: `${world.state.registry}/${repository}@${lone}`, memory: 64 },
  ];
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({ family: "other", containerDefinitions }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster: "elsewhere",
      serviceName: "other",
      taskDefinition: taskDefinition?.taskDefinitionArn,
      desiredCount: 0,
    }),
  );
  const result = await cli("cleanup", "apply", out, ...words("--yes"));
  expect([result.exitCode, result.stderr]).toEqual([
    3,
    expect.stringContaining("has changed since the plan was made"),
  ]);
  expect((await held()).has(lone)).toBe(true);
});
