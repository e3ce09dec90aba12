import { ECRClient } from "@aws-sdk/client-ecr";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clients } from "../../../runner/aws/clients.ts";
import { blobOf, digestOf } from "../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { copyImage, piecesOf } from "../../../runner/registry/copy.ts";
import { attachArtifact, listReferrers, referrersTag } from "../../../runner/registry/referrers.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ociIndex, ociManifest } from "../../unit/registry/fixtures.ts";
import { type OciRegistry, openOciRegistry } from "../../unit/registry/oci-registry.ts";

const { signal } = new AbortController();
const sbom = "application/vnd.example.sbom";

/** A registry, and clients whose ECR answers for it. */
async function open() {
  const ecr = new ECRClient({ region: "eu-west-1" });
  const registry = await openOciRegistry(mockClient(ecr));
  const clients = { region: "eu-west-1", ecr } as unknown as Clients;
  const end = (repository: string) => ({
    clients,
    repository,
    registry: connectToRegistry(clients, registry.host, signal),
  });
  return { registry, clients, end };
}

type End = Awaited<ReturnType<typeof open>>;
let here: End;
let there: End;
let index: string;
let child: string;

beforeEach(async () => {
  [here, there] = [await open(), await open()];
  const image = (name: string) => {
    const [config, layer] = [`config of ${name}`, `layer of ${name}`];
    for (const text of [config, layer, "shared layer"]) putBlob(here.registry, "dev/ui", text);
    const descriptor = (text: string) => ({ digest: digestOf(text), size: text.length });
    const text = JSON.stringify({
      mediaType: ociManifest,
      config: descriptor(config),
      layers: [descriptor("shared layer"), descriptor(layer)],
    });
    return here.registry.put("dev/ui", text, ociManifest);
  };
  const manifests = ["amd64", "arm64"].map((name) => ({ digest: image(name) }));
  child = manifests[0]?.digest ?? "";
  index = here.registry.put("dev/ui", JSON.stringify({ mediaType: ociIndex, manifests }), ociIndex);
  await attach(child, sbom);
  await attach(index, "application/vnd.example.left-out");
});

afterEach(() => Promise.all([here.registry.close(), there.registry.close()]));

function putBlob(registry: OciRegistry, repository: string, text: string) {
  registry.blobs.set(`${repository}@${digestOf(text)}`, Buffer.from(text));
}

function attach(subject: string, artifactType: string, content = `about ${subject}`) {
  const { clients, registry, repository } = here.end("dev/ui");
  return attachArtifact(clients, registry, repository, {
    artifactType,
    content: blobOf(artifactType, content),
    annotations: {},
    subject: { mediaType: ociManifest, digest: subject, size: 1 },
  });
}

const copy = (from: End, to: End) =>
  copyImage(from.end("dev/ui"), to.end("prod/ui"), index, ({ artifactType }) => artifactType === sbom);

describe("copying an image", () => {
  it("brings index, platforms and wanted referrers to another registry, digest for digest", async () => {
    const copied = await copy(here, there);
    // 5 of the image (one layer is shared), 2 of the artifact.
    expect(copied).toMatchObject({ manifests: 4, referrers: 1, mounted: 0, uploaded: 7 });
    const keysOf = (all: ReadonlyMap<string, unknown>) => [...all.keys()].map((key) => key.split("@")[1]);
    const referrer = await listReferrers(here.clients, "dev/ui", index, undefined, signal);
    const leftOut = referrer.referrers.map(({ digest }) => digest);
    expect(keysOf(there.registry.manifests).sort()).toEqual(
      keysOf(here.registry.manifests)
        .filter((digest) => !leftOut.includes(digest ?? ""))
        .sort(),
    );
    expect(await listReferrers(there.clients, "prod/ui", child, sbom, signal)).toMatchObject({
      keeper: "registry",
      referrers: [{ artifactType: sbom }],
    });
    const manifestPuts = there.registry.requests.filter((request) =>
      request.startsWith("PUT /v2/prod/ui/manifests"),
    );
    expect(manifestPuts.at(-1)).toContain(index);
  });

  it("mounts blobs inside one registry, and transfers none", async () => {
    expect(await copy(here, here)).toMatchObject({ manifests: 4, mounted: 7, uploaded: 0 });
  });

  it("does nothing for what is there", async () => {
    await copy(here, there);
    const before = there.registry.requests.length;
    expect(await copy(here, there)).toMatchObject({ manifests: 0, referrers: 0, mounted: 0, uploaded: 0 });
    const puts = there.registry.requests.slice(before).filter((request) => request.startsWith("PUT"));
    expect(puts).toEqual([]);
  });

  it.each([true, false])(
    "adds what was attached since to an image that is there (lists of its own: %s)",
    async (own) => {
      there.registry.referrers = own;
      await copy(here, there);
      await attach(child, sbom, "a newer one");
      expect(await copy(here, there)).toMatchObject({ manifests: 1, referrers: 1 });
      const { referrers } = await listReferrers(there.clients, "prod/ui", child, sbom, signal);
      expect(referrers).toHaveLength(2);
    },
  );

  it("lists referrers under the tag where the other registry keeps no list", async () => {
    there.registry.referrers = false;
    await copy(here, there);
    expect([...there.registry.tags.keys()]).toEqual([`prod/ui:${referrersTag(child)}`]);
  });

  it("starts a blob anew when the connection breaks in the middle", async () => {
    const before = there.registry.requests.length;
    there.registry.fail(503, 3);
    expect(await copy(here, there)).toMatchObject({ manifests: 4, uploaded: 7 });
    expect(there.registry.requests.length).toBeGreaterThan(before);
  });

  it("says which part of an image is gone", async () => {
    here.registry.manifests.delete(`dev/ui@${child}`);
    await expect(copy(here, there)).rejects.toThrow(
      `dev/ui@${child}: a part of the image is no longer in the registry`,
    );
  });
});

describe("cutting a stream into pieces", () => {
  it("keeps every byte, in pieces of one size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 64 }),
        async (chunks, size) => {
          async function* stream() {
            yield* chunks;
          }
          const pieces: Uint8Array[] = [];
          for await (const piece of piecesOf(stream(), size)) pieces.push(piece);
          expect(Buffer.concat(pieces)).toEqual(Buffer.concat(chunks));
          for (const piece of pieces.slice(0, -1)) expect(piece.length).toBe(size);
        },
      ),
    );
  });
});
