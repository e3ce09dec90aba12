import { describe, expect, test } from "vitest";
import { presentDeployment } from "../../../runner/deploy/job.ts";
import { presentFailure, presentResult } from "../../../runner/github/present.ts";
import type { DeployDocument } from "../../../runner/move/document.ts";
import { planDocument } from "../../../runner/plan/document.ts";
import { presentPlan } from "../../../runner/plan/job.ts";
import { digest, inspected, outcome, registry, targetPlan } from "../plan/samples.ts";

const document: DeployDocument = {
  version: 1,
  kind: "deploy",
  stack: "dev",
  account: "111122223333",
  region: "eu-central-1",
  outcome: "failed",
  services: [
    {
      service: "ui",
      built: true,
      sourceHash: "0123",
      digest,
      reference: `${registry}/shop/ui@${digest}`,
      manifests: {},
      tags: ["v1", "latest"],
    },
  ],
  notBuilt: [],
  releases: [],
  targets: [
    outcome("ui"),
    outcome("cart", {
      outcome: "rolled back",
      message: "arn:aws:ecs:eu-central-1:111122223333:service/shop/cart went back | 3 of 3 failed",
      evidence: ["exit code 1", "<script>alert(1)</script>"],
    }),
  ],
  timeline: [{ phase: "build", milliseconds: 9000 }],
  milliseconds: 12_000,
};
const result = { exitCode: 1, document, text: "", job: () => presentDeployment(document) } as const;

describe("a deployment in a job of GitHub Actions", () => {
  const report = presentResult("deploy", result);

  test("is a table of images, one of targets, the evidence, and a timeline", () => {
    expect(report.summary).toContain("## ❌ Failed on `dev`: 1 of 2 targets failed");
    expect(report.summary).toContain("| `ui` | built | `shop/ui@sha256:abababababab` | `v1` `latest` |");
    expect(report.summary).toContain("| `ecs shop/cart` | ↩️ rolled back |");
    expect(report.summary).toContain("went back \\| 3 of 3 failed");
    expect(report.summary).toContain("exit code 1\n<script>alert(1)</script>\n```");
    expect(report.summary).toContain("```mermaid\ngantt\n");
  });

  test("names no account: neither in the summary nor in the outputs", () => {
    expect(JSON.stringify([report.summary, report.outputs])).not.toContain("111122223333");
  });

  test("hands on outcome, services, and digests by repository", () => {
    expect(report.outputs).toEqual({
      outcome: "failed",
      services: '["ui"]',
      digests: JSON.stringify({ ui: { repository: "shop/ui", digest } }),
    });
  });

  test("has an annotation for each target that did not get there", () => {
    expect(report.problems).toEqual([
      expect.objectContaining({ code: "rolled-back", where: "ecs shop/cart" }),
    ]);
  });

  test("has what the gates of the stack said of the images", () => {
    const gates = [
      { gate: "findings", verdict: "overridden", message: "by me: |now| (1 HIGH blocks)" },
      { gate: "image checks", verdict: "passed" },
    ] as const;
    const release = { service: "ui", id: "1", outcome: "done", late: false, gates } as const;
    const { summary } = presentDeployment({ ...document, releases: [release] });
    expect(summary).toContain("| `ui` | findings | ⚠️ overridden | by me: \\|now\\| (1 HIGH blocks) |");
    expect(summary).toContain("| `ui` | image checks | ✅ passed |  |");
    expect(presentDeployment(document).summary).not.toContain("| Gate |");
  });

  test("with nothing to do says so in one line", () => {
    const nothing: DeployDocument = {
      ...document,
      outcome: "nothing",
      services: [],
      targets: [],
      timeline: [],
    };
    const { summary } = presentResult("deploy", {
      exitCode: 0,
      document: nothing,
      text: "",
      job: () => presentDeployment(nothing),
    });
    expect(summary).toBe("## ✅ Nothing to do on `dev`: everything is built and running");
  });
});

describe("a plan in a job of GitHub Actions", () => {
  const where = { stack: "dev", account: "111122223333", region: "eu-central-1" };

  test("shows what would change, and as a difference how", () => {
    const target = targetPlan("ui", {
      action: "update",
      changes: [{ field: "image", before: `${registry}/shop/ui@a`, after: `${registry}/shop/ui@b` }],
    });
    const plan = planDocument(where, [inspected("ui", { targets: [target] }), inspected("cart")]);
    const { summary, outputs, stack } = presentResult("plan", {
      exitCode: 0,
      document: plan,
      text: "",
      job: () => presentPlan(plan),
    });
    expect(stack).toBe("dev");
    expect(outputs).toEqual({ outcome: "changes", services: '["ui"]' });
    expect(summary).toContain("| `ui` | unchanged:");
    expect(summary).toContain("- ACCOUNT.dkr.ecr.eu-central-1.amazonaws.com/shop/ui@a\n+ ACCOUNT.dkr");
    expect(summary).not.toContain("`cart`");
  });

  test("says what the gates would say", () => {
    const plan = planDocument(where, [inspected("ui")]);
    const [service] = plan.services;
    if (service === undefined) throw new Error("the plan has a service");
    const gates = [
      { gate: "findings", verdict: "not checked", message: "asked when the image is built" },
    ] as const;
    const { summary } = presentPlan({ ...plan, services: [{ ...service, gates }] });
    expect(summary).toContain("| findings | ➖ not checked | asked when the image is built |");
  });

  test("that would be refused has its problems as annotations", () => {
    const problem = {
      code: "unknown-cluster",
      where: "ecs shop/ui",
      message: "the ECS cluster does not exist",
    } as const;
    const plan = planDocument(where, [
      inspected("ui", { targets: [targetPlan("ui", { problems: [problem] })] }),
    ]);
    const { outputs, problems, summary } = presentResult("plan", {
      exitCode: 2,
      document: plan,
      text: "",
      job: () => presentPlan(plan),
    });
    expect(outputs.outcome).toBe("blocked");
    expect(problems).toEqual([problem]);
    expect(summary).toContain("the ECS cluster does not exist");
  });
});

test("every other command shows the text that people get", () => {
  const { summary, outputs } = presentResult("status", {
    exitCode: 0,
    document: { kind: "status", stack: "dev" },
    text: "all healthy",
  });
  expect(summary).toBe("## slipway status\n\n```text\nall healthy\n```");
  expect(outputs).toEqual({ outcome: "done" });
});

test.each([
  [1, "failed"],
  [2, "invalid"],
  [3, "refused"],
  [130, "interrupted"],
] as const)("a command that ends with %d has the outcome %s, and shows why", (exitCode, wanted) => {
  const text = "error: arn:aws:sts::111122223333:assumed-role/x may not";
  const { summary, outputs } = presentFailure("deploy", { exitCode, text, stack: "dev" });
  expect(outputs).toEqual({ outcome: wanted });
  expect(summary).toContain("arn:aws:sts::ACCOUNT:assumed-role/x may not");
});
