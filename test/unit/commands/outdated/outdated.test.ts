import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Settings } from "../../../../config/settings.ts";
import { findOutdated, type OutdatedService, outcomeOf } from "../../../../runner/bases/outdated.ts";
import { packDescription, sourceType, writeSource } from "../../../../runner/bases/source-record.ts";
import { showOutdated } from "../../../../runner/commands/outdated/show.ts";
import { blobOf } from "../../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../../runner/registry/connection.ts";
import { attachArtifact, subjectOf } from "../../../../runner/registry/referrers.ts";
import { writeRelease } from "../../../../runner/release/store.ts";
import { coloursFor } from "../../../../runner/report/colours.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { createTimeline } from "../../../../runner/session/timeline.ts";
import type { SourceDescription } from "../../../../source/describe.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry } from "../../registry/oci-registry.ts";
import { record } from "../../release/releases.ts";
import { service } from "../../stack/services.ts";
import { fakeContext, sha } from "../../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let registry: OciRegistry;
let session: Session;

const manifest = (content: string) => JSON.stringify({ schemaVersion: 2, layers: [], content });
const description = (baseImages: readonly string[]): SourceDescription => ({
  scheme: "test",
  dockerfile: "",
  baseImages: [...baseImages],
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
});

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  const context = fakeContext();
  session = {
    ...context,
    registry: registry.host,
    services: [service("ui")],
    settings: { stack: "prod", aws: { region: "eu-west-1" }, repositories: { prefix: "shop" } } as Settings,
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/me" },
    timeline: createTimeline(context.emit),
  } as unknown as Session;
});
afterEach(async () => {
  vi.useRealTimers();
  await registry.close();
});

/** The stack's newest release runs an image that was built from these base images, with their digests of then. */
async function released(
  baseImages: readonly string[],
  bases: Readonly<Record<string, string>>,
  recorded = true,
): Promise<string> {
  const digest = registry.put("shop/ui", manifest("the image"), manifestType);
  const { clients, signal } = session;
  const connection = connectToRegistry(clients, registry.host, signal);
  const image = { repository: "shop/ui", digest };
  if (recorded)
    await writeSource(clients, connection, image, { hash: "1", description: description(baseImages), bases });
  const { image: about } = record("1", "a");
  await writeRelease(clients, connection, {
    ...record("1", "a"),
    stack: "prod",
    image: { ...about, digest },
  });
  return digest;
}

/** A base image in the stack's own registry, whose tag is on this content. */
const base = (content: string, tag = "24") => registry.put("base/node", manifest(content), manifestType, tag);
const node = () => `${registry.host}/base/node:24`;

