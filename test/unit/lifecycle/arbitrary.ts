import fc from "fast-check";
import type { StoredImage } from "../../../lifecycle/image.ts";
import type { LifecyclePolicy, LifecycleRule } from "../../../lifecycle/policy.ts";

export const now = new Date("2026-06-15T12:00:00Z");

const day = 86_400_000;

/** The instant so many days ago. */
export const daysAgo = (days: number) => new Date(now.getTime() - days * day);

/** Tags of few letters, so that prefixes and patterns meet. */
const tag = fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 3 });
const prefix = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 2 });
const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 4 });

const tagStatus = fc.oneof(
  fc.constant({ tagStatus: "untagged" as const }),
  fc.constant({ tagStatus: "any" as const }),
  fc.record({
    tagStatus: fc.constant("tagged" as const),
    tagPrefixList: fc.array(prefix, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    tagStatus: fc.constant("tagged" as const),
    tagPatternList: fc.array(pattern, { minLength: 1, maxLength: 2 }),
  }),
);

const expire = { type: "expire" as const };
const archive = { type: "transition" as const, targetStorageClass: "archive" as const };
const number = fc.integer({ min: 1, max: 12 });

const countAndAction = fc.oneof(
  fc.tuple(
    number.map((countNumber) => ({ countType: "imageCountMoreThan" as const, countNumber })),
    fc.constantFrom(expire, archive),
  ),
  fc.tuple(
    number.map((countNumber) => ({
      countType: "sinceImagePushed" as const,
      countUnit: "days" as const,
      countNumber,
    })),
    fc.constantFrom(expire, archive),
  ),
  fc.tuple(
    number.map((countNumber) => ({
      countType: "sinceImagePulled" as const,
      countUnit: "days" as const,
      countNumber,
    })),
    fc.constant(archive),
  ),
  fc.tuple(
    number.map((countNumber) => ({
      countType: "sinceImageTransitioned" as const,
      countUnit: "days" as const,
      countNumber,
      storageClass: "archive" as const,
    })),
    fc.constant(expire),
  ),
);

/** Policies of the documented format, whatever ECR would say to their rules together. */
export const policies: fc.Arbitrary<LifecyclePolicy> = fc
  .array(fc.tuple(tagStatus, countAndAction), { minLength: 1, maxLength: 5 })
  .map((rules) => ({
    rules: rules.map(
      ([selection, [count, action]], index): LifecycleRule => ({
        rulePriority: index + 1,
        description: "",
        selection: { ...selection, ...count },
        action,
      }),
    ),
  }));

const push = fc.record({
  tags: fc.array(tag, { maxLength: 3 }),
  /** Quarters of a day, and an instant beside the limits of rules. */
  age: fc.integer({ min: 0, max: 60 }).map((quarters) => quarters / 4 + 0.01),
  pulled: fc.option(fc.integer({ min: 0, max: 20 }).map((days) => days + 0.05)),
  platforms: fc.integer({ min: 0, max: 2 }),
  artifacts: fc.integer({ min: 0, max: 1 }),
  archived: fc.option(
    fc.integer({ min: 0, max: 20 }).map((days) => days + 0.03),
    { freq: 6 },
  ),
});

/** Repositories of indexes, manifests, and artifacts of them. */
export const repositories: fc.Arbitrary<readonly StoredImage[]> = fc
  .array(push, { minLength: 1, maxLength: 12 })
  .map((pushes) =>
    pushes.flatMap(({ tags, age, pulled, platforms, artifacts, archived }, index): StoredImage[] => {
      const name = (what: string) => `sha256:${what}${index}`;
      const pushedAt = daysAgo(age);
      const common = {
        pushedAt,
        ...(pulled !== null && { pulledAt: daysAgo(Math.min(pulled, age)) }),
        ...(archived !== null && { archivedAt: daysAgo(Math.min(archived, age)) }),
      };
      const children = Array.from({ length: platforms }, (_, platform) => name(`platform${platform}-`));
      return [
        { digest: name("image"), tags: [...new Set(tags)], children, ...common },
        ...children.map((digest) => ({ digest, tags: [], children: [], ...common })),
        ...Array.from({ length: artifacts }, (_, one) => ({
          digest: name(`artifact${one}-`),
          tags: [],
          children: [],
          subject: name("image"),
          ...common,
        })),
      ];
    }),
  );
