import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { writeSource } from "../../../runner/bases/source-record.ts";
import type { Finding } from "../../../runner/findings/finding.ts";
import { type OriginSession, openOrigins } from "../../../runner/findings/origin/assign.ts";
import { digestOf } from "../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { finding, scanned } from "../../unit/findings/samples.ts";
import { type OciRegistry, openOciRegistry } from "../../unit/registry/oci-registry.ts";
import { fakeContext, sha } from "../../unit/targets/fakes.ts";

const ecr = mockClient(ECRClient);
const amd64 = "linux/amd64";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let folder: string;
let registry: OciRegistry;
/** A public registry, which knows nobody. */
let foreign: Server;
let session: OriginSession;
const foreignManifests = new Map<string, string>();

const manifestOf = (config: string, layers: readonly string[]) =>
  JSON.stringify({
    config: { digest: config, size: 2 },
    layers: layers.map((digest) => ({ digest, size: 1 })),
  });

beforeEach(async () => {
  ecr.reset();
  folder = await mkdtemp(join(tmpdir(), "slipway-origin-"));
  registry = await openOciRegistry(ecr);
  foreignManifests.clear();
  foreign = createServer((request, response) => {
    const [, name = ""] = /^\/v2\/library\/node\/manifests\/(.+)$/.exec(request.url ?? "") ?? [];
    const text = foreignManifests.get(name);
    const digest = text === undefined ? "" : digestOf(text);
    if (request.headers.authorization !== undefined || text === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "docker-content-digest": digest }).end(text);
  });
  await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  const { clients, signal } = fakeContext();
  const settings = { stack: "prod", repositories: { prefix: "shop" } } as Settings;
  session = { clients, signal, registry: registry.host, settings, catalogue: { services: [] } };
  vi.stubEnv("XDG_CACHE_HOME", folder);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await registry.close();
  await new Promise((resolve) => foreign.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const node = () => `127.0.0.1:${(foreign.address() as AddressInfo).port}/library/node:24`;

/** Puts an image of the public registry in place, under a tag as well if there is one. */
function base(layer: string, tag?: string): string {
  const text = manifestOf(sha("0"), [layer]);
  const digest = digestOf(text);
  foreignManifests.set(digest, text);
  if (tag !== undefined) foreignManifests.set(tag, text);
  return digest;
}

/** Puts a scanner in place that finds CVE-1 in openssl in the images of these digests, and nothing elsewhere. */
async function grypeFinds(...digests: readonly string[]) {
  const report = (matches: readonly object[]) =>
    JSON.stringify({ matches, descriptor: { timestamp: new Date().toISOString() } });
  const match = {
    vulnerability: { id: "CVE-1", severity: "High" },
    artifact: { name: "openssl", version: "3.0.1" },
  };
  const script = [
    "#!/bin/sh",
    `env > ${folder}/environment.$$`,
    `case "$*" in ${digests.map((digest) => `*${digest}`).join("|") || "-"}) echo '${report([match])}';;`,
    `*) echo '${report([])}';; esac`,
    `for word in "$@"; do case $word in cyclonedx-json=*) echo '{"components":["openssl"]}' >"\${word#*=}";; esac; done`,
  ];
  await writeFile(join(folder, "grype"), `${script.join("\n")}\n`);
  await chmod(join(folder, "grype"), 0o755);
}

async function told(found: Finding, from: string) {
  const configuration = "{}";
  const config = digestOf(configuration);
  registry.blobs.set(`shop/ui@${config}`, Buffer.from(configuration));
  const digest = registry.put("shop/ui", manifestOf(config, [sha("a"), sha("b")]), manifestType);
  const description = {
    ...{ scheme: "test", dockerfile: "", baseImages: [node()], context: [], namedContexts: {}, needs: {} },
    ...{ remoteContexts: {}, extraInputs: [], stage: null, arguments: {}, secrets: [], platforms: [] },
    salt: null,
  };
  const connection = connectToRegistry(session.clients, registry.host, session.signal);
  const image = { repository: "shop/ui", digest };
  await writeSource(session.clients, connection, image, {
    hash: "1",
    description,
    bases: { [node()]: from },
  });
  const limits = { source: "grype", waitSeconds: 30, maxAgeDays: 7 } as const;
  const whole = { service: "ui", registry: registry.host, ...image, manifests: { [amd64]: digest } };
  const scans = [{ platform: amd64, digest, result: scanned([found], { source: "grype" }) }];
  const all = await openOrigins(session, limits)(whole, scans);
  return { ...all.get(amd64), origin: all.get(amd64)?.origins.get(found) };
}

describe("a scanner of the machine", () => {
  test("says what a newer base image would fix, and gets no credential of ours for its registry", async () => {
    const before = base(sha("a"));
    const after = base(sha("c"), "24");
    await grypeFinds(before);
    const { origin, rebuild } = await told(finding("CVE-1", { layer: sha("a") }), before);
    expect(origin).toBe("base image");
    expect(rebuild).toEqual({ reference: node(), from: before, to: after, known: true, fixes: 1, of: 1 });
    const files = (await readdir(folder)).filter((name) => name.startsWith("environment"));
    expect(files).toHaveLength(1);
    for (const file of files) {
      expect(await readFile(join(folder, file), "utf8")).not.toMatch(/PASSWORD|USERNAME/);
    }
  });

  test("says that it would fix nothing where the newer one has the finding as well", async () => {
    const before = base(sha("a"));
    const after = base(sha("c"), "24");
    await grypeFinds(before, after);
    const { rebuild } = await told(finding("CVE-1", { layer: sha("a") }), before);
    expect(rebuild).toMatchObject({ fixes: 0, of: 1 });
  });

  test("says why it is not known when it fails", async () => {
    const before = base(sha("a"));
    base(sha("c"), "24");
    await writeFile(join(folder, "grype"), "#!/bin/sh\necho 'no database' >&2\nexit 1\n");
    await chmod(join(folder, "grype"), 0o755);
    const { rebuild } = await told(finding("CVE-1", { layer: sha("a") }), before);
    expect(rebuild).toMatchObject({ known: false, reason: "grype failed: no database" });
  });

  test.each([
    ["is the base image's where that has it", true, "base image"],
    ["is ours where it has not", false, "our layer"],
  ])("a package whose database we wrote again %s", async (_, isThere, origin) => {
    const digest = base(sha("a"), "24");
    await grypeFinds(...(isThere ? [digest] : []));
    expect((await told(finding("CVE-1", { databaseLayer: sha("b") }), digest)).origin).toBe(origin);
  });
});
