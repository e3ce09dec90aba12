import { describe, expect, test } from "vitest";
import { planCleanup } from "../../../lifecycle/cleanup/plan.ts";
import { judgePolicy } from "../../../lifecycle/guard.ts";
import type { StoredImage } from "../../../lifecycle/image.ts";
import { lintPolicy } from "../../../lifecycle/lint.ts";
import { outlookOf } from "../../../lifecycle/outlook.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { readings } from "../../../lifecycle/reading.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { timelineOf } from "../../../lifecycle/timeline.ts";
import { daysAgo, now } from "./arbitrary.ts";
import * as cleanup from "./cleanup/samples.ts";

/*
 * What has happened to teams (the comments name where), each as the policy that did it. The guard sees it before the
 * policy is put, and the policy that Slipway compiles does not do it.
 */

const policyOf = (...selections: LifecyclePolicy["rules"][number]["selection"][]): LifecyclePolicy => ({
  rules: selections.map((selection, index) => ({
    rulePriority: index + 1,
    description: "",
    selection,
    action: { type: "expire" },
  })),
});

const any = (countNumber: number) =>
  policyOf({ tagStatus: "any", countType: "imageCountMoreThan", countNumber });

const image = (
  digest: string,
  tags: string[],
  age: number,
  more: Partial<StoredImage> = {},
): StoredImage => ({
  digest,
  tags,
  pushedAt: daysAgo(age),
  children: [],
  ...more,
});

const many = (count: number, tag: string) =>
  Array.from({ length: count }, (_, index) =>
    image(`${tag}${index}`, [`${tag}${index}`, `src-${tag}${index}`], index / 50 + 0.01),
  );

const losses = (policy: LifecyclePolicy, images: readonly StoredImage[], ...needed: string[]) =>
  judgePolicy({ policy, images, needed: new Set(needed), now }).losses.map(({ digest }) => digest);

/** Digests that a clean-up of the most eager kind would delete. */
const cleaned = (
  ...[repository, more]: [Parameters<typeof planCleanup>[0][number], Parameters<typeof cleanup.rules>[0]?]
) => {
  const { removals, repositories } = planCleanup([repository], cleanup.rules(more));
  return { images: removals.map(({ image }) => image.digest), repositories };
};

/** Whether Slipway's policy keeps an image by every reading and for ever, whatever the rest of it says. */
function keeps(images: readonly StoredImage[], digest: string): boolean {
  const policy = compileRetention(
    {
      rules: [
        { images: "any", keepLast: 1 },
        { images: "untagged", expireAfterDays: 1 },
      ],
    },
    3,
  );
  return outlookOf(policy, images, { now }).get(digest) === undefined;
}

