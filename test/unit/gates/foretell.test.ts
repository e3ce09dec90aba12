import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeImageScanFindingsCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import type { Settings } from "../../../config/settings.ts";
import { evidenceSchema } from "../../../config/stack/evidence.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { attestImage } from "../../../runner/evidence/attest.ts";
import { storeOf } from "../../../runner/evidence/step.ts";
import type { CopiedFrom } from "../../../runner/gates/baseline.ts";
import { type ForetellingSession, foretellGates } from "../../../runner/gates/foretell.ts";
import { digestOf } from "../../../runner/registry/blob.ts";
import type { Image } from "../../../runner/registry/image.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { targetPlan } from "../plan/samples.ts";
import { type OciRegistry, openOciRegistry, token } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeClock, fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let registry: OciRegistry;
let directory: string;
/** Where it is to go, and where it is. */
let image: Image;
let source: Image;

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = {
  publicKey: publicKey.export({ format: "der", type: "spki" }),
  sign: async (message: Uint8Array) => sign("sha256", message, privateKey),
};

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  directory = await mkdtemp(join(tmpdir(), "slipway-foretell-"));
  await writeFile(join(directory, "key.pub"), publicKey.export({ format: "pem", type: "spki" }));
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  await writeFile(join(directory, "other.pub"), other.export({ format: "pem", type: "spki" }));
  const configuration = JSON.stringify({ config: { User: "root" } });
  registry.blobs.set(`dev/ui@${digestOf(configuration)}`, Buffer.from(configuration));
  const text = JSON.stringify({
    schemaVersion: 2,
    config: { digest: digestOf(configuration), size: configuration.length },
    layers: [],
  });
  const digest = registry.put("dev/ui", text, manifestType);
  const manifests = { "linux/amd64": digest };
  source = { service: "ui", repository: "dev/ui", registry: registry.host, digest, manifests };
  image = { ...source, repository: "prod/ui" };
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

function sessionOf(gates: object, evidence?: object): ForetellingSession {
  return {
    ...fakeContext(),
    directory,
    registry: registry.host,
    settings: {
      stack: "prod",
      scanning: { mode: "basic" },
      gates: gatesSchema.parse(gates),
      ...(evidence === undefined ? {} : { evidence: evidenceSchema.parse(evidence) }),
    } as unknown as Settings,
    catalogue: { services: [service("ui")] } as ForetellingSession["catalogue"],
    caller: {
      account: "111122223333",
      arn: "arn:aws:iam::111122223333:user/me",
    } as ForetellingSession["caller"],
  };
}

/** What a dry run of a promotion says of the image. */
async function foretell(session: ForetellingSession, { isCopied = false, signs = true } = {}) {
  const changes = [
    {
      field: "containerDefinitions[ui].image",
      before: undefined,
      after: `${registry.host}/prod/ui@${image.digest}`,
    },
  ];
  const targets = [targetPlan("ui", { action: "update", changes })];
  const { clients } = session;
  const copiedFrom: CopiedFrom = { isCopied, clients, registry: registry.host, repository: "dev/ui" };
  const services = [{ service: service("ui"), image, targets, copiedFrom }];
  const [one] = await foretellGates(session, services, { override: undefined, signs }, fakeClock());
  return one;
}

const unasked = { user: "off", secrets: "off" };
const onlyFindings = { preset: "block", image: unasked };
const onlySigned = { findings: { enabled: false }, image: unasked, signed: { keys: ["key.pub"] } };
const attest = (where: Image) =>
  attestImage(
    storeOf(sessionOf(onlySigned), where),
    { service: service("ui"), image: where, provenance: undefined },
    {
      settings: evidenceSchema.parse({ sign: { key: "k" } }),
      signer,
      login: async () => ({ registry: registry.host, auth: token }),
    },
  );

const scanned = (repositoryName: string, ...ids: readonly string[]) =>
  ecr.on(DescribeImageScanFindingsCommand, { repositoryName }).resolves({
    imageScanStatus: { status: "COMPLETE" },
    imageScanFindings: {
      imageScanCompletedAt: new Date(fakeClock().now()),
      findings: ids.map((name) => ({ name, severity: "CRITICAL" })),
    },
  });

describe("a dry run of a promotion", () => {
  test("reads the scans of the repository that the image is still in", async () => {
    scanned("dev/ui", "CVE-7");
    expect(await foretell(sessionOf(onlyFindings))).toMatchObject({
      gates: [{ gate: "findings", verdict: "failed", message: expect.stringContaining("CVE-7") }],
      problems: [{ code: "gate-failed", where: "ui on prod" }],
    });
  });

  test("reads the scans of its own repository when the image was copied before", async () => {
    scanned("dev/ui", "CVE-7");
    scanned("prod/ui");
    expect(await foretell(sessionOf(onlyFindings), { isCopied: true })).toMatchObject({
      gates: [{ gate: "findings", verdict: "passed" }],
      problems: [],
    });
  });

  test("gives no verdict on scans that its credentials may not read", async () => {
    const denied = { code: "access-denied", where: "ecr", message: "denied" } as const;
    ecr.on(DescribeImageScanFindingsCommand).rejects(new UserError(denied, { exitCode: 1 }));
    expect(await foretell(sessionOf(onlyFindings))).toMatchObject({
      gates: [{ gate: "findings", verdict: "not checked" }],
      problems: [],
    });
  });

  test("checks the image where it is", async () => {
    const gates = { findings: { enabled: false }, image: { user: "block" } };
    expect(await foretell(sessionOf(gates))).toMatchObject({
      gates: [{ gate: "image checks", verdict: "failed", message: expect.stringContaining("USER root") }],
    });
  });

  test("counts signatures that the promotion will copy", async () => {
    await attest(source);
    expect(await foretell(sessionOf(onlySigned))).toMatchObject({
      gates: [{ gate: "signed", verdict: "passed" }],
      problems: [],
    });
  });

  test("refuses an unsigned image", async () => {
    expect(await foretell(sessionOf(onlySigned))).toMatchObject({
      gates: [{ gate: "signed", verdict: "failed", message: "key.pub has not signed linux/amd64" }],
      problems: [{ code: "gate-failed", key: "signed" }],
    });
  });
});

describe("the gate of signatures, on a stack that signs", () => {
  test("will pass when the run signs with one of its keys", async () => {
    const session = sessionOf(onlySigned, { sign: { key: "key.pub" } });
    expect(await foretell(session)).toMatchObject({
      gates: [{ gate: "signed", verdict: "passed", message: "the run signs the image first" }],
      problems: [],
    });
  });

  test("will refuse when the run signs with another key, or is a rollback, which signs nothing", async () => {
    const other = sessionOf(onlySigned, { sign: { key: "other.pub" } });
    expect(await foretell(other)).toMatchObject({ problems: [{ key: "signed" }] });
    const session = sessionOf(onlySigned, { sign: { key: "key.pub" } });
    expect(await foretell(session, { signs: false })).toMatchObject({ problems: [{ key: "signed" }] });
  });

  test("has no verdict where the private key is not, as in a plan of a pull request", async () => {
    const session = sessionOf(onlySigned, { sign: { key: "env://SLIPWAY_TEST_NO_SUCH_KEY" } });
    expect(await foretell(session)).toMatchObject({
      gates: [{ gate: "signed", verdict: "not checked" }],
      problems: [],
    });
  });
});
