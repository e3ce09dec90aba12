import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { evidenceSchema } from "../../../config/stack/evidence.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import type { GateOverride } from "../../../runner/cli/override.ts";
import { attestImage } from "../../../runner/evidence/attest.ts";
import type { Signer } from "../../../runner/evidence/bundle.ts";
import { storeOf } from "../../../runner/evidence/step.ts";
import { type AskingSession, askGates } from "../../../runner/gates/ask.ts";
import type { Image } from "../../../runner/registry/image.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { targetPlan } from "../plan/samples.ts";
import { type OciRegistry, openOciRegistry, token } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const repository = "shop/ui";
let registry: OciRegistry;
let directory: string;
let image: Image;
let session: AskingSession;

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer: Signer = {
    publicKey: publicKey.export({ format: "der", type: "spki" }),
    sign: async (message) => sign("sha256", message, privateKey),
  };
  return { signer, pem: publicKey.export({ format: "pem", type: "spki" }).toString() };
}

const [ours, theirs] = [newKey(), newKey()];

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  directory = await mkdtemp(join(tmpdir(), "slipway-signed-"));
  await writeFile(join(directory, "ours.pub"), ours.pem);
  await writeFile(join(directory, "theirs.pub"), theirs.pem);
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = (architecture: string) =>
    registry.put(repository, JSON.stringify({ schemaVersion: 2, layers: [], architecture }), manifestType);
  const manifests = { "linux/amd64": manifest("amd64"), "linux/arm64": manifest("arm64") };
  const index = { manifests: Object.values(manifests).map((digest) => ({ digest })) };
  const digest = registry.put(repository, JSON.stringify(index), "application/vnd.oci.image.index.v1+json");
  image = { service: "ui", repository, registry: registry.host, digest, manifests };
  const context = fakeContext();
  const gates = gatesSchema.parse({
    findings: { enabled: false },
    image: { user: "off", secrets: "off" },
    signed: { keys: ["ours.pub"] },
  });
  session = {
    ...context,
    directory,
    registry: registry.host,
    settings: { stack: "prod", gates } as unknown as Settings,
    catalogue: { services: [service("ui")] } as AskingSession["catalogue"],
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/me" } as AskingSession["caller"],
    timeline: createTimeline(context.emit),
  };
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

const attest = ({ signer }: { signer: Signer }, one: Image = image) =>
  attestImage(
    storeOf(session, one),
    { service: service("ui"), image: one, provenance: undefined },
    {
      settings: evidenceSchema.parse({ sign: { key: "k" } }),
      signer,
      login: async () => ({ registry: registry.host, auth: token }),
    },
  );

const ask = async (override?: GateOverride) => {
  const after = `${image.registry}/${repository}@${image.digest}`;
  const target = targetPlan("ui", {
    action: "update",
    changes: [{ field: "containerDefinitions[ui].image", before: undefined, after }],
  });
  const services = [{ service: service("ui"), image, targets: [target], about: { gates: [] } }];
  const [one] = await askGates(session, services, override);
  return one?.about.gates;
};
const refusal = () =>
  ask().then(
    () => undefined,
    (error: { exitCode: number; problems: readonly { message: string; fix: string }[] }) => ({
      exitCode: error.exitCode,
      ...error.problems[0],
    }),
  );

describe("the gate of signatures", () => {
  test("passes an image whose index and platforms the key has signed", async () => {
    await attest(ours);
    expect(await ask()).toEqual([{ gate: "signed", verdict: "passed" }]);
  });

  test("refuses an unsigned image with exit code 3, and says how to go on", async () => {
    expect(await refusal()).toMatchObject({
      exitCode: 3,
      code: "gate-failed",
      key: "signed",
      message: "ours.pub has not signed the index, linux/amd64, linux/arm64",
      fix: 'sign the image with one of the keys, or run the command with --override-gate signed --reason "…"',
    });
  });

  test("refuses an image that another key has signed", async () => {
    await attest(theirs);
    expect((await refusal())?.message).toBe(
      "ours.pub has not signed the index, linux/amd64, linux/arm64; 3 signatures of other keys or images do not count",
    );
  });

  test("refuses an index of which one platform is not signed", async () => {
    const { "linux/amd64": amd64 = "" } = image.manifests;
    await attest(ours, { ...image, manifests: { "linux/amd64": amd64 } });
    expect((await refusal())?.message).toBe("ours.pub has not signed linux/arm64");
  });

  test("is overridden by a person with a reason, which is recorded", async () => {
    expect(await ask({ gate: "signed", reason: "the key is being replaced" })).toEqual([
      {
        gate: "signed",
        verdict: "overridden",
        message: expect.stringContaining("user/me: the key is being replaced"),
      },
    ]);
  });

  test("is a mistake of the settings when the key is not there", async () => {
    await rm(join(directory, "ours.pub"));
    expect(await refusal()).toMatchObject({ code: "signing-key", exitCode: 2 });
  });
});
