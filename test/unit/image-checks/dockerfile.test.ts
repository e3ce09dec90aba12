import { describe, expect, test } from "vitest";
import { dockerfilePolicy, gatesSchema } from "../../../config/stack/gates.ts";
import { judgeDockerfile, type LintedDockerfile } from "../../../runner/image-checks/dockerfile.ts";

const warning = (line: number) => ({
  rule: "JSONArgsRecommended",
  line,
  message: "JSON arguments recommended for CMD",
  url: undefined,
});
const linted = (more: Partial<LintedDockerfile> = {}): LintedDockerfile => ({
  path: "ui/Dockerfile",
  stages: 1,
  checked: { warnings: [] },
  ...more,
});

describe("a Dockerfile", () => {
  test("without warnings passes", () => {
    expect(judgeDockerfile(linted(), { lint: "block", multiStage: "off" })).toEqual({
      gate: { gate: "dockerfile", verdict: "passed", message: "ui/Dockerfile: as the stack wants it" },
      verdict: "pass",
    });
  });

  test.each([
    ["block", "failed", "block", "blocks"],
    ["warn", "passed", "warn", "warning"],
  ] as const)("with a warning, level %s: %s", (lint, verdict, worst, word) => {
    const judged = judgeDockerfile(linted({ checked: { warnings: [warning(5)] } }), {
      lint,
      multiStage: "off",
    });
    expect(judged).toEqual({
      gate: {
        gate: "dockerfile",
        verdict,
        message: `lint: JSONArgsRecommended in ui/Dockerfile:5: JSON arguments recommended for CMD (${word})`,
      },
      verdict: worst,
    });
  });

  test("with many warnings names five", () => {
    const warnings = [1, 2, 3, 4, 5, 6, 7].map(warning);
    const { gate } = judgeDockerfile(linted({ checked: { warnings } }), { lint: "warn", multiStage: "off" });
    expect(gate.message).toContain("ui/Dockerfile:5");
    expect(gate.message).toContain("and 2 more");
    expect(gate.message).not.toContain("ui/Dockerfile:6");
  });

  test("of one stage is refused where a stack wants several", () => {
    const policy = { lint: "off", multiStage: "block" } as const;
    expect(judgeDockerfile(linted({ checked: undefined }), policy)).toMatchObject({
      gate: { verdict: "failed", message: "multi-stage: ui/Dockerfile has one stage (blocks)" },
    });
    expect(judgeDockerfile(linted({ stages: 2, checked: undefined }), policy)).toMatchObject({
      verdict: "pass",
    });
  });

  test("that BuildKit could not check is undecided, and never refused", () => {
    const checked = { unchecked: "no builder instance found" };
    expect(judgeDockerfile(linted({ checked }), { lint: "block", multiStage: "off" })).toEqual({
      gate: {
        gate: "dockerfile",
        verdict: "undecided",
        message: "lint: BuildKit did not check ui/Dockerfile: no builder instance found",
      },
      verdict: "warn",
    });
  });
});

test("a stack with gates lints, unless it says otherwise", () => {
  expect(dockerfilePolicy(gatesSchema.parse({}))).toEqual({ lint: "warn", multiStage: "off" });
  expect(dockerfilePolicy(gatesSchema.parse({ dockerfile: { lint: "off" } }))).toBeUndefined();
});
