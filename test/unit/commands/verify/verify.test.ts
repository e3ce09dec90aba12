import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import type { VerifyDocument } from "../../../../runner/commands/verify/document.ts";
import { showVerify } from "../../../../runner/commands/verify/show.ts";
import type { WaitDocument } from "../../../../runner/commands/wait/document.ts";
import { showWait } from "../../../../runner/commands/wait/show.ts";
import { withChecks } from "../../../../runner/plan/pre-flight.ts";
import { ecsKind } from "../../../../runner/targets/ecs/kind.ts";
import { outcome, targetPlan } from "../../plan/samples.ts";
import { fakeContext, image } from "../../targets/fakes.ts";

const plain = createColors(false);
const where = { version: 1, stack: "dev", account: "111122223333", region: "eu-west-1" } as const;

describe("a plan with checks", () => {
  const unusable = {
    kind: "unusable",
    problems: [
      { code: "unknown-service", message: "the cluster has no such service", fix: "choose another" },
    ],
  };

  it("has what fails among its problems", async () => {
    const plan = targetPlan("ui", { action: "update", state: unusable });
    const { problems } = await withChecks(plan, image, "localhost:5000", fakeContext());
    expect(problems).toEqual([
      {
        code: "check-failed",
        where: "ecs shop/ui",
        key: "service",
        message: "the cluster has no such service",
        fix: "choose another",
      },
    ]);
  });

  it("is left alone when nothing would change", async () => {
    const plan = targetPlan("ui", { action: "none", state: unusable });
    expect(await withChecks(plan, image, "localhost:5000", fakeContext())).toBe(plan);
    expect(ecsKind.kind).toBe("ecs");
  });
});

describe("what verify shows", () => {
  const document: VerifyDocument = {
    ...where,
    kind: "verify",
    outcome: "failed",
    targets: [
      {
        service: "ui",
        title: "ecs shop/ui",
        kind: "ecs",
        checks: [
          { name: "service", state: "ok", message: "set to ui:1" },
          { name: "task role task", state: "fail", message: "there is no such role", fix: "create it" },
          { name: "image of proxy", state: "not checked", message: "not checked: it is elsewhere" },
        ],
      },
    ],
    withoutTargets: ["base"],
  };

  it("is a table for each target, and what to do", () => {
    expect(showVerify(document, plain)).toBe(`Stack dev (account 111122223333, eu-west-1)

ecs shop/ui
  ✔  service         set to ui:1
  ✖  task role task  there is no such role
                     fix: create it
  -  image of proxy  not checked: it is elsewhere

base: no targets
1 of 3 checks failed: a deployment would stop before it changes anything.`);
  });
});

describe("what wait shows", () => {
  const show = (result: WaitDocument["outcome"], targets: WaitDocument["targets"]) =>
    showWait({ ...where, kind: "wait", outcome: result, targets, milliseconds: 2000 }, plain);

  it("says when nothing is under way, and what runs", () => {
    const text = show("nothing", [
      outcome("ui", { outcome: "unchanged", message: "no deployment is in progress: ui:2" }),
    ]);
    expect(text).toContain("ecs shop/ui");
    expect(text).toContain("No deployment is in progress on dev.");
  });

  it("has the evidence of what failed", () => {
    const failed = outcome("ui", {
      outcome: "rolled back",
      message: "ui:2 failed",
      evidence: ["exit code 1"],
    });
    expect(show("failed", [failed])).toContain("  exit code 1");
    expect(show("failed", [failed])).toContain("Failed on dev: 1 of 1 deployments.");
  });
});
