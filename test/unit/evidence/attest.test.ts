import { generateKeyPairSync, sign } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { evidenceSchema } from "../../../config/stack/evidence.ts";
import { missingOf } from "../../../runner/commands/verify/evidence.ts";
import { type Attestor, attestImage, type ImageToAttest } from "../../../runner/evidence/attest.ts";
import type { Signer } from "../../../runner/evidence/bundle.ts";
import { checkEvidence, unsignedParts } from "../../../runner/evidence/check.ts";
import type { EvidenceStore } from "../../../runner/evidence/referrers.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry, token } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const repository = "shop/ui";
const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let registry: OciRegistry;
let store: EvidenceStore;
let one: ImageToAttest;

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey: publicKey.export({ format: "der", type: "spki" }),
    sign: async (message) => sign("sha256", message, privateKey),
  };
}

const ours = newSigner();
const attestor = (settings: object, signer = ours): Attestor => ({
  settings: evidenceSchema.parse(settings),
  signer: "sign" in settings ? signer : undefined,
  login: async () => ({ registry: registry.host, auth: token }),
});
const key = { sign: { key: "k.pem" } };
/** What an image lacks on a stack with this evidence, as our key finds it. */
const lacks = async (evidence: object) => {
  const pieces = await checked();
  const settings = { evidence: evidenceSchema.parse(evidence) };
  return missingOf(one.image, pieces, settings, unsignedParts(one.image, pieces));
};

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  const { clients, signal } = fakeContext();
  store = { clients, registry: connectToRegistry(clients, registry.host, signal), repository };
  const put = (architecture: string) =>
    registry.put(repository, JSON.stringify({ schemaVersion: 2, layers: [], architecture }), manifestType);
  const manifests = { "linux/amd64": put("amd64"), "linux/arm64": put("arm64") };
  const index = { schemaVersion: 2, manifests: Object.values(manifests).map((digest) => ({ digest })) };
  const digest = registry.put(repository, JSON.stringify(index), indexType, "v1");
  one = {
    service: service("ui"),
    image: { service: "ui", repository, registry: registry.host, digest, manifests },
    provenance: undefined,
  };
});
afterEach(() => registry.close());

/** A `syft` that writes what it was asked for, and what it was given. */
async function withSyft<T>(script: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-syft-"));
  await writeFile(join(folder, "syft"), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "syft"), 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
  try {
    return await work(folder);
  } finally {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  }
}

/** Variables by which a program reaches the network: a machine that runs the tests may have them. */
const networkVariables = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ...["SSL_CERT_FILE", "SSL_CERT_DIR"],
];

const writesBoth = `
out=$(dirname "$0")/calls
echo "$*" >>"$out"; env | cut -d= -f1 | sort >"$(dirname "$0")/environment"; cat "$DOCKER_CONFIG/config.json" >"$(dirname "$0")/login"
for word in "$@"; do case $word in *-json=*) printf '{"made":"%s"}' "$2" >"\${word#*=}";; esac; done`;

const checked = () => checkEvidence(store, one.image, [ours.publicKey]);
const states = async () =>
  (await checked()).map(({ what, platform = "index", state }) => `${what} ${platform} ${state}`).toSorted();

describe.each([
  ["ECR, which lists referrers", true],
  ["a registry without the referrers API", false],
])("evidence in %s", (_, referrers) => {
  beforeEach(() => {
    registry.referrers = referrers;
    one = { ...one, provenance: { buildDefinition: {}, runDetails: {} } };
  });

  it("is a signature of the index and of each platform, and where the image comes from", async () => {
    const { attached } = await attestImage(store, one, attestor({ ...key, provenance: true }));
    expect(attached).toEqual(["signature", "provenance", "signature linux/amd64", "signature linux/arm64"]);
    expect(await states()).toEqual([
      "provenance index verified",
      "signature index verified",
      "signature linux/amd64 verified",
      "signature linux/arm64 verified",
    ]);
  });

  it("is attached once: the same image gets the same evidence", async () => {
    const settings = attestor({ ...key, provenance: true });
    await attestImage(store, one, settings);
    const before = registry.manifests.size;
    expect(await attestImage(store, one, settings)).toEqual({ service: "ui", attached: [], kept: 4 });
    expect(registry.manifests.size).toBe(before);
  });

  it("of another key does not count, and stays", async () => {
    await attestImage(store, one, attestor(key, newSigner()));
    expect(await lacks(key)).toEqual([
      "signature of the index",
      "signature of linux/amd64",
      "signature of linux/arm64",
    ]);
    expect((await attestImage(store, one, attestor(key))).attached).toHaveLength(4);
    expect(await lacks(key)).toEqual([]);
    expect(await states()).toContain("signature index other key");
  });
});

