import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { keepTagsOf } from "../../../runner/in-use/keep-tags.ts";
import { inUseSet } from "../../../runner/in-use/read.ts";
import { isUsed, removeKeepTags, staleTags } from "../../../runner/in-use/retire.ts";
import { retiredDigest } from "../../../runner/in-use/retired.ts";
import type { Session } from "../../../runner/session/session.ts";
import type { ImageUse } from "../../../runner/targets/image-use.ts";
import { kinds } from "../../../runner/targets/kinds.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecsDoes, ecsTarget } from "../plan/samples.ts";
import { ecrOnly, manifestText, ociManifest } from "../registry/fixtures.ts";
import { type OciRegistry, openOciRegistry } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeContext, sha } from "../targets/fakes.ts";

const stack = "dev";
const known = new Set(Object.values(keepTagsOf("dev", "ecs shop/ui")));
const stale = (...imageTags: string[]) =>
  staleTags(stack, [{ imageDigest: sha("1"), imageTags }], known).map(({ tag }) => tag);

describe("a keep-tag is stale", () => {
  it("when it is of this stack, and of no target that the catalogue has", () => {
    expect(
      stale(
        "inuse-dev-ecs-shop.ui",
        "lastgood-dev-ecs-shop.ui",
        "inuse-dev-ecs-shop.ui..proposed",
        "inuse-dev-ecs-shop.old",
        "lastgood-dev-lambda-f.live",
      ),
    ).toEqual(["inuse-dev-ecs-shop.old", "lastgood-dev-lambda-f.live"]);
  });

  it("never when it is another stack's, a record's, or no keep-tag at all", () => {
    expect(
      stale("inuse-prod-ecs-shop.old", "inuse-releases.dev", "src-0123", "v1", "inuse-dev-other"),
    ).toEqual([]);
  });

  it("never when it may be of a stack whose name begins with this one's", () => {
    expect(stale("inuse-dev-ecs-ecs-shop.ui")).toEqual(["inuse-dev-ecs-ecs-shop.ui"]);
    expect(stale("inuse-dev-ecs-ecs-shop.ui", "inuse-releases.dev-ecs")).toEqual([]);
  });

  it("not any more when it was taken off its image", () => {
    const imageTags = ["inuse-dev-ecs-shop.old"];
    expect(staleTags(stack, [{ imageDigest: retiredDigest, imageTags }], known)).toEqual([]);
  });
});

describe("a stale tag is needed", () => {
  const use = (changes: Partial<ImageUse>): ImageUse => ({
    reference: `host/shop/ui@${sha("9")}`,
    where: "ecs other/one",
    why: "PRIMARY",
    ...changes,
  });
  const tag = { tag: "lastgood-dev-ecs-shop.old", digest: sha("1") };
  const needed = (...uses: ImageUse[]) => isUsed(stack, tag, [sha("1"), sha("2")], uses);

  it("as long as its target runs anything, or anything runs its image", () => {
    expect(needed(use({ where: "ecs shop/old" }))).toBe(true);
    expect(needed(use({ reference: `host/shop/ui@${sha("2")}` }))).toBe(true);
    expect(needed(use({ reference: "host/shop/ui:v1", digest: sha("1") }))).toBe(true);
    expect(needed(use({}), use({ reference: "host/shop/ui:v1" }))).toBe(false);
  });
});

describe("retiring keep-tags", () => {
  const ecr = mockClient(ECRClient);
  let registry: OciRegistry;
  let session: Session;
  let digest: string;
  let notices: () => string[];
  const uses = (...found: ImageUse[]) => {
    ecsDoes({ inUse: async () => found });
    vi.spyOn(kinds.lambda, "inUse").mockImplementation(async () => []);
  };

  beforeEach(async () => {
    ecr.reset();
    registry = await openOciRegistry(ecr);
    ecr.on(DescribeImagesCommand).callsFake(async () => ({
      imageDetails: [...new Set(registry.tags.values())].map((imageDigest) => ({
        imageDigest,
        imageTags: [...registry.tags].flatMap(([tag, on]) => (on === imageDigest ? [tag.split(":")[1]] : [])),
      })),
    }));
    digest = registry.put(
      "shop/ui",
      manifestText,
      ociManifest,
      "v1",
      "inuse-dev-ecs-shop.ui",
      "inuse-dev-ecs-shop.old",
    );
    const { events, ...context } = fakeContext();
    notices = () => events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
    const settings: Settings = { ...slipwaySchema.parse({}), stack, aws: { region: "eu-west-1" } };
    session = {
      ...context,
      clients: ecrOnly(),
      settings,
      registry: registry.host,
      catalogue: { services: [service("ui", { targets: [ecsTarget("ui")] })] },
    } as unknown as Session;
  });
  afterEach(() => registry.close());

  const on = (tag: string) => registry.tags.get(`shop/ui:${tag}`);

  it("moves them to an empty artifact: the image stays, with its other tags", async () => {
    uses();
    await removeKeepTags(session, ["shop/ui"]);
    expect(on("inuse-dev-ecs-shop.old")).toBe(retiredDigest);
    expect([on("v1"), on("inuse-dev-ecs-shop.ui")]).toEqual([digest, digest]);
    expect(registry.manifests.has(`shop/ui@${digest}`)).toBe(true);
    expect(notices()).toEqual([
      "shop/ui: removed the keep tag inuse-dev-ecs-shop.old: services.yaml no longer has the target, and nothing runs the image",
    ]);

    const { length } = registry.requests;
    await removeKeepTags(session, ["shop/ui"]);
    expect(registry.requests).toHaveLength(length);
  });

  it("leaves those of what still runs", async () => {
    uses({ reference: "elsewhere/image:1", where: "ecs shop/old", why: "PRIMARY" });
    await removeKeepTags(session, ["shop/ui"]);
    expect(on("inuse-dev-ecs-shop.old")).toBe(digest);
    expect(notices()).toEqual([]);
  });

  it("leaves all as it is when it can't see what runs, and says so", async () => {
    uses();
    ecsDoes({ inUse: async () => Promise.reject(new Error("may not call ecs:ListClusters")) });
    await removeKeepTags(session, ["shop/ui"]);
    expect(on("inuse-dev-ecs-shop.old")).toBe(digest);
    expect(notices()).toEqual([expect.stringContaining("may not call ecs:ListClusters")]);
  });
});

it("what retired tags are on is not in use by them", () => {
  const content = { kind: "manifest", type: "x", subject: undefined, blobs: [] } as const;
  const entry = { digest: retiredDigest, tags: ["inuse-dev-ecs-shop.old"], pushedAt: undefined, content };
  const sources = { stack, repository: "shop/ui", registries: [], account: [], releases: [] };
  expect(inUseSet({ ...sources, contents: [entry] }).size).toBe(0);
  expect(inUseSet({ ...sources, contents: [{ ...entry, digest: sha("1") }] }).size).toBe(1);
});
