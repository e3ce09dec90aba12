import { expect, test } from "vitest";
import { slipwaySchema } from "../../../config/settings.ts";
import { coverageOf } from "../../../runner/in-use/blind-spots.ts";

const settings = slipwaySchema.parse({
  repositories: {
    pullPrincipals: ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:role/pull"],
  },
});

test("other accounts that may pull are blind spots by name, the stack's own account is none", () => {
  const { notLookedAt } = coverageOf(settings, "111122223333", {
    unseen: [],
    searched: [],
    letIn: new Map(),
  });
  expect(notLookedAt).toContain("account 444455556666, which may pull");
  expect(notLookedAt.join()).not.toContain("111122223333");
});

test("what the credentials may not see is a blind spot and not something that was looked at", () => {
  const seen = coverageOf(settings, "111122223333", { unseen: [], searched: [], letIn: new Map() });
  const refused = coverageOf(settings, "111122223333", {
    refused: new Error("denied"),
    unseen: [],
    searched: [],
    letIn: new Map(),
  });
  expect(seen.lookedAt.join()).toContain("ECS services");
  expect(refused.lookedAt.join()).not.toContain("ECS services");
  expect(refused.notLookedAt.join()).toContain("ECS services");
});

test("what a target of the project could not tell is a blind spot, once", () => {
  const place = "what Argo CD could roll Application ui back to (forbidden)";
  const { notLookedAt } = coverageOf(settings, "111122223333", {
    unseen: [place, place],
    searched: [],
    letIn: new Map(),
  });
  expect(notLookedAt.filter((one) => one === place)).toHaveLength(1);
});
