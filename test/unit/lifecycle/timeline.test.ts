import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoredImage } from "../../../lifecycle/image.ts";
import { outlookOf, readingsOf } from "../../../lifecycle/outlook.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { type Prepared, prepare } from "../../../lifecycle/prepare.ts";
import { readingName, readings } from "../../../lifecycle/reading.ts";
import { initialState, runPolicy } from "../../../lifecycle/run.ts";
import { timelineOf } from "../../../lifecycle/timeline.ts";
import { daysAgo, now, policies, repositories } from "./arbitrary.ts";
import { evaluate } from "./evaluate.ts";
import { liveThrough } from "./second.ts";

const day = 86_400_000;
const horizon = 40;
const reading = fc.constantFrom(...readings);

/** Which day after now something happens on: the run of that day. */
const dayOf = (at: Date) => Math.ceil((at.getTime() - now.getTime()) / day);

describe.each(readings.map((one) => ({ one, name: readingName(one) })))("when $name", ({ one }) => {
  test("what goes, and on which day, is what an evaluator finds that lives through every day", () => {
    let compared = 0;
    fc.assert(
      fc.property(policies, repositories, (policy, images) => {
        const until = new Date(now.getTime() + horizon * day);
        const ours = timelineOf(policy, images, { now, until, reading: one });
        const theirs = liveThrough(policy, images, { now, days: horizon, reading: one });
        const diary = [...ours].map(([digest, fates]) => [
          digest,
          fates.map(({ action, at }) => `${dayOf(at)}: ${action}`),
        ]);
        expect(new Map(diary as [string, string[]][])).toEqual(theirs);
        compared += theirs.size;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});

/** What is gone or archived after one run at an instant. */
function afterRun(policy: LifecyclePolicy, images: readonly StoredImage[], at: Date, one = readings[0]) {
  const prepared = prepare(policy, images);
  const run = runPolicy(prepared, initialState(prepared), at.getTime(), one as (typeof readings)[number]);
  return { prepared, run };
}

const digestsOf = ({ images }: Prepared, positions: Iterable<number>) =>
  [...positions].map((position) => images[position]?.image.digest ?? "").sort();

test("one run takes of the images themselves what the evaluator of the retention tests takes", () => {
  fc.assert(
    fc.property(
      policies,
      repositories,
      fc.boolean(),
      fc.boolean(),
      (policy, all, countsChildren, countsArtifacts) => {
        const images = all.map(({ archivedAt: _, pulledAt: __, ...image }) => image);
        const rules = policy.rules.filter(({ selection }) => selection.countType !== "sinceImagePulled");
        fc.pre(rules.length > 0);
        const listed = new Map(
          images.flatMap(({ digest, children }) => children.map((child) => [child, digest])),
        );
        const manifests = images.map(({ digest, tags, pushedAt, subject }) => ({
          id: digest,
          tags,
          pushedDaysAgo: (now.getTime() - pushedAt.getTime()) / day,
          ...(listed.has(digest) && { childOf: listed.get(digest) ?? "" }),
          ...(subject !== undefined && { subject }),
        }));
        const other = evaluate(
          { rules },
          manifests.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
          {
            countsChildren,
            countsArtifacts,
          },
        );
        const one = { countsChildren, countsArtifacts, countsClaimed: true };
        const { prepared, run } = afterRun({ rules }, images, now, one);
        const roots = (digests: readonly string[]) =>
          digests.filter((digest) => digest.startsWith("sha256:image"));
        const took = (action: string) =>
          digestsOf(
            prepared,
            [...run.acts].flatMap(([position, act]) => (act.action === action ? [position] : [])),
          );
        expect(roots(took("expire"))).toEqual(roots(other.expired));
        expect(roots(took("archive"))).toEqual(roots(other.archived));
      },
    ),
    { numRuns: 500 },
  );
});

test("a run never takes more than the policy says", () => {
  fc.assert(
    fc.property(policies, repositories, reading, (policy, images, one) => {
      const { prepared, run } = afterRun(policy, images, now, one);
      for (const [position, act] of run.acts) {
        if (act.cause === "subject") continue;
        const rule = prepared.rules[act.rule];
        const mine = run.rules[act.rule];
        expect(mine?.marked).toContain(position);
        // No rule before it has a say.
        for (const other of run.rules.slice(0, act.rule)) expect(other.claimed).not.toContain(position);
        if (rule?.selection.countType === "imageCountMoreThan") {
          const newer = mine?.selected.indexOf(position) ?? 0;
          expect(newer).toBeGreaterThanOrEqual(rule.selection.countNumber);
        } else {
          expect(act.due).toBeLessThanOrEqual(now.getTime());
        }
      }
      // A rule that keeps n leaves n.
      for (const [position, { selected }] of run.rules.entries()) {
        const rule = prepared.rules[position];
        if (rule?.selection.countType !== "imageCountMoreThan") continue;
        const left = selected.filter((image) => run.acts.get(image)?.rule !== position);
        expect(left.length).toBeGreaterThanOrEqual(
          Math.min(rule.selection.countNumber, selected.length) - attachedOf(run),
        );
      }
    }),
    { numRuns: 500 },
  );
});

/** Artifacts that go with their subject, which no count protects. */
const attachedOf = ({ acts }: ReturnType<typeof runPolicy>) =>
  [...acts.values()].filter(({ cause }) => cause === "subject").length;

test("what a run would take today, a later run takes as well", () => {
  fc.assert(
    fc.property(
      policies,
      repositories,
      reading,
      fc.integer({ min: 1, max: 400 }),
      (policy, images, one, days) => {
        const later = new Date(now.getTime() + days * day);
        const today = afterRun(policy, images, now, one);
        const then = afterRun(policy, images, later, one);
        for (const position of today.run.acts.keys()) expect([...then.run.acts.keys()]).toContain(position);
      },
    ),
    { numRuns: 500 },
  );
});

test("the order in which images are listed makes no difference", () => {
  fc.assert(
    fc.property(
      policies,
      repositories.chain((images) =>
        fc.tuple(fc.constant(images), fc.shuffledSubarray([...images], { minLength: images.length })),
      ),
      reading,
      (policy, [images, shuffled], one) => {
        expect(timelineOf(policy, shuffled, { now, reading: one })).toEqual(
          timelineOf(policy, images, { now, reading: one }),
        );
      },
    ),
  );
});

test("no manifest of an index goes before it, by any reading", () => {
  fc.assert(
    fc.property(policies, repositories, reading, (policy, images, one) => {
      const fates = timelineOf(policy, images, { now, reading: one });
      for (const { digest, children, archivedAt } of images) {
        const index = fates.get(digest);
        for (const child of children) {
          for (const { at } of fates.get(child) ?? []) {
            if (archivedAt !== undefined) continue;
            expect(index?.[0]?.at.getTime() ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
              at.getTime() + day,
            );
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("an artifact goes with its subject at the latest", () => {
  fc.assert(
    fc.property(policies, repositories, reading, (policy, images, one) => {
      const fates = timelineOf(policy, images, { now, reading: one });
      const gone = (digest: string | undefined) =>
        fates
          .get(digest ?? "")
          ?.find(({ action }) => action === "expire")
          ?.at.getTime();
      for (const { digest, subject } of images) {
        const expires = gone(subject);
        if (expires !== undefined) expect(gone(digest)).toBeLessThanOrEqual(expires + day);
      }
    }),
    { numRuns: 500 },
  );
});

test("readings that differ make a span, and an image that one of them keeps has no last date", () => {
  const policy: LifecyclePolicy = {
    rules: [
      {
        rulePriority: 1,
        description: "",
        selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 4 },
        action: { type: "expire" },
      },
    ],
  };
  const images = [1, 2].flatMap((days): StoredImage[] => [
    {
      digest: `index${days}`,
      tags: [`v${days}`],
      pushedAt: daysAgo(days),
      children: [`a${days}`, `b${days}`],
    },
    { digest: `a${days}`, tags: [], pushedAt: daysAgo(days), children: [] },
    { digest: `b${days}`, tags: [], pushedAt: daysAgo(days), children: [] },
  ]);
  const outlook = outlookOf(policy, images, { now });
  // Six manifests, of which four stay; or two images, which both stay.
  expect(outlook.get("index2")?.expires).toEqual({ first: now, last: undefined, priorities: [1] });
  expect(outlook.get("index1")).toBeUndefined();
});

test("a reading that is passed over gives what one of the others gives, for every policy and repository", () => {
  fc.assert(
    fc.property(policies, repositories, (policy, images) => {
      const looked = readingsOf(prepare(policy, images)).map((one) =>
        timelineOf(policy, images, { now, reading: one }),
      );
      for (const one of readings)
        expect(looked).toContainEqual(timelineOf(policy, images, { now, reading: one }));
    }),
  );
});
