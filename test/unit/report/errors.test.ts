import { describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { coloursFor } from "../../../runner/report/colours.ts";
import { describeError, errorDocument } from "../../../runner/report/errors.ts";
import { annotation } from "../../../runner/report/github.ts";

const plain = coloursFor({ isTTY: true }, { NO_COLOR: "1" });
const problem = {
  code: "unknown-key",
  where: "services.yaml",
  key: "services.ui.platfroms",
  message: "is not a known key",
  value: ["linux/amd64"],
  fix: 'did you mean "platforms"?',
} as const;

describe("an error that the user can mend", () => {
  test("names file, key, value and fix for every problem, without a stack", () => {
    const text = describeError(new UserError([problem, { code: "invalid-value", message: "second" }]), {
      debug: false,
      colours: plain,
    });
    expect(text).toBe(
      [
        "error: services.yaml: services.ui.platfroms: is not a known key",
        '  value: ["linux/amd64"]',
        '  fix: did you mean "platforms"?',
        "error: second",
      ].join("\n"),
    );
  });

  test("shows its cause with --debug", () => {
    const text = describeError(new UserError(problem, { cause: new Error("deep down") }), {
      debug: true,
      colours: plain,
    });
    expect(text).toContain("deep down");
  });

  test("is a document with its problems", () => {
    expect(errorDocument(new UserError(problem), { debug: false })).toEqual({
      error: { problems: [problem] },
    });
  });
});

test("a bug is one line that says how to see more, and its stack with --debug", () => {
  const bug = new TypeError("x is not a function\nsecond line");
  expect(describeError(bug, { debug: false, colours: plain })).toBe(
    "bug: TypeError: x is not a function (run the command again with --debug for the stack trace)",
  );
  expect(describeError(bug, { debug: true, colours: plain })).toContain("errors.test.ts");
});

test("GitHub is told file and line, with what would end the command escaped", () => {
  expect(annotation("error", { ...problem, where: "services.yaml:12:3", message: "100%\nbad" })).toBe(
    '::error file=services.yaml,line=12,title=slipway%3A unknown-key::services.ui.platfroms: 100%25%0Abad%0Afix: did you mean "platforms"?',
  );
  expect(annotation("warning", { code: "timed-out", where: "ecs shop/ui", message: "takes long" })).toBe(
    "::warning title=slipway%3A timed-out::ecs shop/ui: takes long",
  );
});

test("colours need a terminal that has them, and nobody who minds", () => {
  const coloured = (isTTY: boolean, environment: Record<string, string>) =>
    coloursFor({ isTTY }, environment).red("x") !== "x";
  expect(coloured(true, {})).toBe(true);
  expect(coloured(true, { NO_COLOR: "1" })).toBe(false);
  expect(coloured(true, { NO_COLOR: "" })).toBe(true);
  expect(coloured(true, { TERM: "dumb" })).toBe(false);
  expect(coloured(false, { CI: "true" })).toBe(false);
  expect(coloured(false, { FORCE_COLOR: "1" })).toBe(true);
});
