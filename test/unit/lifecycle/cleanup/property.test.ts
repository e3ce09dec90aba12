import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CleanupImage, CleanupPlan, CleanupRepository } from "../../../../lifecycle/cleanup/model.ts";
import { inRestorationOrder } from "../../../../lifecycle/cleanup/order.ts";
import { planCleanup } from "../../../../lifecycle/cleanup/plan.ts";
import { daysAgo } from "../arbitrary.ts";
import { ecrModel } from "./ecr.ts";
import { artifact, image, index, repository, rules, sha } from "./samples.ts";

const ages = fc.integer({ min: 0, max: 40 });
const tags = fc.uniqueArray(
  fc.constantFrom("v1", "v2", "pr-1", "pr-100", "src-a", "latest", "inuse-dev-ecs-a.b"),
  {
    maxLength: 2,
  },
);

const one = fc.record({
  age: ages,
  tags: fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: tags }),
  /** What it points to, by position among those before it: an index lists them, an artifact is attached to one. */
  links: fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
  shape: fc.constantFrom("image", "index", "artifact", "orphan", "list", "cache", "unknown"),
  needed: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  pulled: fc.option(ages, { freq: 4 }),
});

/** Registries of indexes (of indexes), platforms that several share, artifacts of artifacts, and lists of them. */
const repositories: fc.Arbitrary<CleanupRepository> = fc
  .array(one, { minLength: 1, maxLength: 24 })
  .map((made) => {
    const images: CleanupImage[] = [];
    const taken = new Set<string>();
    for (const [position, { age, tags, links, shape, pulled }] of made.entries()) {
      const name = `m${position}`;
      const earlier = links.flatMap((link) => (position === 0 ? [] : [`m${link % position}`]));
      const free = tags.filter((tag) => !taken.has(tag));
      for (const tag of free) taken.add(tag);
      const more = {
        tags: free,
        pushedAt: daysAgo(age),
        ...(pulled !== null && { pulledAt: daysAgo(Math.min(age, pulled)) }),
      };
      const [first = "m0"] = earlier;
      const listTag = sha(first).replace(":", "-");
      switch (shape) {
        case "index":
          images.push(index(name, [...new Set(earlier)], more));
          break;
        case "artifact":
          images.push(artifact(name, position === 0 ? "gone" : first, more));
          break;
        case "orphan":
          images.push(artifact(name, `gone ${position}`, more));
          break;
        case "list":
          images.push(
            index(name, [...new Set(earlier)], { ...more, tags: taken.has(listTag) ? free : [listTag] }),
          );
          taken.add(listTag);
          break;
        case "cache":
          images.push(image(name, { ...more, type: "application/vnd.buildkit.cacheconfig.v0" }));
          break;
        case "unknown":
          // Few, or nothing ever goes.
          images.push(image(name, position === 7 ? { ...more, kind: "unknown", type: "" } : more));
          break;
        default:
          images.push(image(name, more));
      }
    }
    const needed = made.flatMap((each, position) => (each.needed ? [`m${position}`] : []));
    return repository(images, needed);
  });

const settings = fc.record({
  keepNewest: fc.integer({ min: 0, max: 4 }),
  graceDays: fc.integer({ min: 0, max: 20 }),
  isAccountUnseen: fc.boolean(),
  blindSpots: fc.constantFrom<readonly string[]>([], ["other regions"]),
});

/** Applies a plan to a model of ECR, a wave in one call, as `cleanup apply` does. */
function apply({ removals }: CleanupPlan, images: readonly CleanupImage[]) {
  const ecr = ecrModel(images);
  const failures: string[] = [];
  for (const [, wave] of [...Map.groupBy(removals, ({ wave }) => wave)].toSorted(([a], [b]) => a - b))
    for (const code of ecr.delete(wave.map(({ image }) => image.digest)).values()) failures.push(code);
  return { failures, left: images.filter(({ digest }) => ecr.has(digest)) };
}

const subjectsOf = ({ subject, tags }: CleanupImage) => [
  ...(subject === undefined ? [] : [subject]),
  ...(tags.length === 1
    ? tags.flatMap((tag) => (/^sha256-[0-9a-f]{64}$/.test(tag) ? [tag.replace("-", ":")] : []))
    : []),
];

describe("whatever a registry holds", () => {
  const check = (holds: (one: CleanupRepository, plan: CleanupPlan) => void) =>
    fc.assert(
      fc.property(repositories, settings, (one, more) => {
        holds(one, planCleanup([one], rules(more)));
      }),
      { numRuns: 400 },
    );

  test("ECR accepts the order: no deletion is refused", () => {
    check((one, plan) => expect(apply(plan, one.images).failures).toEqual([]));
  });

  test("nothing that stays misses what it lists", () => {
    check((one, plan) => {
      const before = new Set(one.images.map(({ digest }) => digest));
      const { left } = apply(plan, one.images);
      const after = new Set(left.map(({ digest }) => digest));
      for (const { children } of left)
        for (const child of children) expect(after.has(child)).toBe(before.has(child));
    });
  });

  test("nothing that stays misses what is attached to it, and nothing is left without its subject", () => {
    check((one, plan) => {
      const { left } = apply(plan, one.images);
      const after = new Set(left.map(({ digest }) => digest));
      const before = new Set(one.images.map(({ digest }) => digest));
      for (const each of one.images) {
        for (const subject of subjectsOf(each)) {
          if (after.has(subject)) expect(after.has(each.digest), "attached to what stays").toBe(true);
          if (after.has(each.digest) && before.has(subject))
            expect(after.has(subject), "its subject").toBe(true);
        }
      }
    });
  });

  test("nothing in use goes, nor a manifest of an index in use", () => {
    check((one, plan) => {
      const gone = new Set(plan.removals.map(({ image }) => image.digest));
      for (const digest of one.needed.keys()) {
        expect(gone.has(digest)).toBe(false);
        const { children = [] } = one.images.find((each) => each.digest === digest) ?? {};
        for (const child of children) expect(gone.has(child)).toBe(false);
      }
    });
  });

  test("no tag goes that is not of a closed pull request, of a source, of a cache or of evidence", () => {
    check((_one, plan) => {
      for (const { image } of plan.removals) {
        const isCache = image.type.includes("cacheconfig");
        for (const tag of image.tags) expect(isCache || /^(pr-1|src-a|sha256-.*)$/.test(tag), tag).toBe(true);
      }
    });
  });

  test("what is planned of the rest afterwards is nothing new: one clean-up is enough", () => {
    check((one, plan) => {
      // Without a floor: the next images are the newest then.
      const { left } = apply(plan, one.images);
      const again = planCleanup([{ ...one, images: left }], rules({ graceDays: 100 }));
      expect(again.removals).toEqual([]);
    });
  });

  test("the order of restoration points to nothing that is not there yet", () => {
    check((one, plan) => {
      const order = inRestorationOrder(plan.removals.map(({ image }) => image));
      const gone = new Set(order.map(({ digest }) => digest));
      const back = new Set(one.images.map(({ digest }) => digest).filter((digest) => !gone.has(digest)));
      for (const { digest, children } of order) {
        for (const child of children)
          expect(back.has(child) || !one.images.some((each) => each.digest === child)).toBe(true);
        back.add(digest);
      }
      expect(order).toHaveLength(plan.removals.length);
    });
  });

  test("plans are not all empty", () => {
    const sizes = fc
      .sample(repositories, { numRuns: 200, seed: 1 })
      .map((one) => planCleanup([one], rules()).removals.length);
    expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(50);
    expect(Math.max(...sizes)).toBeGreaterThan(4);
  });
});
