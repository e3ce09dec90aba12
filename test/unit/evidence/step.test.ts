import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { evidenceSchema } from "../../../config/stack/evidence.ts";
import type { ImageToAttest } from "../../../runner/evidence/attest.ts";
import { attachEvidence, type EvidenceSession, openEvidence } from "../../../runner/evidence/step.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { type FakeContext, fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
let registry: OciRegistry;
let directory: string;
let context: FakeContext;
let session: EvidenceSession & Pick<FakeContext, "emit">;

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  directory = await mkdtemp(join(tmpdir(), "slipway-step-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(join(directory, "k.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
  context = fakeContext();
  session = sessionWith({ sign: { key: "k.pem" } });
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

function sessionWith(evidence: object): typeof session {
  const settings = { stack: "dev", evidence: evidenceSchema.parse(evidence) } as unknown as Settings;
  const timeline = createTimeline(context.emit);
  return { ...context, directory, registry: registry.host, settings, timeline };
}

function imageOf(name: string): ImageToAttest {
  const repository = `shop/${name}`;
  const digest = registry.put(repository, `{"of":"${name}"}`, "application/vnd.oci.image.manifest.v1+json");
  const manifests = { "linux/amd64": digest };
  return {
    service: service(name),
    image: { service: name, repository, registry: registry.host, digest, manifests },
    provenance: undefined,
  };
}

const putManifests = () => registry.requests.filter((request) => /^PUT .*\/manifests\//.test(request));

test("an image gets its evidence while others are still being built, and not again at the end", async () => {
  const run = openEvidence(session);
  const ui = imageOf("ui");
  run.begin("ui", async () => ui);
  await expect.poll(() => putManifests().length).toBe(1);
  // The end of the builds: all that was built or moves is named again.
  let reads = 0;
  for (const one of [ui, imageOf("cart")]) {
    run.begin(one.service.name, async () => {
      reads += 1;
      return one;
    });
  }
  expect(await run.finish()).toEqual([
    { service: "ui", attached: ["signature linux/amd64"], kept: 0 },
    { service: "cart", attached: ["signature linux/amd64"], kept: 0 },
  ]);
  expect(reads).toBe(1);
  expect(putManifests()).toHaveLength(2);
});

test("what goes wrong is thrown at the end, and waiting for what has begun throws nothing", async () => {
  const run = openEvidence(sessionWith({ sign: { key: "none.pem" } }));
  run.begin("ui", async () => imageOf("ui"));
  await run.settled();
  await expect(run.finish()).rejects.toMatchObject({ problems: [{ code: "signing-key" }] });
  expect(putManifests()).toEqual([]);
});

test("a run without images has no part for evidence", async () => {
  expect(await attachEvidence(session, [])).toEqual([]);
  expect(session.timeline.phases).toEqual([]);
});
