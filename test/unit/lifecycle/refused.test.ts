import { expect, test } from "vitest";
import { retentionSchema } from "../../../config/stack/retention.ts";

const many = Array.from({ length: 49 }, (_, index) => `p${String(index).padStart(2, "0")}-`);

test.each<[string, unknown[], string, string]>([
  [
    "two rules for untagged images",
    [
      { images: "untagged", keepLast: 1 },
      { images: "untagged", expireAfterDays: 1 },
    ],
    "rules.1.images",
    "already selected by an earlier rule",
  ],
  [
    "two rules for any image",
    [
      { images: "any", keepLast: 1 },
      { images: "any", expireAfterDays: 1 },
    ],
    "rules.1.images",
    "already selected by an earlier rule",
  ],
  [
    "a prefix twice",
    [{ images: { prefixes: ["v", "x", "v"] }, keepLast: 1 }],
    "rules.0.images.prefixes.2",
    "already selected by an earlier rule",
  ],
  [
    "more rules than ECR takes, those that count by tags for any image among them",
    [
      { images: { prefixes: many.slice(0, 46) }, keepLast: 1 },
      { images: "any", keepLast: 1 },
    ],
    "rules",
    "makes 47 rules, one for each prefix or pattern, plus 4 of Slipway's own",
  ],
  ["more rules than ECR takes", [{ images: { prefixes: many }, keepLast: 1 }], "rules", "makes 49 rules"],
  [
    "five wildcards",
    [{ images: { patterns: ["*a*b*c*d*"] }, keepLast: 1 }],
    "rules.0.images.patterns.0",
    "more than the 4 wildcards",
  ],
  [
    "a character that no tag has",
    [{ images: { prefixes: ["feature/"] }, keepLast: 1 }],
    "rules.0.images.prefixes.0",
    "not a valid tag prefix",
  ],
  [
    "an archive of less than 90 days",
    [{ images: "any", expireAfterDaysInArchive: 30 }],
    "rules.0.expireAfterDaysInArchive",
    "less than the 90 days",
  ],
  ["two things to do", [{ images: "any", keepLast: 1, expireAfterDays: 1 }], "rules.0", "exactly one of"],
  ["nothing to do", [{ images: "any" }], "rules.0", "exactly one of"],
  [
    "a rule behind a wider one",
    [
      { images: { prefixes: ["v"] }, keepLast: 1 },
      { images: { prefixes: ["v1-"] }, keepLast: 1 },
    ],
    "rules.1.images.prefixes.0",
    '"v" already selects everything',
  ],
  [
    "a pattern behind a wider one",
    [
      { images: { patterns: ["*-*"] }, keepLast: 1 },
      { images: { patterns: ["a-*b"] }, keepLast: 1 },
    ],
    "rules.1.images.patterns.0",
    "never acts",
  ],
  [
    "a rule for a tag that protects",
    [{ images: { prefixes: ["inuse-ui"] }, expireAfterDays: 1 }],
    "rules.0.images.prefixes.0",
    "protects its image from every rule",
  ],
])("%s is refused, with the reason", (_, rules, path, reason) => {
  const parsed = retentionSchema.safeParse({ rules });
  const issues = (parsed.error?.issues ?? []).flatMap((issue) =>
    issue.code === "invalid_union" ? issue.errors.flat() : [issue],
  );
  expect(issues).toContainEqual(
    expect.objectContaining({
      path: path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    }),
  );
  expect(issues.map((issue) => issue.message).join("\n")).toContain(reason);
});

test.each<[string, unknown[]]>([
  [
    "one rule for untagged images of each storage class",
    [
      { images: "untagged", archiveAfterDays: 7 },
      { images: "untagged", expireAfterDaysInArchive: 90 },
    ],
  ],
  [
    "the narrower rule first",
    [
      { images: { prefixes: ["v1-"] }, keepLast: 1 },
      { images: { prefixes: ["v"] }, keepLast: 1 },
    ],
  ],
  [
    "patterns that only overlap",
    [
      { images: { patterns: ["a*"] }, keepLast: 1 },
      { images: { patterns: ["*b"] }, keepLast: 1 },
    ],
  ],
])("%s is taken", (_, rules) => {
  expect(retentionSchema.safeParse({ rules }).success).toBe(true);
});
