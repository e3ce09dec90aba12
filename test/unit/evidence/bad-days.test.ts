import { generateKeyPairSync, sign } from "node:crypto";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { evidenceSchema } from "../../../config/stack/evidence.ts";
import type { Clients } from "../../../runner/aws/clients.ts";
import { attestImage } from "../../../runner/evidence/attest.ts";
import { checkEvidence, unsignedParts } from "../../../runner/evidence/check.ts";
import { connectToRegistry, type RegistryConnection } from "../../../runner/registry/connection.ts";
import { copyImage } from "../../../runner/registry/copy.ts";
import type { Image } from "../../../runner/registry/image.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry, token } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";

const { signal } = new AbortController();
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = {
  publicKey: publicKey.export({ format: "der", type: "spki" }),
  sign: async (message: Uint8Array) => sign("sha256", message, privateKey),
};
const settings = evidenceSchema.parse({ sign: { key: "k" } });

/** A registry with clients of its own, as two stacks have. */
async function open() {
  const ecr = new ECRClient({ region: "eu-west-1" });
  const registry = await openOciRegistry(mockClient(ecr));
  const clients = { region: "eu-west-1", ecr } as unknown as Clients;
  const store = (repository: string) => ({
    clients,
    repository,
    registry: connectToRegistry(clients, registry.host, signal),
  });
  return { registry, store };
}

type End = Awaited<ReturnType<typeof open>>;
let here: End;
let there: End;
let image: Image;

beforeEach(async () => {
  [here, there] = [await open(), await open()];
  image = pushTo(here.registry);
});
afterEach(() => Promise.all([here.registry.close(), there.registry.close()]));

function pushTo(registry: OciRegistry): Image {
  const put = (architecture: string) => {
    const text = JSON.stringify({ schemaVersion: 2, layers: [], architecture });
    return registry.put("dev/ui", text, "application/vnd.oci.image.manifest.v1+json");
  };
  const manifests = { "linux/amd64": put("amd64"), "linux/arm64": put("arm64") };
  const index = JSON.stringify({ manifests: Object.values(manifests).map((digest) => ({ digest })) });
  const digest = registry.put("dev/ui", index, "application/vnd.oci.image.index.v1+json");
  return { service: "ui", repository: "dev/ui", registry: registry.host, digest, manifests };
}

const attest = () =>
  attestImage(
    here.store("dev/ui"),
    { service: service("ui"), image, provenance: undefined },
    { settings, signer, login: async () => ({ registry: here.registry.host, auth: token }) },
  );
const unsigned = async ({ store }: End, repository: string) =>
  unsignedParts(image, await checkEvidence(store(repository), image, [signer.publicKey]));

describe.each([
  ["ECR, which lists referrers", true],
  ["a registry that lists them under a tag", false],
])("in %s", (_, referrers) => {
  beforeEach(() => {
    here.registry.referrers = referrers;
    there.registry.referrers = referrers;
  });

  it("two runs that sign an image at the same time both succeed, and nothing is lost", async () => {
    await Promise.all([attest(), attest()]);
    expect(await unsigned(here, "dev/ui")).toEqual([]);
    expect((await attest()).attached).toEqual([]);
  });

  it("a promotion takes the signatures along, and they hold where they came to", async () => {
    await attest();
    await copyImage(here.store("dev/ui"), there.store("prod/ui"), image.digest, () => true);
    expect(await unsigned(there, "prod/ui")).toEqual([]);
  });
});

it("an image that was promoted unsigned is unsigned there", async () => {
  await copyImage(here.store("dev/ui"), there.store("prod/ui"), image.digest, () => true);
  expect(await unsigned(there, "prod/ui")).toEqual(["the index", "linux/amd64", "linux/arm64"]);
});

it("a registry that refuses referrers is named, and nothing counts as signed", async () => {
  const store = here.store("dev/ui");
  // As ECR answered a copy of referrers of an index: https://github.com/aws/containers-roadmap/issues/2783
  const answer = () =>
    new Response('{"errors":[{"code":"UNSUPPORTED","message":"no referrers here"}]}', { status: 405 });
  const request: RegistryConnection["request"] = async (path, init) =>
    init?.method === "PUT" && path.includes("/manifests/")
      ? (answer() as unknown as Awaited<ReturnType<RegistryConnection["request"]>>)
      : store.registry.request(path, init);
  const refusing = { ...store, registry: { ...store.registry, request } };
  const attesting = attestImage(
    refusing,
    { service: service("ui"), image, provenance: undefined },
    { settings, signer, login: async () => ({ registry: here.registry.host, auth: token }) },
  );
  await expect(attesting).rejects.toMatchObject({
    exitCode: 1,
    problems: [{ code: "push-refused", message: expect.stringContaining("no referrers here") }],
  });
  expect(await unsigned(here, "dev/ui")).toHaveLength(3);
});
