import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeImageScanFindingsCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { signStatement } from "../../../runner/evidence/bundle.ts";
import { attachBundle, attachDocument } from "../../../runner/evidence/referrers.ts";
import { statementAbout } from "../../../runner/evidence/statement.ts";
import { storeOf } from "../../../runner/evidence/step.ts";
import { type AskingSession, askGates } from "../../../runner/gates/ask.ts";
import type { Image } from "../../../runner/registry/image.ts";
import { subjectOf } from "../../../runner/registry/referrers.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import type { Gate } from "../../../runner/targets/gate.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { targetPlan } from "../plan/samples.ts";
import { type OciRegistry, openOciRegistry } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeClock, fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let registry: OciRegistry;
let directory: string;
let image: Image;

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = {
    publicKey: publicKey.export({ format: "der", type: "spki" }),
    sign: async (message: Uint8Array) => sign("sha256", message, privateKey),
  };
  return { signer, pem: publicKey.export({ format: "pem", type: "spki" }) };
}
const [ours, theirs] = [newKey(), newKey()];

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  directory = await mkdtemp(join(tmpdir(), "slipway-vex-"));
  await writeFile(join(directory, "ours.pub"), ours.pem);
  const text = JSON.stringify({ schemaVersion: 2, layers: [] });
  const digest = registry.put("shop/ui", text, manifestType);
  const manifests = { "linux/amd64": digest };
  image = { service: "ui", repository: "shop/ui", registry: registry.host, digest, manifests };
  ecr.on(DescribeImageScanFindingsCommand).resolves({
    imageScanStatus: { status: "COMPLETE" },
    imageScanFindings: {
      imageScanCompletedAt: new Date(fakeClock().now()),
      findings: [{ name: "CVE-2026-1", severity: "CRITICAL" }],
    },
  });
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

function sessionOf(vex: string) {
  const context = fakeContext();
  const gates = gatesSchema.parse({
    preset: "block",
    image: { user: "off", secrets: "off" },
    findings: { vex },
    ...(vex === "signed" ? { signed: { keys: ["ours.pub"] } } : {}),
  });
  return {
    ...context,
    directory,
    registry: registry.host,
    // The gate of signatures has tests of its own.
    settings: { stack: "prod", scanning: { mode: "basic" }, gates } as unknown as Settings,
    catalogue: { services: [service("ui")] } as AskingSession["catalogue"],
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/me" } as AskingSession["caller"],
    timeline: createTimeline(context.emit),
  };
}

const vex = {
  "@context": "https://openvex.dev/ns/v0.2.0",
  author: "team-shop",
  timestamp: "2026-01-01T00:00:00Z",
  statements: [
    { vulnerability: { name: "CVE-2026-1" }, status: "not_affected", impact_statement: "not reachable" },
  ],
};

const store = () => storeOf(sessionOf("any"), image);
const subject = async () => {
  const { clients, repository, registry: connection } = store();
  return subjectOf(clients, repository, image.digest, connection.signal);
};
const attach = async (document: string, type = "application/vnd.openvex+json") =>
  attachDocument(store(), await subject(), document, type);
const attachSigned = async ({ signer }: { signer: typeof ours.signer }, digest = image.digest) => {
  const predicateType = "https://openvex.dev/ns/v0.2.0";
  const bundle = await signStatement(statementAbout(digest, predicateType, vex), signer);
  await attachBundle(store(), await subject(), bundle, predicateType);
};

interface Asked {
  readonly gate?: Gate | undefined;
  readonly refused?: string;
  readonly notices: readonly string[];
}

/** The gate of findings as a run records it, or why it refuses, and the notices. */
async function ask(mode = "any"): Promise<Asked> {
  const session = sessionOf(mode);
  const after = `${image.registry}/${image.repository}@${image.digest}`;
  const changes = [{ field: "containerDefinitions[ui].image", before: undefined, after }];
  const targets = [targetPlan("ui", { action: "update", changes })];
  const services = [{ service: service("ui"), image, targets, about: { gates: [] } }];
  const notices = () => session.events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
  try {
    const override = { gate: "signed", reason: "tested elsewhere" } as const;
    const [one] = await askGates(session, services, override, fakeClock());
    return { gate: one?.about.gates.find(({ gate }) => gate === "findings"), notices: notices() };
  } catch (error) {
    return { refused: (error as Error).message, notices: notices() };
  }
}

describe("a VEX document of the image", () => {
  test("clears a finding, and is named with its author", async () => {
    expect((await ask()).refused).toContain("CVE-2026-1");
    await attach(JSON.stringify(vex));
    expect((await ask()).gate).toEqual({
      gate: "findings",
      verdict: "passed",
      message: "linux/amd64: CVE-2026-1 not affected (VEX of team-shop: not reachable)",
    });
  });

  test("is not asked where the stack says so", async () => {
    await attach(JSON.stringify(vex));
    expect((await ask("off")).refused).toContain("CVE-2026-1");
  });

  test("that nobody can read is named, and clears nothing", async () => {
    await attach("not JSON");
    const { refused, notices } = await ask();
    expect(refused).toContain("CVE-2026-1");
    expect(notices).toContainEqual(
      expect.stringMatching(
        /^the VEX document sha256:\w+ of ui linux\/amd64 does not count: it is not readable/,
      ),
    );
  });

  test("of another type of content is left alone", async () => {
    await attach("{}", "application/spdx+json");
    expect((await ask()).notices).toEqual([]);
  });
});

describe("a signed VEX document", () => {
  test("counts on a stack that wants it signed by one of its keys", async () => {
    await attachSigned(ours);
    expect((await ask("signed")).gate?.message).toContain("not affected");
  });

  test.each([
    ["another key has signed it", () => attachSigned(theirs), "none of this stack's keys has signed it"],
    ["it is not signed", () => attach(JSON.stringify(vex)), "it is not signed"],
    ["it is about another image", () => attachSigned(ours, `sha256:${"0".repeat(64)}`), "another image"],
  ])("does not count there when %s", async (_, attached, reason) => {
    await attached();
    const { refused, notices } = await ask("signed");
    expect(refused).toContain("CVE-2026-1");
    expect(notices).toContainEqual(expect.stringContaining(reason));
  });
});
