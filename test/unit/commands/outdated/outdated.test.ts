import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../../config/settings.ts";
import { findOutdated, type OutdatedService, outcomeOf } from "../../../../runner/bases/outdated.ts";
import { writeSource } from "../../../../runner/bases/source-record.ts";
import { showOutdated } from "../../../../runner/commands/outdated/show.ts";
import { connectToRegistry } from "../../../../runner/registry/connection.ts";
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
