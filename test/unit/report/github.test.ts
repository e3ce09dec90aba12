import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lineOfKey, locateProblem } from "../../../runner/github/locate.ts";
import {
  codeMarkdown,
  fencedMarkdown,
  markdownTable,
  plainMarkdown,
  timelineMarkdown,
} from "../../../runner/github/markdown.ts";
import {
  appendStepSummary,
  outputLines,
  setStepOutputs,
  withinBytes,
} from "../../../runner/github/step-files.ts";
import { readOutputs } from "../../step-outputs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-github-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("outputs of a step", () => {
  test("are what they were, whatever is in them", () => {
    let count = 0;
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), (outputs) => {
        const text = outputLines(outputs, () => `random-${count++}`);
        expect(readOutputs(text)).toEqual({ ...outputs });
      }),
    );
  });

  test("can't be set by another one's value", async () => {
    const file = join(folder, "output");
    await setStepOutputs({ GITHUB_OUTPUT: file }, { services: "a\nEOF\noutcome=done\noutcome<<EOF\ndone" });
    const read = readOutputs(await readFile(file, "utf8"));
    expect(Object.keys(read)).toEqual(["services"]);
  });

  test("go nowhere outside of GitHub Actions", async () => {
    await setStepOutputs({}, { outcome: "done" });
    await appendStepSummary({ GITHUB_STEP_SUMMARY: "" }, "# x");
  });
});

describe("a summary", () => {
  test("is added to what earlier steps of the job wrote into the file", async () => {
    const file = join(folder, "summary");
    await appendStepSummary({ GITHUB_STEP_SUMMARY: file }, "## One");
    await appendStepSummary({ GITHUB_STEP_SUMMARY: file }, "## Two");
    expect(await readFile(file, "utf8")).toBe("## One\n## Two\n");
  });

  test("is cut where GitHub would drop it, between two characters, and says so", () => {
    const cut = withinBytes("ü".repeat(600), 200);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(200);
    expect(cut).toContain("Truncated at GitHub's size limit");
    expect(cut).not.toContain("\uFFFD");
  });
});

describe("Markdown", () => {
  test("shows text as it is: no mention, no tag, no cell of its own", () => {
    expect(plainMarkdown("a|b <img> @team *x* [y](z)\nnext")).toBe(
      "a\\|b &lt;img&gt; @\u200bteam \\*x\\* \\[y\\](z) next",
    );
    expect(codeMarkdown("a|b")).toBe("`a\\|b`");
    expect(codeMarkdown("a`b")).toBe("`` a`b ``");
    expect(markdownTable(["A"], [["x"]])).toBe("| A |\n| --- |\n| x |");
  });

  test("has fences that what is inside does not close", () => {
    const text = fencedMarkdown(["```", "````"]);
    expect(text.split("\n")[0]).toBe("`````text");
    expect(text.split("\n").at(-1)).toBe("`````");
  });

  test("draws phases one after the other", () => {
    const text = timelineMarkdown([
      { phase: "inspect", milliseconds: 1200 },
      { phase: "build: all; now", milliseconds: 10_000 },
    ]);
    expect(text).toContain("  inspect (1.2 s) :0, 1200\n");
    expect(text).toContain("  build  all  now (10 s) :1200, 11200\n");
  });
});

describe("a problem's place", () => {
  const yaml =
    "# catalogue\nservices:\n  ui:\n    context: ui\n    platforms:\n      - linux/amd64\n      - linux/arm\n";

  test("is the line of its key, or of the nearest one above it", () => {
    expect(lineOfKey(yaml, "services.ui.context")).toBe(4);
    expect(lineOfKey(yaml, "services.ui.platforms[1]")).toBe(7);
    expect(lineOfKey(yaml, "services.ui.dockerfile")).toBe(3);
    expect(lineOfKey("config:\n  slipway:tags: [x]\n", "slipway:tags[0]")).toBe(2);
    expect(lineOfKey("a: [", "b.c")).toBeUndefined();
  });

  test("is told from the checkout on, where the project is in a folder of it", async () => {
    await writeFile(join(folder, "services.yaml"), yaml);
    const problem = {
      code: "missing-key",
      where: "services.yaml",
      key: "services.ui.context",
      message: "is missing",
    } as const;
    const environment = { GITHUB_WORKSPACE: tmpdir() };
    const { where } = await locateProblem(problem, folder, environment);
    expect(where).toBe(`${folder.slice(tmpdir().length + 1)}/services.yaml:4`);
  });

  test("stays as it is where it is no file", async () => {
    const problem = { code: "unknown-cluster", where: "ecs shop/ui", message: "is missing" } as const;
    expect(await locateProblem(problem, folder, {})).toEqual(problem);
  });
});
