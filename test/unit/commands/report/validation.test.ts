import { describe, expect, test } from "vitest";
import { outcomeOfChecks, validate } from "../../../../runner/commands/report/checks.ts";
import type { ValidationDocument } from "../../../../runner/commands/report/document.ts";
import type { ReleaseFacts } from "../../../../runner/commands/report/facts.ts";
import { validationMarkdown } from "../../../../runner/commands/report/markdown.ts";
import { finding, scanned } from "../../findings/samples.ts";
import { record } from "../../release/releases.ts";
import { service } from "../../stack/services.ts";
import { sha } from "../../targets/fakes.ts";

const amd64 = "linux/amd64";
const content = {
  layers: [{ digest: sha("a"), bytes: 1 }],
  bytes: 2_000_000,
  user: "65532:65532",
  environment: [],
  labels: {},
  healthcheck: ["CMD", "wget", "http://127.0.0.1/"],
  history: [],
};
const there = { platform: amd64, digest: sha("a"), mediaType: undefined, layers: 1, bytes: 2_000_000 };
const unread = { reason: "not read" };

/** A release of which everything is known and as it should be. */
function facts(
  changes: Partial<ReleaseFacts> = {},
  gates: ReleaseFacts["record"]["gates"] = [],
): ReleaseFacts {
  const base = record("1", "a");
  return {
    service: service("ui", { platforms: [amd64] }),
    record: { ...base, stack: "prod", gates, image: { ...base.image, manifests: { [amd64]: sha("a") } } },
    recordDigest: sha("e"),
    registry: "localhost:5000",
    image: { value: [there] },
    contents: { value: [{ platform: amd64, content, secrets: [] }] },
    bases: { value: [{ reference: "node:24", digest: sha("b"), moves: true }] },
    scans: { value: [{ platform: amd64, digest: sha("a"), result: scanned([]) }] },
    evidence: {
      value: {
        keys: ["awskms:///alias/shop"],
        pieces: [{ subject: sha("a"), what: "signature", state: "verified", digest: sha("d") }],
      },
    },
    gates: undefined,
    ...changes,
  };
}

const checksOf = (all: ReleaseFacts, name: string) =>
  validate(all).checks.filter(({ check }) => check === name);
const reasonOf = (all: ReleaseFacts, name: string) =>
  validate(all).notChecked.find(({ check }) => check === name)?.reason;