describe("bills of materials", () => {
  const settings = { ...key, sbom: ["spdx", "cyclonedx"] };

  it("are of each platform, found by their media type, and signed; a second run makes none", async () => {
    await withSyft(writesBoth, async (folder) => {
      expect((await attestImage(store, one, attestor(settings))).attached).toEqual([
        "signature",
        ...["linux/amd64", "linux/arm64"].flatMap((platform) => [
          `signature ${platform}`,
          `sbom spdx ${platform}`,
          `signed sbom spdx ${platform}`,
          `sbom cyclonedx ${platform}`,
          `signed sbom cyclonedx ${platform}`,
        ]),
      ]);
      expect((await attestImage(store, one, attestor(settings))).attached).toEqual([]);
      const calls = (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
      const asked = calls.map((call) => call.split(" ")[1]);
      const name = `registry:${registry.host}/${repository}`;
      expect(asked.toSorted()).toEqual(
        Object.values(one.image.manifests)
          .map((digest) => `${name}@${digest}`)
          .toSorted(),
      );
      expect(calls.join()).not.toContain(token);
    });
    expect(await lacks(settings)).toEqual([]);
  });

  it.each([true, false])(
    "of two runs at the same time are both whole (lists of its own: %s)",
    async (lists) => {
      registry.referrers = lists;
      await withSyft(writesBoth, async () => {
        const run = () => attestImage(store, one, attestor(settings));
        await Promise.all([run(), run()]);
        expect(await lacks(settings)).toEqual([]);
        // One that is there twice harms nobody: whoever looks finds a whole one that holds.
        expect((await states()).filter((state) => state.endsWith("refused"))).toEqual([]);
        expect((await run()).attached).toEqual([]);
      });
    },
  );

  it("are not read again when they are there and signed", async () => {
    const large = `head -c 100000 /dev/zero | tr '\\0' x >"$DOCKER_CONFIG/x"
for word in "$@"; do case $word in *-json=*) printf '{"x":"%s"}' "$(cat "$DOCKER_CONFIG/x")" >"\${word#*=}";; esac; done`;
    await withSyft(large, async () => {
      await attestImage(store, one, attestor({ sbom: ["spdx"] }));
      registry.requests.splice(0);
      expect(await attestImage(store, one, attestor({ sbom: ["spdx"] }))).toMatchObject({ kept: 2 });
    });
    expect(registry.requests.filter((request) => request.startsWith("GET"))).toEqual([]);
  });

  it("are made by a syft that knows one registry, and nothing else of the run", async () => {
    for (const name of networkVariables) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "s3cret");
    vi.stubEnv("HTTPS_PROXY", "http://proxy.example:3128");
    await withSyft(writesBoth, async (folder) => {
      await attestImage(store, one, attestor({ sbom: ["spdx"] }));
      const names = (await readFile(join(folder, "environment"), "utf8")).trim().split("\n");
      const shells = ["PWD", "OLDPWD", "SHLVL", "_"];
      expect(names.filter((name) => !shells.includes(name))).toEqual([
        "DOCKER_CONFIG",
        "HOME",
        "HTTPS_PROXY",
        "PATH",
        "SYFT_CHECK_FOR_APP_UPDATE",
        "SYFT_REGISTRY_INSECURE_USE_HTTP",
      ]);
      const login = { auths: { [registry.host]: { auth: token } } };
      expect(JSON.parse(await readFile(join(folder, "login"), "utf8"))).toEqual(login);
    });
    expect(await states()).toEqual(["sbom spdx linux/amd64 unsigned", "sbom spdx linux/arm64 unsigned"]);
  });

  it("that are large lie in a blob, not in the manifest", async () => {
    const large = `head -c 100000 /dev/zero | tr '\\0' x >"$DOCKER_CONFIG/x"
for word in "$@"; do case $word in *-json=*) printf '{"a":"%s"}' "$(cat "$DOCKER_CONFIG/x")" >"\${word#*=}";; esac; done`;
    await withSyft(large, () => attestImage(store, one, attestor({ ...key, sbom: ["spdx"] })));
    expect(await lacks({ ...key, sbom: ["spdx"] })).toEqual([]);
    const sizes = [...registry.manifests.values()].map(({ text }) => text.length);
    expect(Math.max(...sizes)).toBeLessThan(90_000);
  });

  it("fail with the scanner's own words", async () => {
    const failing = withSyft("echo unsupported layer >&2; exit 1", () =>
      attestImage(store, one, attestor(settings)),
    );
    await expect(failing).rejects.toMatchObject({
      problems: [{ code: "sbom-failed", message: "syft can't read the image: unsupported layer" }],
    });
  });
});

describe("what is attached", () => {
  it("counts for nothing when it is about another image", async () => {
    await attestImage(store, one, attestor(key));
    // The signature of one platform, attached to the other as well.
    const [amd64 = "", arm64 = ""] = Object.values(one.image.manifests);
    for (const [name, { text, mediaType }] of [...registry.manifests]) {
      const manifest = JSON.parse(text) as { subject?: { digest: string } };
      if (manifest.subject?.digest !== amd64) continue;
      registry.manifests.delete(name);
      registry.put(repository, JSON.stringify({ ...manifest, subject: { digest: arm64 } }), mediaType);
    }
    expect(await states()).toContain("signature linux/arm64 refused");
    expect(await lacks(key)).toEqual(["signature of linux/amd64"]);
  });

  it("shows a signature of ECR's managed signing, which Slipway does not check", async () => {
    const artifact = {
      schemaVersion: 2,
      artifactType: "application/vnd.cncf.notary.signature",
      layers: [],
      subject: { digest: one.image.digest },
    };
    registry.put(repository, JSON.stringify(artifact), manifestType);
    expect(await states()).toEqual(["notation signature index other key"]);
  });
});
