/**
 * `npm run test:evidence`: a real Cosign verifies what Slipway attaches, in the registry of a sandbox of its own, with
 * a key of its KMS: signatures, provenance, and bills of materials by a real Syft. Building Cosign takes eight minutes of a processor, so this is no part of `npm test`: the bundles
 * that Cosign accepted here are kept in test/unit/evidence/golden for the tests of every day (`-- --record`).
 *
 * Cosign 3 has to be on PATH, or named by COSIGN; docs/reference/evidence.md says where it comes from.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { execa } from "execa";
import { evidenceSchema } from "../../config/stack/evidence.ts";
import type { Clients } from "../../runner/aws/clients.ts";
import { type Attested, attestImage, type ImageToAttest, partsOf } from "../../runner/evidence/attest.ts";
import { provenanceOf } from "../../runner/evidence/provenance.ts";
import { type EvidenceStore, readContent, referrersOf } from "../../runner/evidence/referrers.ts";
import { openSigner } from "../../runner/evidence/signer.ts";
import { signaturePredicate } from "../../runner/evidence/statement.ts";
import { blobOf, digestOf } from "../../runner/registry/blob.ts";
import { connectToRegistry } from "../../runner/registry/connection.ts";
import { putBlob, putManifest } from "../../runner/registry/push.ts";
import { openSandbox } from "../../sandbox/open.ts";
import { emulator } from "../../sandbox/parts/emulator.ts";
import { ensureTool } from "../../sandbox/toolchain/ensure.ts";

const cosign = process.env.COSIGN ?? "cosign";
const golden = join(import.meta.dirname, "../unit/evidence/golden");
const { signal } = new AbortController();
const root = await mkdtemp(join(tmpdir(), "slipway-proof-"));
const sandbox = await openSandbox({ root, emit: () => {}, signal });
let failures = 0;

try {
  const syft = await ensureTool("syft", { emit: () => {}, signal });
  process.env.PATH = [dirname(syft.path), process.env.PATH].join(delimiter);
  const step = { id: "proof", progress() {}, log() {}, conclude() {} };
  const { address: endpoint = "" } = await emulator.start(sandbox, step);
  await prove(endpoint);
} finally {
  await emulator.stop(sandbox);
  await rm(root, { recursive: true, force: true });
}
console.log(failures === 0 ? "Cosign agrees." : `${failures} answers of Cosign were not as expected.`);
process.exitCode = failures === 0 ? 0 : 1;

async function prove(endpoint: string): Promise<void> {
  const region = "us-east-1";
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const [ecr, kms] = [
    new ECRClient({ region, endpoint, credentials }),
    new KMSClient({ region, endpoint, credentials }),
  ];
  const newKey = async () => {
    const command = new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
    return `awskms:///${(await kms.send(command)).KeyMetadata?.KeyId}`;
  };
  const [key, otherKey] = [await newKey(), await newKey()];
  const repository = "proof/app";
  await ecr.send(new CreateRepositoryCommand({ repositoryName: repository }));
  const clients = { region, ecr, kms } as unknown as Clients;
  const host = new URL(endpoint).host;
  const store = { clients, registry: connectToRegistry(clients, host, signal), repository };
  const image = { service: "app", repository, registry: host, ...(await pushImage(store, "app")) };
  const signed = evidenceSchema.parse({ sign: { key }, provenance: true });
  const all = evidenceSchema.parse({ sign: { key }, provenance: true, sbom: ["spdx", "cyclonedx"] });
  const place = { clients, signal, directory: root, stackFile: "Pulumi.proof.yaml" };
  const signer = await openSigner(key, place);
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const auth = authorizationData?.[0]?.authorizationToken ?? "";
  const service = { name: "app", platforms: Object.keys(image.manifests), arguments: { VERSION: "1" } };
  const provenance = provenanceOf({
    ...{ service, sourceHash: "abc", repository: "https://example.com/acme/shop", isDirty: false },
    ...{ commit: "0".repeat(40), bases: {}, builder: "https://example.com/run/1", version: "0.1.0" },
    ...{ startedOn: new Date(0), finishedOn: new Date(1000) },
  });
  const one = { service, image, provenance } as unknown as ImageToAttest;
  const login = async () => ({ registry: host, auth });
  const attest = (some: readonly (typeof one)[], settings = signed) =>
    Promise.all(some.map((each) => attestImage(store, each, { settings, signer, login })));
  await timed("one image", () => attest([one]));
  const five = await Promise.all(
    ["a", "b", "c", "d", "e"].map(async (name) => ({
      ...one,
      image: { ...image, ...(await pushImage(store, name)) },
    })),
  );
  await timed("five images", () => attest(five));
  await timed("the same five images again", () => attest(five));
  await timed("bills of materials of one image", () => attest([one], all));
  await timed("bills of materials of five images", () => attest(five, all));
  await timed("the same five images again", () => attest(five, all));
  if (process.argv.includes("--record")) await record(store, image, signer.publicKey);

  await writeFile(join(root, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  const aws = { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: "test" };
  const env = { ...aws, AWS_SECRET_ACCESS_KEY: "test", HOME: root, DOCKER_CONFIG: root };
  const ask = async (expected: "accepts" | "refuses", what: string, ...words: readonly string[]) => {
    const { failed, stdout, stderr } = await execa(cosign, words, { env, reject: false });
    const answer = failed ? "refuses" : "accepts";
    if (answer !== expected) failures += 1;
    const last = stderr.trim().split("\n").at(-1) ?? "";
    console.log(
      `${answer === expected ? "ok  " : "FAIL"} Cosign ${answer} ${what}${failed ? `: ${last.slice(0, 160)}` : ""}`,
    );
    // An attestation comes as JSON with its statement in base64.
    return stdout
      .split("\n")
      .flatMap((line) => [...line.matchAll(/"payload":"([^"]+)"/g)].map(([, payload = ""]) => payload))
      .map((payload) => Buffer.from(payload, "base64").toString("utf8"))
      .join("\n");
  };
  const reference = (digest: string) => `${host}/${repository}@${digest}`;
  const noLog = "--insecure-ignore-tlog=true";
  for (const { digest, platform } of partsOf(image)) {
    const what = `the signature of ${platform ?? "the index"}`;
    await ask("accepts", what, "verify", "--key", key, noLog, reference(digest));
    await ask("refuses", `${what} with another key`, "verify", "--key", otherKey, noLog, reference(digest));
  }
  const about = [noLog, "--type", "slsaprovenance1", reference(image.digest)];
  await ask("accepts", "the provenance", "verify-attestation", "--key", key, ...about);
  await ask("refuses", "the provenance with another key", "verify-attestation", "--key", otherKey, ...about);
  for (const [platform, digest] of Object.entries(image.manifests)) {
    for (const type of ["spdxjson", "cyclonedx"]) {
      const what = `the bill of materials of ${platform} (${type})`;
      const words = [noLog, "--type", type, reference(digest)];
      const accepted = await ask("accepts", what, "verify-attestation", "--key", key, ...words);
      if (!accepted.includes("minimist")) failures += 1;
      console.log(`     it names minimist: ${accepted.includes("minimist") ? "yes" : "NO"}`);
      await ask("refuses", `${what} with another key`, "verify-attestation", "--key", otherKey, ...words);
    }
  }
}

/** Says how long it takes to attach evidence, and what it takes of a processor (which other work does not prolong). */
async function timed(what: string, work: () => Promise<readonly Attested[]>): Promise<void> {
  const before = { at: performance.now(), processor: process.cpuUsage() };
  const done = await work();
  const pieces = done.reduce((sum, { attached }) => sum + attached.length, 0);
  const { user, system } = process.cpuUsage(before.processor);
  const [elapsed, processor] = [performance.now() - before.at, (user + system) / 1000].map(Math.round);
  console.log(`${what}: ${pieces} pieces attached in ${elapsed} ms, ${processor} ms of a processor`);
}

