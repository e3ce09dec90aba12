import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeSource } from "../../../runner/bases/source-record.ts";
import { reasonToBuild } from "../../../runner/plan/compare.ts";
import { takenByEarlier, withoutTaken } from "../../../runner/plan/taken-tags.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { checkTags, judgeTags } from "../../../runner/registry/tags.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry } from "../registry/oci-registry.ts";
import { fakeContext } from "../targets/fakes.ts";
import { digest, inspected } from "./samples.ts";

test("an image that is built again gets the tags that may move, and leaves the others where they are", () => {
  const planned = ["v1", "latest", "0123456"].map((tag) => ({
    tag,
    format: `{${tag}}`,
    reason: "",
    moves: false,
  }));
  const tagPlan = { tags: ["v1", "latest", "0123456"], planned, leftOut: [], problems: [] };
  const found = [
    { tag: "v1", digest },
    { tag: "latest", digest },
    { tag: "0123456", digest: undefined },
  ];
  // Not built yet: every tag that is there is another image's.
  const check = judgeTags("shop/ui", undefined, found, (tag) => tag === "latest");
  expect(check.problems.map(({ code }) => code)).toEqual(["tag-taken"]);
  const kept = withoutTaken(check, tagPlan);
  expect(kept.tagCheck).toEqual({ present: [], toPut: ["latest", "0123456"], problems: [] });
  expect(kept.tagPlan.tags).toEqual(["latest", "0123456"]);
  expect(kept.tagPlan.leftOut).toEqual([
    {
      format: "{v1}",
      reason: "v1 may not move, and stays on the image that was built before",
      because: "condition",
    },
  ]);
});

test("a service that is built again is built for its base image, not for its source", () => {
  expect(reasonToBuild(inspected("ui", { rebuilt: true }))).toBe("a base image has moved since its build");
  expect(reasonToBuild(inspected("ui"))).toBe("src-0123456789abcdef0123456789abcdef is not in the registry");
});

describe("a source that was built again since", () => {
  const ecr = mockClient(ECRClient);
  const context = fakeContext();
  let registry: OciRegistry;
  beforeEach(async () => {
    ecr.reset();
    registry = await openOciRegistry(ecr);
  });
  afterEach(() => registry.close());

  test("leaves a tag that may not move on the image before, and takes none from an image of another source", async () => {
    const type = "application/vnd.oci.image.manifest.v1+json";
    const { description } = inspected("ui");
    const connection = connectToRegistry(context.clients, registry.host, context.signal);
    for (const [tag, hash] of [
      ["0123456", "same"],
      ["v1", "other"],
    ] as const) {
      const image = { repository: "shop/ui", digest: registry.put("shop/ui", `{"of":"${tag}"}`, type, tag) };
      await writeSource(context.clients, connection, image, { hash, description, bases: {} });
    }
    registry.put("shop/ui", `{"of":"nobody"}`, type, "v0");
    const tags = ["0123456", "v1", "v0", "free"];
    const check = await checkTags(
      context.clients,
      "shop/ui",
      digest,
      tags,
      { movable: () => false },
      context.signal,
    );
    expect(check.problems.map(({ value }) => value)).toEqual(["0123456", "v1", "v0"]);
    const earlier = await takenByEarlier(context, { repository: "shop/ui", sourceHash: "same" }, check);
    expect([...earlier]).toEqual(["0123456"]);
    const planned = tags.map((tag) => ({ tag, format: `{${tag}}`, reason: "", moves: false }));
    const kept = withoutTaken(check, { tags, planned, leftOut: [], problems: [] }, earlier);
    expect(kept.tagCheck.problems.map(({ value }) => value)).toEqual(["v1", "v0"]);
    expect(kept.tagPlan.tags).toEqual(["v1", "v0", "free"]);
    expect(kept.tagPlan.leftOut.map(({ format }) => format)).toEqual(["{0123456}"]);
  });
});
