import { ListProjectsCommand } from "@aws-sdk/client-codebuild";
import { ECSClient } from "@aws-sdk/client-ecs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import picocolors from "picocolors";
import { beforeEach, describe, expect, it, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../../config/catalogue/catalogue.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { artifactName, describeRepository } from "../../../../runner/commands/images/describe.ts";
import { type ImagesDocument, listImages } from "../../../../runner/commands/images/list.ts";
import { showImages } from "../../../../runner/commands/images/show.ts";
import { showInUse } from "../../../../runner/commands/images/show-in-use.ts";
import { readContents } from "../../../../runner/registry/contents.ts";
import { formatAge } from "../../../../runner/report/duration.ts";
import type { RunEvent } from "../../../../runner/report/events.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { commitOf } from "../../../../runner/tags/own.ts";
import { nothingElseInUse, otherClients } from "../../in-use/nothing-else.ts";
import { type FakeRegistry, fakeRegistry, indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { awsError, ecrOnly } from "../../registry/fixtures.ts";

let registry: FakeRegistry;
beforeEach(() => {
  registry = fakeRegistry("shop/ui");
});

const entries = async () =>
  (await readContents(ecrOnly(), "shop/ui", new AbortController().signal))?.entries ?? [];

/** An image for two platforms, of a common base and a layer of its own. */
function pushImage(name: string, ...tags: string[]): string {
  const manifests = Object.fromEntries(
    ["amd64", "arm64"].map((architecture) => [
      `linux/${architecture}`,
      registry.push(platformManifest({ [`base ${architecture}`]: 1000, [`${name} ${architecture}`]: 10 })),
    ]),
  );
  return registry.push(indexOf(manifests), ...tags);
}

describe("the images of a repository", () => {
  it("are listed with their platforms, the newest first, and not their manifests apart from them", async () => {
    const first = pushImage("1", "v1", "src-aa", "0123abc");
    const second = pushImage("2", "v2", "inuse-dev-ecs-shop.ui");
    const { images, artifacts } = describeRepository(await entries(), new Map());
    expect(images.map(({ digest }) => digest)).toEqual([second, first]);
    expect(artifacts).toEqual([]);
    expect(images[1]).toMatchObject({ tags: ["0123abc", "v1"], ownTags: ["src-aa"], commit: "0123abc" });
    expect(images[0]?.platforms).toEqual([
      expect.objectContaining({ platform: "linux/amd64", bytes: 1110 }),
      expect.objectContaining({ platform: "linux/arm64", bytes: 1110 }),
    ]);
  });

  it("tell what each has alone, and what it shares with others", async () => {
    pushImage("1", "v1");
    const [alone] = describeRepository(await entries(), new Map()).images;
    expect(alone).toMatchObject({ bytes: 2220, uniqueBytes: 2220, sharedBytes: 0 });
    pushImage("2", "v2");
    for (const image of describeRepository(await entries(), new Map()).images) {
      expect(image).toMatchObject({ bytes: 2220, uniqueBytes: 220, sharedBytes: 2000 });
    }
  });

  it("count a layer that an image has twice once", async () => {
    const layers = { same: 500 };
    const one = registry.push(platformManifest(layers, 100));
    registry.push(indexOf({ "linux/amd64": one, "linux/arm64": one }), "v1");
    expect(describeRepository(await entries(), new Map()).images[0]).toMatchObject({ bytes: 600 });
  });

  it("without an index are of the one platform there is, or of an unknown one", async () => {
    registry.push(platformManifest({ a: 1 }), "v1");
    const found = await entries();
    expect(describeRepository(found, new Map()).images[0]?.platforms[0]?.platform).toBe("unknown");
    expect(describeRepository(found, new Map(), "linux/arm64").images[0]?.platforms[0]?.platform).toBe(
      "linux/arm64",
    );
  });

  it("say what needs them", async () => {
    const digest = pushImage("1", "v1");
    const uses = [{ where: "ecs shop/ui", why: "PRIMARY deployment" }];
    expect(describeRepository(await entries(), new Map([[digest, uses]])).images[0]?.uses).toEqual(uses);
  });

  it("are apart from what is none: records, caches, signatures, lists of what is attached", async () => {
    const digest = pushImage("1", "v1");
    const artifact = (artifactType: string, subject?: string) => ({
      ...platformManifest({ [artifactType]: 7 }, 2),
      artifactType,
      ...(subject === undefined ? {} : { subject: { digest: subject } }),
    });
    const record = registry.push(artifact("application/vnd.slipway.release.v1+json", digest));
    registry.push(indexOf({ "unknown/unknown": record }), `sha256-${digest.slice("sha256:".length)}`);
    registry.push(
      {
        ...platformManifest({ c: 1 }),
        config: { ...platformManifest({}).config, mediaType: "application/vnd.buildkit.cacheconfig.v0" },
      },
      "cache",
    );
    registry.push(platformManifest({ signature: 1 }), `sha256-${"0".repeat(64)}.sig`);
    // A list that a newer one has replaced.
    registry.push({ ...indexOf({ "unknown/unknown": record }), annotations: { older: "yes" } });
    const { images, artifacts } = describeRepository(await entries(), new Map());
    expect(images.map((image) => image.digest)).toEqual([digest]);
    expect(artifacts.map(({ what }) => what)).toEqual([
      "referrers index",
      "signature",
      "build cache",
      "referrers index",
    ]);
  });
});

test.each([
  [["v1", "0123abc"], "0123abc"],
  [["main-0123abcd", "0123abc"], "0123abcd"],
  [["20260501-120000", "1234567"], undefined],
  [["src-0123abc0123abc0123abc0123abc0123"], undefined],
  [["latest"], undefined],
])("the commit that %j tell of is %s", (tags, commit) => {
  expect(commitOf(tags)).toBe(commit);
});

test.each([
  ["application/vnd.slipway.release.v1+json", "release record"],
  ["application/vnd.dev.cosign.artifact.sig.v1+json", "signature"],
  ["application/spdx+json", "SBOM"],
  ["application/vnd.example+json", "application/vnd.example+json"],
])("people call %s a %s", (type, name) => {
  expect(artifactName(type)).toBe(name);
});

test.each([
  [-5, "0 s"],
  [59_999, "59 s"],
  [3_599_000, "59 min"],
  [47 * 3600_000, "47 h"],
  [48 * 3600_000, "2 days"],
])("%d ms ago is %s", (milliseconds, age) => {
  expect(formatAge(milliseconds)).toBe(age);
});

test("what people read: own tags folded away, older ones counted, artifacts apart", async () => {
  pushImage("1", "v1", "src-aa");
  const digest = pushImage("2", "v2", "src-bb", "lastgood-dev-ecs-shop.ui");
  const uses = [
    { where: "ecs shop/ui", why: "PRIMARY deployment" },
    { where: "ecs shop/ui", why: "task" },
    { where: "dev-ecs-x.y", why: "marked as the last good image" },
  ];
  const { images } = describeRepository(await entries(), new Map([[digest, uses]]));
  const artifact = { digest, what: "release record", pushedAt: undefined, tags: [], bytes: 2048 };
  const document: ImagesDocument = {
    version: 1,
    kind: "images",
    stack: "dev",
    account: "111122223333",
    region: "eu-west-1",
    repositories: [
      {
        service: "ui",
        repository: "shop/ui",
        exists: true,
        images: images.slice(0, 1),
        olderImages: 1,
        artifacts: [artifact, artifact],
        archived: [
          { digest, tags: ["v0.9"], pushedAt: undefined, bytes: 1, isBeingRestored: true },
          { digest, tags: [], pushedAt: undefined, bytes: 1, isBeingRestored: false },
        ],
        bytes: 2440,
      },
      {
        service: "new",
        repository: "shop/new",
        exists: false,
        images: [],
        olderImages: 0,
        artifacts: [],
        archived: [],
        bytes: 0,
      },
    ],
  };
  const now = new Date(Date.UTC(2026, 4, 3, 12));
  const colours = picocolors.createColors(false);
  const text = showImages(document, colours, { allTags: false, now });
  expect(text).toContain("shop/ui: 2 images, 2.44 kB");
  expect(text).toMatch(/amd64 1\.11 kB +220 B +2 kB +v2 \+2 +ecs shop\/ui$/m);
  expect(text).toMatch(/arm64 1\.11 kB +dev-ecs-x\.y \(marked as the last good image\)$/m);
  expect(text).toContain("1 older not shown (--limit 0 shows all)");
  expect(text).toContain("other artifacts: 2 × release record (4.1 kB)");
  expect(text).toContain("archived: 2 manifests (v0.9), 1 of them being restored");
  expect(text).toContain("shop/new: this repository does not exist yet");
  expect(showImages(document, colours, { allTags: true, now })).toContain("lastgood-dev-ecs-shop.ui");
});

/** A session whose credentials read repositories, and whose calls of ECS and Lambda end in this. */
function sessionThat(ends: () => Promise<never>, events: RunEvent[]): Session {
  const { services } = resolveCatalogue(
    catalogueSchema.parse({ services: { ui: { context: "ui" } } }),
    "dev",
  );
  const settings = slipwaySchema.parse({ repositories: { prefix: "shop" } });
  const region = "eu-west-1";
  const ecs = Object.assign(new ECSClient({ region }), { send: ends });
  const lambda = Object.assign(new LambdaClient({ region }), { send: ends });
  return {
    directory: "/project",
    services,
    catalogue: { services },
    settings: { ...settings, aws: awsSchema.parse({ region }), stack: "dev" },
    caller: { account: "111122223333", arn: "" },
    registry: "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    clients: { ...ecrOnly(), ecs, lambda },
    signal: new AbortController().signal,
    emit: (event: RunEvent) => events.push(event),
    timeline: { run: (_: unknown, work: () => unknown) => work() },
  } as unknown as Session;
}

test("are listed for a role that may not search the account, with what their tags say, and a notice", async () => {
  const digest = pushImage("1", "v1", "inuse-dev-ecs-shop.ui");
  const events: RunEvent[] = [];
  const message = "role may not call ecs:ListClusters (no policy allows it)";
  const denied = sessionThat(
    () => Promise.reject(new UserError({ code: "access-denied", where: "*", message })),
    events,
  );
  const { repositories } = await listImages(denied, 20);
  expect(repositories[0]?.images.map((image) => [image.digest, image.uses])).toEqual([
    [digest, [{ where: "dev-ecs-shop.ui", why: "marked as running", certainty: "reported" }]],
  ]);
  expect(events).toMatchObject([{ kind: "notice", message: expect.stringContaining(message) as string }]);
  const broken = sessionThat(() => Promise.reject(new Error("broken")), events);
  await expect(listImages(broken, 20)).rejects.toThrow("broken");
});

test("--in-use lists what something needs, how sure that is, what was searched, and what nobody looked at", async () => {
  pushImage("1", "v1", "inuse-dev-ecs-shop.ui");
  pushImage("2", "v2");
  const { codebuild } = nothingElseInUse();
  codebuild.on(ListProjectsCommand).rejects(awsError("AccountSuspendedException", "not for you"));
  const message = "role may not call ecs:ListClusters (no policy allows it)";
  const denied = sessionThat(
    () => Promise.reject(new UserError({ code: "access-denied", where: "*", message })),
    [],
  );
  const session = { ...denied, clients: { ...denied.clients, ...otherClients() } } as Session;
  const document = await listImages(session, 20, true);
  expect(document.repositories[0]?.images.map(({ tags }) => tags)).toEqual([["v1"]]);
  const text = showInUse(document, picocolors.createColors(false));
  expect(text).toMatch(/v1 +dev-ecs-shop\.ui +marked as running +reported$/m);
  expect(text).toContain("  SageMaker models\n");
  expect(text).toContain("  not seen: CodeBuild projects (not for you)");
  expect(text.split("Not looked at")[1]).toContain("ECS services and running tasks of the account");
  expect(text.split("Not looked at")[1]).not.toContain("CodeBuild");
});