async function pushImage({ registry, repository }: EvidenceStore, name: string) {
  const layer = await layerWith(name);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const platform = async (architecture: string) => {
    const rootfs = { type: "layers", diff_ids: [layer.digest] };
    const text = JSON.stringify({ os: "linux", architecture, rootfs });
    const config = blobOf("application/vnd.oci.image.config.v1+json", text);
    await putBlob(registry, repository, layer);
    await putBlob(registry, repository, config);
    const descriptor = ({ mediaType, digest, bytes }: typeof layer) => ({
      mediaType,
      digest,
      size: bytes.length,
    });
    const manifest = JSON.stringify({
      ...{ schemaVersion: 2, mediaType, config: descriptor(config), layers: [descriptor(layer)] },
    });
    const digest = digestOf(manifest);
    await putManifest(registry, repository, digest, { mediaType, text: manifest });
    return { mediaType, digest, size: manifest.length, platform: { os: "linux", architecture } };
  };
  const [amd64, arm64] = [await platform("amd64"), await platform("arm64")];
  const indexType = "application/vnd.oci.image.index.v1+json";
  const text = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [amd64, arm64] });
  await putManifest(registry, repository, digestOf(text), { mediaType: indexType, text });
  return {
    digest: digestOf(text),
    manifests: { "linux/amd64": amd64.digest, "linux/arm64": arm64.digest },
  };
}

/** A layer with a package that Syft knows. */
async function layerWith(name: string) {
  const folder = await mkdtemp(join(root, "layer-"));
  const modules = join(folder, "srv/node_modules/minimist");
  await mkdir(modules, { recursive: true });
  await writeFile(join(modules, "package.json"), JSON.stringify({ name: "minimist", version: "1.2.5" }));
  await writeFile(join(folder, "srv/name"), name);
  const { stdout } = await execa("tar", ["-C", folder, "-cf", "-", "."], { encoding: "buffer" });
  return { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(stdout), bytes: stdout };
}

/** Keeps the bundles of the index, which Cosign is about to verify, and the key. */
async function record(store: EvidenceStore, image: { readonly digest: string }, publicKey: Uint8Array) {
  await mkdir(golden, { recursive: true });
  for (const referrer of await referrersOf(store, image.digest)) {
    const text = (await readContent(store, referrer)) ?? "";
    const predicate = referrer.annotations["dev.sigstore.bundle.predicateType"];
    const name = predicate === signaturePredicate ? "signature" : "provenance";
    await writeFile(join(golden, `${name}.json`), `${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
  }
  const key = { digest: image.digest, publicKey: Buffer.from(publicKey).toString("base64") };
  await writeFile(join(golden, "key.json"), `${JSON.stringify(key, undefined, 2)}\n`);
}
