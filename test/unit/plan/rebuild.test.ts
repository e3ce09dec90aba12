import { expect, test } from "vitest";
import { reasonToBuild } from "../../../runner/plan/compare.ts";
import { withoutTaken } from "../../../runner/plan/inspect.ts";
import { judgeTags } from "../../../runner/registry/tags.ts";
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