describe("the disasters", () => {
  test("1. a quiet service's image goes because of a busy neighbour in the repository", () => {
    // ministryofjustice/cloud-platform#839, #905
    const images = [...many(100, "web-"), image("quiet", ["worker-1.0"], 400)];
    expect(losses(any(100), images, "quiet")).toEqual(["quiet"]);
    const marked = [...many(100, "web-"), image("quiet", ["worker-1.0", "inuse-prod-ecs-shop.worker"], 400)];
    expect(keeps(marked, "quiet")).toBe(true);
  });

  test("2. an image is rebuilt after an incident, and the next run takes it again: the date is told", () => {
    // island-is/island.is#10926
    const images = [
      image("rebuilt", ["release-9"], 0.2),
      ...many(3, "main-").map((one) => ({ ...one, pushedAt: now })),
    ];
    expect(outlookOf(any(3), images, { now }).get("rebuilt")?.expires?.first).toEqual(now);
    expect(losses(any(3), images, "rebuilt")).toEqual(["rebuilt"]);
  });

  test("3. a production image is removed by hand: a clean-up deletes nothing that runs, whatever its tags say", () => {
    // aws/containers-roadmap#637, November 2025: ECS shut down the healthy tasks as well
    const production = [
      cleanup.index("production", ["amd64", "arm64"]),
      cleanup.image("amd64"),
      cleanup.image("arm64"),
      cleanup.artifact("signature", "production"),
    ];
    // Nobody needs it: it would go whole.
    expect(cleaned(cleanup.repository(production)).images).toHaveLength(4);
    // ECS runs one of its platforms: nothing of it goes.
    expect(cleaned(cleanup.repository(production, ["amd64"])).images).toEqual([]);
    const ofPullRequest = [cleanup.image("canary", { tags: ["pr-1"] })];
    expect(cleaned(cleanup.repository(ofPullRequest)).images).toHaveLength(1);
    expect(cleaned(cleanup.repository(ofPullRequest, ["canary"])).images).toEqual([]);
  });

  test("4. fifty builds of a day push out the tag in use", () => {
    // aws/containers-roadmap#637
    const images = [...many(50, "fix-"), image("running", ["v41"], 3)];
    expect(losses(any(50), images, "running")).toEqual(["running"]);
    expect(keeps([...many(50, "fix-"), image("running", ["v41", "inuse-dev-ecs-a.b"], 3)], "running")).toBe(
      true,
    );
  });

  test("5. a rollback returns to a digest that a day-old rule has deleted", () => {
    // cloudposse/cdk-github-runners#988
    const untagged = policyOf({
      tagStatus: "untagged",
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 1,
    });
    expect(losses(untagged, [image("before", [], 0.5), image("current", ["latest"], 0.1)], "before")).toEqual(
      ["before"],
    );
    const others = many(20, "v").map((one) => ({ ...one, tags: one.tags.slice(0, 1) }));
    expect(keeps([...others, image("before", ["v0", "lastgood-dev-ecs-a.b"], 9)], "before")).toBe(true);
  });

  test("6. an image goes after `latest` has moved away from it, although a task still runs it", () => {
    // cdk-github-runners#958
    const untagged = policyOf({
      tagStatus: "untagged",
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 7,
    });
    const images = [image("old", [], 30), image("new", ["latest"], 1)];
    expect(losses(untagged, images, "old")).toEqual(["old"]);
  });

  test("7. a replaced image is needed by a task that starts again", () => {
    // anomalyco/sst#6377, #6378
    const images = [image("replaced", [], 2), image("current", ["dev"], 1)];
    expect(losses(any(1), images, "replaced")).toEqual(["replaced"]);
  });

  test("8. a policy that takes most of a repository is more than the share that needs no confirmation", () => {
    // aws/containers-roadmap#215
    const { takes, of } = judgePolicy({ policy: any(1), images: many(40, "v"), needed: new Set(), now });
    expect([takes, of]).toEqual([39, 40]);
  });

  test("9. a repository is deleted, and pushes fail: only one that was named, whole and unused goes", () => {
    // aws/containers-roadmap#578
    const images = [cleanup.index("v1", ["amd64"], { tags: ["v1"] }), cleanup.image("amd64")];
    // One that nobody named stays, even with nothing of it in use.
    expect(cleaned(cleanup.repository(images))).toEqual({ images: [], repositories: [] });
    expect(cleaned(cleanup.repository(images, [], true)).repositories).toEqual(["shop/ui"]);
    // Named, and something runs one platform of it; or somebody has pushed lately.
    expect(cleaned(cleanup.repository(images, ["amd64"], true))).toEqual({ images: [], repositories: [] });
    const pushed = [...images, cleanup.image("new", { pushedAt: daysAgo(1) })];
    expect(cleaned(cleanup.repository(pushed, [], true))).toEqual({ images: [], repositories: [] });
  });

  test("9. the quota is full, and pushes fail: a policy that lets tags or untagged manifests grow is named", () => {
    const untaggedOnly = policyOf({
      tagStatus: "untagged",
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 7,
    });
    const kinds = (policy: LifecyclePolicy) => lintPolicy(policy, many(40, "v")).map(({ kind }) => kind);
    expect(kinds(untaggedOnly)).toContain("tagged-without-limit");
    expect(kinds(any(50))).not.toContain("tagged-without-limit");
  });

  test("10. a cluster runs an image that nothing in the account needs: what was ever pulled stays", () => {
    // aws/aws-eks-best-practices#185
    const images = [
      cleanup.index("on the cluster", ["amd64"]),
      cleanup.image("amd64", { pulledAt: daysAgo(90) }),
      cleanup.image("never pulled"),
    ];
    const blindSpots = ["Kubernetes clusters"];
    expect(cleaned(cleanup.repository(images), { blindSpots }).images).toEqual([cleanup.sha("never pulled")]);
    // Only who says that there are none lets it go.
    expect(cleaned(cleanup.repository(images), { blindSpots: [] }).images).toHaveLength(3);
    // And nobody can say so who was not allowed to look.
    expect(cleaned(cleanup.repository(images), { isAccountUnseen: true }).images).toEqual([]);
  });

  test("S3: what is untagged and a platform of a live index stays, by every reading", () => {
    const images = [
      image("index", ["v1", "inuse-dev-ecs-a.b"], 300, { children: ["amd64", "arm64"] }),
      image("amd64", [], 300),
      image("arm64", [], 300),
    ];
    const untagged = policyOf({
      tagStatus: "untagged",
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 1,
    });
    for (const reading of readings) expect(timelineOf(untagged, images, { now, reading }).size).toBe(0);
  });

  test("an image that was promoted is no younger for its new tag", () => {
    // aws/containers-roadmap#2746
    const policy = policyOf({
      tagStatus: "tagged",
      tagPrefixList: ["prod-"],
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 30,
    });
    expect(losses(policy, [image("promoted", ["prod-1"], 31)], "promoted")).toEqual(["promoted"]);
  });

  test("a policy that archives an image in use is refused like one that deletes it: nothing can pull it", () => {
    const policy: LifecyclePolicy = {
      rules: [
        {
          rulePriority: 1,
          description: "",
          selection: { tagStatus: "any", countType: "sinceImagePulled", countUnit: "days", countNumber: 30 },
          action: { type: "transition", targetStorageClass: "archive" },
        },
      ],
    };
    const [loss] = judgePolicy({
      policy,
      images: [image("cron", ["v1"], 90)],
      needed: new Set(["cron"]),
      now,
    }).losses;
    expect(loss).toMatchObject({ digest: "cron", action: "archive" });
  });
});
