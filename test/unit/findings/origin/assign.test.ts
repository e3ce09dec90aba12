import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../../config/settings.ts";
import { writeSource } from "../../../../runner/bases/source-record.ts";
import type { Finding, PlatformScan } from "../../../../runner/findings/finding.ts";
import { type OriginSession, openOrigins } from "../../../../runner/findings/origin/assign.ts";
import { digestOf } from "../../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../../runner/registry/connection.ts";
import type { Image } from "../../../../runner/registry/image.ts";
import type { SourceDescription } from "../../../../source/describe.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry } from "../../registry/oci-registry.ts";
import { service } from "../../stack/services.ts";
import { fakeContext, sha } from "../../targets/fakes.ts";
import { finding, scanned } from "../samples.ts";

const ecr = mockClient(ECRClient);
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
let registry: OciRegistry;
let session: OriginSession;

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  const { clients, signal } = fakeContext();
  const settings = { stack: "prod", repositories: { prefix: "shop" } } as Settings;
  const catalogue = { services: [service("ui"), service("base")] };
  session = { clients, signal, registry: registry.host, settings, catalogue };
});
afterEach(async () => {
  await registry.close();
});

/** Puts an image of these layers into the registry, and returns its digest. */
function push(repository: string, layers: readonly string[], ...tags: readonly string[]): string {
  const configuration = JSON.stringify({ rootfs: { diff_ids: layers.map((_, index) => sha(`${index}`)) } });
  const config = { digest: digestOf(configuration), size: configuration.length };
  registry.blobs.set(`${repository}@${config.digest}`, Buffer.from(configuration));
  const text = JSON.stringify({ config, layers: layers.map((digest) => ({ digest, size: 1 })) });
  return registry.put(repository, text, manifestType, ...tags);
}

/** An index of one platform. */
function index(repository: string, digest: string, ...tags: readonly string[]): string {
  const manifests = [{ mediaType: manifestType, digest, platform: { os: "linux", architecture: "amd64" } }];
  return registry.put(repository, JSON.stringify({ manifests }), indexType, ...tags);
}

const node = () => `${registry.host}/base/node:24`;
const amd64 = "linux/amd64";

async function built(
  layers: readonly string[],
  source: Partial<SourceDescription>,
  bases: Readonly<Record<string, string>>,
): Promise<Image> {
  const digest = push("shop/ui", layers);
  const description: SourceDescription = {
    scheme: "test",
    dockerfile: "",
    baseImages: [],
    context: [],
    namedContexts: {},
    remoteContexts: {},
    needs: {},
    extraInputs: [],
    stage: null,
    arguments: {},
    secrets: [],
    platforms: [],
    salt: null,
    ...source,
  };
  const connection = connectToRegistry(session.clients, registry.host, session.signal);
  const image = { repository: "shop/ui", digest };
  await writeSource(session.clients, connection, image, { hash: "1", description, bases });
  return { service: "ui", registry: registry.host, ...image, manifests: { [amd64]: digest } };
}

const scans = (...findings: readonly Finding[]): readonly PlatformScan[] => [
  { platform: amd64, digest: sha("a"), result: scanned(findings) },
];

const ofBase = finding("CVE-1", { layer: sha("a") });
const ours = finding("CVE-2", { layer: sha("b") });

async function told(image: Image, findings: readonly Finding[] = [ofBase, ours]) {
  const all = await openOrigins(session, undefined)(image, scans(...findings));
  const { origins = new Map<Finding, string>(), ...more } = all.get(amd64) ?? {};
  return { origins: findings.map((one) => origins.get(one)), ...more };
}

describe("whose the findings of an image are", () => {
  test("follows from the layers of the base image that its build recorded", async () => {
    const digest = index("base/node", push("base/node", [sha("a")]), "24");
    const image = await built([sha("a"), sha("b")], { baseImages: [node()] }, { [node()]: digest });
    expect(await told(image)).toEqual({
      origins: ["base image", "our layer"],
      base: { reference: node(), digest, moves: true },
    });
  });

  test("and from one that the Dockerfile nails to a digest", async () => {
    const digest = push("base/node", [sha("a")]);
    const image = await built([sha("a"), sha("b")], { baseImages: [`${node()}@${digest}`] }, {});
    expect(await told(image)).toMatchObject({ origins: ["base image", "our layer"], base: { digest } });
  });

  test("and from the image of another service that it is built from", async () => {
    const digest = index("shop/base", push("shop/base", [sha("a")]), "src-77");
    const needs = { base: { service: "base", sourceHash: "77" } };
    const image = await built([sha("a"), sha("b")], { baseImages: ["base"], needs }, {});
    expect(await told(image)).toMatchObject({ origins: ["base image", "our layer"], base: { digest } });
  });

  test("is ours when it is built from nothing", async () => {
    expect((await told(await built([sha("a")], {}, {}))).origins).toEqual(["our layer", "our layer"]);
  });

  test.each([
    ["its registry no longer has the base image", sha("9"), "no registry gave the layers of its base images"],
    [
      "its layers begin with those of no base image",
      undefined,
      "its layers begin with those of no base image that its build recorded",
    ],
  ])("is not known when %s", async (_, gone, reason) => {
    const digest = gone ?? push("base/node", [sha("f")]);
    const image = await built([sha("a")], { baseImages: [node()] }, { [node()]: digest });
    expect(await told(image)).toEqual({ origins: ["unknown", "unknown"], reason });
  });

  test("is not known when its build recorded nothing", async () => {
    const digest = push("shop/ui", [sha("a")]);
    const image = { service: "ui", registry: registry.host, repository: "shop/ui", digest };
    expect(await told({ ...image, manifests: { [amd64]: digest } })).toMatchObject({
      origins: ["unknown", "unknown"],
      reason: "its build recorded no base images",
    });
  });

  test("costs no call for an image without findings", async () => {
    const image = await built([sha("a")], { baseImages: [node()] }, {});
    const before = registry.requests.length;
    ecr.resetHistory();
    expect((await openOrigins(session, undefined)(image, scans())).size).toBe(0);
    expect(registry.requests.length + ecr.calls().length).toBe(before);
  });

  test("does not say what a rebuild would fix where nobody scans base images", async () => {
    const before = push("base/node", [sha("a")]);
    const after = push("base/node", [sha("c")], "24");
    const image = await built([sha("a"), sha("b")], { baseImages: [node()] }, { [node()]: before });
    expect((await told(image)).rebuild).toMatchObject({ from: before, to: after, known: false });
    // Nothing of the base image is to be mended.
    expect((await told(image, [ours])).rebuild).toBeUndefined();
  });
});
