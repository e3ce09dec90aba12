import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { evidenceSchema, identitySchema } from "../../../config/stack/evidence.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { attestImage } from "../../../runner/evidence/attest.ts";
import { type CosignPlace, isSignedBy, signKeyless } from "../../../runner/evidence/cosign.ts";
import { attachBundle } from "../../../runner/evidence/referrers.ts";
import { signaturePredicate, statementAbout } from "../../../runner/evidence/statement.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { subjectOf } from "../../../runner/registry/referrers.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { openOciRegistry, token } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeContext } from "../targets/fakes.ts";

const reference = `registry.example/shop/ui@sha256:${"a".repeat(64)}`;
const issuer = "https://token.actions.githubusercontent.com";
const workflow = identitySchema.parse({ subject: "https://github.com/acme/shop/deploy.yml", issuer });
let folder: string;
let place: CosignPlace;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-cosign-"));
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "s3cret");
  vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "who-runs");
  const { signal } = fakeContext();
  place = {
    signal,
    directory: "/project",
    login: async () => ({ registry: "registry.example", auth: token }),
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function cosignDoes(script: string) {
  await writeFile(
    join(folder, "cosign"),
    `#!/bin/sh\necho "$*" >>${folder}/calls; env >${folder}/environment\n${script}\n`,
  );
  await chmod(join(folder, "cosign"), 0o755);
}
const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
const environment = () => readFile(join(folder, "environment"), "utf8");
const keyless = { transparencyLog: true };

describe("signing without a key", () => {
  test("runs cosign with the job's identity and nothing else of the run", async () => {
    await cosignDoes("");
    await signKeyless(place, keyless, reference, signaturePredicate, {});
    expect(await calls()).toEqual([`sign --yes ${reference}`]);
    expect(await environment()).toContain("ACTIONS_ID_TOKEN_REQUEST_TOKEN=who-runs");
    expect(await environment()).not.toContain("s3cret");
    expect((await calls()).join()).not.toContain(token);
  });

  test("hands a statement over in a file, with the services of a private Sigstore", async () => {
    await cosignDoes(
      `for word in "$@"; do case $word in *predicate.json) cat "$word" >${folder}/predicate;; esac; done`,
    );
    const settings = {
      transparencyLog: false,
      signingConfig: "sigstore/config.json",
      trustedRoot: "root.json",
    };
    await signKeyless(place, settings, reference, "https://spdx.dev/Document", { spdxVersion: "2.3" });
    expect((await calls())[0]).toMatch(
      /^attest --yes --signing-config \/project\/sigstore\/config\.json --trusted-root \/project\/root\.json --type spdxjson --predicate /,
    );
    expect(JSON.parse(await readFile(join(folder, "predicate"), "utf8"))).toEqual({ spdxVersion: "2.3" });
  });

  test.each([
    ["is missing", "exit 127", true, "is not installed"],
    ["refuses", "echo 'error: no identity token' >&2; exit 1", false, "cosign: error: no identity token"],
  ])("says so when cosign %s", async (_, script, isMissing, message) => {
    await cosignDoes(script);
    if (isMissing) vi.stubEnv("PATH", join(folder, "nowhere"));
    await expect(signKeyless(place, keyless, reference, signaturePredicate, {})).rejects.toMatchObject({
      problems: [{ code: "cosign-failed", message: expect.stringContaining(message) }],
    });
  });

  test("attaches once: a signature with a certificate stays", async () => {
    const ecr = mockClient(ECRClient);
    ecr.reset();
    const registry = await openOciRegistry(ecr);
    const { clients, signal } = fakeContext();
    const store = {
      clients,
      registry: connectToRegistry(clients, registry.host, signal),
      repository: "shop/ui",
    };
    const text = JSON.stringify({ schemaVersion: 2, layers: [] });
    const digest = registry.put("shop/ui", text, "application/vnd.oci.image.manifest.v1+json");
    const image = {
      ...{ service: "ui", repository: "shop/ui", registry: registry.host, digest },
      manifests: { "linux/amd64": digest },
    };
    /** What Cosign would attach: a bundle with a certificate. */
    const sign = vi.fn(async () => {
      const payload = Buffer.from(JSON.stringify(statementAbout(digest, signaturePredicate, {}))).toString(
        "base64",
      );
      const bundle = {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: { certificate: { rawBytes: "" } },
        dsseEnvelope: { payload, payloadType: "application/vnd.in-toto+json", signatures: [{ sig: "" }] },
      };
      const subject = await subjectOf(clients, "shop/ui", digest, signal);
      await attachBundle(store, subject, JSON.stringify(bundle), signaturePredicate);
    });
    const attestor = {
      settings: evidenceSchema.parse({ sign: { keyless } }),
      signer: undefined,
      keyless: sign,
      login: place.login,
    };
    const one = { service: service("ui"), image, provenance: undefined };
    expect(await attestImage(store, one, attestor)).toMatchObject({ attached: ["signature linux/amd64"] });
    expect(await attestImage(store, one, attestor)).toMatchObject({ attached: [], kept: 1 });
    expect(sign).toHaveBeenCalledTimes(1);
    const nothing = { ...attestor, keyless: async () => {} };
    registry.manifests.clear();
    registry.put("shop/ui", text, "application/vnd.oci.image.manifest.v1+json");
    await expect(attestImage(store, one, nothing)).rejects.toThrow("nothing is attached");
    await registry.close();
  });
});

describe("an identity that signed", () => {
  test("is checked by cosign, which gets no token of the job", async () => {
    await cosignDoes("");
    expect(await isSignedBy(place, [workflow], reference)).toBe(true);
    expect(await calls()).toEqual([
      `verify --certificate-identity ${workflow.subject} --certificate-oidc-issuer ${issuer} ${reference}`,
    ]);
    expect(await environment()).not.toContain("who-runs");
  });

  test("is one of several", async () => {
    await cosignDoes('case "$*" in *regexp*) exit 0;; *) exit 1;; esac');
    const other = identitySchema.parse({ subjectMatches: "^https://github.com/acme/", issuer });
    expect(await isSignedBy(place, [workflow, other], reference)).toBe(true);
    expect(await isSignedBy(place, [workflow], reference)).toBe(false);
  });
});

test.each([
  [{ sign: { key: "k.pem", keyless } }, "name either a key or keyless"],
  [{ sign: {} }, "name either a key or keyless"],
  [{ sign: { keyless: {} } }, "needs a signingConfig"],
])("%o is refused", (evidence, message) => {
  expect(evidenceSchema.safeParse(evidence).error?.message).toContain(message);
});

test("a gate of signatures names somebody", () => {
  expect(gatesSchema.safeParse({ signed: {} }).error?.message).toContain("at least one key or identity");
  expect(gatesSchema.safeParse({ signed: { identities: [workflow] } }).success).toBe(true);
});
