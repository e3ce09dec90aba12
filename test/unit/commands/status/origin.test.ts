import { beforeEach, describe, expect, test } from "vitest";
import { releaseTag } from "../../../../config/names.ts";
import { readOrigins } from "../../../../runner/commands/status/origin.ts";
import { artifactManifest } from "../../../../runner/registry/artifact.ts";
import { blobOf } from "../../../../runner/registry/blob.ts";
import { releaseType } from "../../../../runner/release/record.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { type FakeRegistry, fakeRegistry, indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { ecrOnly } from "../../registry/fixtures.ts";
import { record, sha } from "../../release/releases.ts";
import { service } from "../../stack/services.ts";

let registry: FakeRegistry;
beforeEach(() => {
  registry = fakeRegistry("shop/ui");
});

const origins = () =>
  readOrigins(
    {
      clients: ecrOnly(),
      settings: { stack: "dev", repositories: { prefix: "shop" } },
      signal: new AbortController().signal,
    } as unknown as Session,
    service("ui"),
  );

function release(): void {
  const content = blobOf(releaseType, JSON.stringify(record("r1", "1")));
  const head = artifactManifest({ artifactType: releaseType, content, annotations: {} });
  registry.push(JSON.parse(head.text) as object, releaseTag("dev"));
}

describe("where what runs comes from", () => {
  test("the release that put it there tells, of the image and of each of its platforms", async () => {
    release();
    const of = origins();
    for (const digest of [sha("1"), sha("0")]) {
      expect(await of(`localhost:5000/shop/ui@${digest}`)).toEqual({
        digest,
        release: "r1",
        commit: "abcdef0123456789",
        tags: ["v1"],
      });
    }
    // One read for all targets of a service.
    expect(registry.calls("BatchGetImage")).toBe(1);
    expect(registry.calls("DescribeImages")).toBe(0);
  });

  test("of an image that no release tells of, its tags do", async () => {
    release();
    const child = registry.push(platformManifest({ a: 1 }));
    const digest = registry.push(indexOf({ "linux/amd64": child }), "v2", "0123abc", "src-0123", "inuse-x");
    expect(await origins()(`localhost:5000/shop/ui@${digest}`)).toEqual({
      digest,
      commit: "0123abc",
      tags: ["v2", "0123abc"],
    });
  });

  test("an image that is gone has no more than its digest", async () => {
    expect(await origins()(`localhost:5000/shop/ui@${sha("9")}`)).toEqual({ digest: sha("9"), tags: [] });
  });

  test("what runs by a tag, or not at all, says nothing", async () => {
    expect(await origins()("localhost:5000/shop/ui:latest")).toEqual({});
    expect(await origins()(undefined)).toEqual({});
  });
});