describe("slipway outdated", () => {
  test("finds a base image whose tag has moved since the build of what runs", async () => {
    const before = base("of then");
    const digest = await released([node()], { [node()]: before });
    expect((await findOutdated(session)).outcome).toBe("current");
    const after = base("of now");
    const document = await findOutdated(session);
    expect(document).toMatchObject({ kind: "outdated", stack: "prod", outcome: "outdated" });
    expect(document.services).toEqual([
      {
        service: "ui",
        digest,
        sourceHash: "0123",
        commit: "abcdef0123456789",
        moved: [{ name: node(), reference: node(), from: before, to: after }],
        pinned: [],
        unknown: [],
      },
    ]);
  });

  test("compares with the base image of the last build, where builds on different ones gave the same image", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 4, 1) });
    const first = base("of then");
    const digest = await released([node()], { [node()]: first });
    /** A build on what the tag stands for now, which gives the same image. */
    const rebuild = async (to: string) => {
      vi.setSystemTime(Date.now() + 86_400_000);
      const connection = connectToRegistry(session.clients, registry.host, session.signal);
      const source = { hash: "1", description: description([node()]), bases: { [node()]: to } };
      await writeSource(session.clients, connection, { repository: "shop/ui", digest }, source);
    };
    const second = base("of now");
    expect((await findOutdated(session)).outcome).toBe("outdated");
    await rebuild(second);
    expect((await findOutdated(session)).outcome).toBe("current");
    // The tag is taken back: the digest of the first build is there twice.
    expect(base("of then")).toBe(first);
    const [ui] = (await findOutdated(session)).services;
    expect(ui?.moved).toEqual([{ name: node(), reference: node(), from: second, to: first }]);
    await rebuild(first);
    expect((await findOutdated(session)).outcome).toBe("current");
  });

  test("takes a record without a time, of an earlier version, for the oldest", async () => {
    const digest = await released([node()], {}, false);
    const { clients, signal } = session;
    const connection = connectToRegistry(clients, registry.host, signal);
    const bases = { [node()]: base("of then") };
    await attachArtifact(clients, connection, "shop/ui", {
      artifactType: sourceType,
      content: blobOf(
        "application/vnd.slipway.source.v1+json+gzip+base64",
        packDescription(description([node()])),
      ),
      annotations: { "slipway.source.hash": "1", "slipway.source.bases": JSON.stringify(bases) },
      subject: await subjectOf(clients, "shop/ui", digest, signal),
    });
    expect((await findOutdated(session)).outcome).toBe("current");
    const to = base("of now");
    expect((await findOutdated(session)).outcome).toBe("outdated");
    const source = { hash: "1", description: description([node()]), bases: { [node()]: to } };
    await writeSource(clients, connection, { repository: "shop/ui", digest }, source);
    expect((await findOutdated(session)).outcome).toBe("current");
  });

  test("finds a newer image of a tag that the Dockerfile nails to a digest", async () => {
    const before = base("of then");
    await released([`${node()}@${before}`], {});
    expect((await findOutdated(session)).outcome).toBe("current");
    const after = base("of now");
    const [ui] = (await findOutdated(session)).services;
    expect(ui?.pinned).toEqual([{ name: `${node()}@${before}`, reference: node(), from: before, to: after }]);
  });

  test("does not call a service current of whose base images nothing is known", async () => {
    await released([node()], {});
    expect(await findOutdated(session)).toMatchObject({
      outcome: "unknown",
      services: [{ moved: [], unknown: [node()] }],
    });
  });

  test("nor one whose base image its registry no longer has", async () => {
    await released([node()], { [node()]: sha("1") });
    expect(await findOutdated(session)).toMatchObject({
      outcome: "unknown",
      services: [{ unknown: [node()] }],
    });
  });

  test("says that a stack has no release, or that the build recorded nothing", async () => {
    expect((await findOutdated(session)).services[0]?.reason).toBe("the stack has no release of it");
    await released([], {}, false);
    expect((await findOutdated(session)).services[0]?.reason).toBe("its build recorded no base images");
  });

  test("shows what moved first, counts the rest, and says how to rebuild", () => {
    const none = { moved: [], pinned: [], unknown: [] };
    const moved = [{ name: "node:24", reference: "node:24", from: sha("1"), to: sha("2") }];
    const services: readonly OutdatedService[] = [
      { service: "cart", digest: sha("a"), ...none },
      { service: "new", ...none, reason: "the stack has no release of it" },
      { service: "orders", digest: sha("b"), ...none, unknown: ["php:8"] },
      { service: "ui", digest: sha("c"), ...none, moved },
    ];
    const where = { stack: "prod", account: "111122223333", region: "eu-west-1" };
    const outcome = outcomeOf(services);
    const text = showOutdated(
      { version: 1, kind: "outdated", ...where, outcome, services },
      coloursFor({ isTTY: false } as never),
    );
    expect(text.split("\n")).toEqual([
      "Stack prod (account 111122223333, eu-west-1)",
      "",
      `ui (sha256:${"c".repeat(12)})`,
      `  ↑  node:24  sha256:${"1".repeat(12)} → sha256:${"2".repeat(12)}  moved since the build`,
      "",
      "new: the stack has no release of it",
      "orders: can't compare php:8",
      "",
      "1 with newer base images, 1 current, 2 unknown",
      "A base image that moved does not change the source: slipway outdated --rebuild builds these services again.",
    ]);
  });
});
