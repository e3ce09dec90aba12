import { expect, test } from "vitest";
import { cleanTreeGate, cleanTreeProblems } from "../../../runner/plan/clean-tree.ts";

test("a stack that takes only what is committed refuses a service, and names the files", () => {
  expect(cleanTreeProblems("ui", "prod", [])).toEqual([]);
  expect(cleanTreeProblems("ui", "prod", ["ui/a", "ui/b", "ui/c", "ui/d"])).toMatchObject([
    {
      code: "dirty-tree",
      where: "Pulumi.prod.yaml",
      key: "slipway:deploy.requireCleanTree",
      message: "ui is built from uncommitted changes: ui/a, ui/b, ui/c and 1 more",
    },
  ]);
});

test("and one where nobody can tell", () => {
  expect(cleanTreeProblems("ui", "prod", "no git")).toMatchObject([{ code: "no-commit" }]);
});

test("what was asked is a gate, also when a person was for what it is against", () => {
  const problems = cleanTreeProblems("ui", "prod", ["ui/a"]);
  const gate = "clean tree";
  expect(cleanTreeGate([], true)).toEqual({ gate, verdict: "passed" });
  expect(cleanTreeGate(problems, true)).toMatchObject({ gate, verdict: "overridden" });
  expect(cleanTreeGate(problems, false)).toMatchObject({ gate, verdict: "failed" });
});