describe("a check of the validation report", () => {
  test.each([
    ["passed", "passed"],
    ["failed", "failed"],
    ["overridden", "overridden"],
    ["undecided", "undecided"],
  ] as const)("of a gate that %s is %s, with what it said and how to ask it again", (verdict, expected) => {
    const asked = { gate: "findings", verdict, message: "1 HIGH blocks" };
    expect(checksOf(facts({}, [asked]), "gate: findings")).toEqual([
      {
        check: "gate: findings",
        verdict: expected,
        when: "deployment",
        evidence: ["1 HIGH blocks"],
        repeat: `slipway scan ui --stack prod --image ${record("1", "a").image.digest}`,
      },
    ]);
  });

  test("is none for a gate that was not asked, or could not be checked", () => {
    const all = facts({}, [{ gate: "pre-flight", verdict: "not checked", message: "no target" }]);
    expect(validate(all).checks.some(({ check }) => check.startsWith("gate: "))).toBe(false);
    expect(reasonOf(all, "gate: pre-flight")).toBe("no target");
    expect(reasonOf(all, "gate: signed")).toBe("slipway:gates.signed is not set");
  });

  test.each<[string, Partial<ReleaseFacts>, string, string | undefined]>([
    ["an image that is gone fails", { image: unread }, "image", "failed"],
    ["one that is there passes", {}, "image", "passed"],
    ["a user other than root passes", {}, "user", "passed"],
    [
      "root is noted",
      { contents: { value: [{ platform: amd64, content: { ...content, user: "0:0" }, secrets: [] }] } },
      "user",
      "noted",
    ],
    [
      "what looks like a secret is noted",
      {
        contents: {
          value: [
            {
              platform: amd64,
              content,
              secrets: [{ where: "ENV A", what: "an npm token", excerpt: "npm_…" }],
            },
          ],
        },
      },
      "secrets in configuration and history",
      "noted",
    ],
    ["a configuration that can't be read is no check", { contents: unread }, "user", undefined],
    ["base images that were not recorded are no check", { bases: unread }, "base image", undefined],
    ["nor is an empty list of them", { bases: { value: [] } }, "base image", undefined],
    ["no findings pass", {}, "findings now", "passed"],
    [
      "findings are noted: the gate judges them",
      { scans: { value: [{ platform: amd64, digest: sha("a"), result: scanned([finding("CVE-1")]) }] } },
      "findings now",
      "noted",
    ],
    ["no scan is no check", { scans: unread }, "findings now", undefined],
    ["a verified signature passes", {}, "evidence: signature", "passed"],
    [
      "nothing attached is no check",
      { evidence: { value: { keys: [], pieces: [] } } },
      "evidence",
      undefined,
    ],
  ])("%s", (_, changes, name, verdict) => {
    expect(checksOf(facts(changes), name)[0]?.verdict).toBe(verdict);
  });

  test.each([
    ["refused", "failed"],
    ["unsigned", "noted"],
    ["other key", "noted"],
  ] as const)("of evidence that is %s is %s", (state, verdict) => {
    const piece = { subject: sha("a"), what: "provenance", state, digest: sha("d") } as const;
    const all = facts({ evidence: { value: { keys: [], pieces: [piece] } } });
    expect(checksOf(all, "evidence: provenance")[0]?.verdict).toBe(verdict);
  });

  test("is none for a platform without a scan result, although another has one", () => {
    const unknown = { state: "unknown", status: "NOT_SCANNED", reason: "the image was not scanned" } as const;
    const all = facts({
      scans: {
        value: [
          { platform: amd64, digest: sha("a"), result: scanned([]) },
          { platform: "linux/arm64", digest: sha("b"), result: unknown },
        ],
      },
    });
    expect(checksOf(all, "findings now").map(({ about }) => about)).toEqual([amd64]);
    expect(reasonOf(all, "findings now of linux/arm64")).toBe("the image was not scanned");
  });
});

test.each([
  [["passed", "noted"], "passed"],
  [["passed", "overridden"], "exceptions"],
  [["passed", "undecided"], "exceptions"],
  [["overridden", "failed"], "failed"],
  [["noted"], "nothing checked"],
  [[], "nothing checked"],
] as const)("checks that %o make a report that says %s", (verdicts, outcome) => {
  const checks = verdicts.map((verdict) => ({
    check: "x",
    verdict,
    when: "now" as const,
    evidence: [],
  }));
  expect(outcomeOfChecks(checks)).toBe(outcome);
});

test("the page has each check with its verdict, its evidence and its command, and what was not checked", () => {
  const release = validate(
    facts({ scans: unread }, [{ gate: "image checks", verdict: "overridden", message: "by me" }]),
  );
  const document: ValidationDocument = {
    version: 1,
    kind: "validation",
    stack: "prod",
    account: "111122223333",
    region: "eu-west-1",
    outcome: "exceptions",
    readAt: "2026-11-28T18:00:00.000Z",
    releases: [release],
    withoutRelease: [{ service: "orders", reason: "it has no release" }],
  };
  const page = validationMarkdown(document);
  expect(page.split("\n").slice(0, 3)).toEqual(["# Validation report", "", "**⚠️ Passed with exceptions**"]);
  expect(page).toContain("| gate: image checks |  | ⚠️ overridden | deployment | by me | command");
  expect(page).toContain("| user | linux/amd64 | ✅ passed | now | USER 65532:65532 | command");
  expect(page).toContain("- findings now: not read");
  expect(page).toContain(`docker buildx imagetools inspect localhost:5000/`);
  expect(page).toContain("- `orders`: it has no release");
  // Every number of a command is one of the list.
  const used = [...page.matchAll(/command (\d+) \|/g)].map(([, number]) => Number(number));
  const listed = [...page.matchAll(/^(\d+)\. `/gm)].map(([, number]) => Number(number));
  expect([...new Set(used)].toSorted((a, b) => a - b)).toEqual(listed);
});
