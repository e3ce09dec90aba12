import { setTimeout as sleep } from "node:timers/promises";
import {
  type LifecyclePolicyPreviewResult,
  paginateGetLifecyclePolicyPreview,
  StartLifecyclePolicyPreviewCommand,
} from "@aws-sdk/client-ecr";
import { UserError } from "../../../config/problems/errors.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { prepare } from "../../../lifecycle/prepare.ts";
import { type Reading, readings } from "../../../lifecycle/reading.ts";
import { initialState, runPolicy } from "../../../lifecycle/run.ts";
import type { Inventory } from "../../inventory/read.ts";
import type { Session } from "../../session/session.ts";

/** What ECR's own preview says, beside ours. */
export interface Comparison {
  /** Images that ECR would act on. */
  readonly aws: number;
  /** Readings of the rules that give exactly ECR's answer. */
  readonly agreeing: readonly Reading[];
  /** Differences to the reading that comes nearest, by priority of the rule. */
  readonly differences: readonly {
    readonly priority: number;
    readonly onlyAws: readonly string[];
    readonly onlySlipway: readonly string[];
  }[];
}

const pollMilliseconds = 2_000;
const patienceMilliseconds = 5 * 60_000;

/**
 * Asks ECR for its preview of a policy (StartLifecyclePolicyPreview), and holds ours against it. ECR previews today
 * only, and one policy of a repository at a time.
 *
 * @throws UserError if ECR's preview fails or takes longer than five minutes
 */
export async function compareWithAws(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  { repository, images }: Pick<Inventory, "repository" | "images">,
  policy: LifecyclePolicy,
  now: Date,
): Promise<Comparison> {
  const lifecyclePolicyText = JSON.stringify(policy);
  await clients.ecr.send(
    new StartLifecyclePolicyPreviewCommand({ repositoryName: repository, lifecyclePolicyText }),
    { abortSignal: signal },
  );
  const results = await awaitResults({ clients, signal }, repository);
  return compare(policy, images, now, results);
}

async function awaitResults(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  repository: string,
): Promise<readonly LifecyclePolicyPreviewResult[]> {
  const refuse = (message: string) =>
    new UserError(
      {
        code: "lifecycle-preview-failed",
        where: `repository ${repository}`,
        message,
        fix: "run the command again later, or without --compare-with-aws",
      },
      { exitCode: 1 },
    );
  for (const until = Date.now() + patienceMilliseconds; Date.now() < until; ) {
    const results: LifecyclePolicyPreviewResult[] = [];
    let status: string | undefined;
    const pages = paginateGetLifecyclePolicyPreview(
      { client: clients.ecr, pageSize: 100 },
      { repositoryName: repository },
      { abortSignal: signal },
    );
    for await (const page of pages) {
      status = page.status;
      results.push(...(page.previewResults ?? []));
    }
    if (status === "COMPLETE") return results;
    if (status !== "IN_PROGRESS") throw refuse(`ECR's preview of the policy ended as ${status}`);
    await sleep(pollMilliseconds, undefined, { signal });
  }
  throw refuse("ECR's preview of the policy has not ended after five minutes");
}

/** Holds the answers of ECR's preview against each reading. */
export function compare(
  policy: LifecyclePolicy,
  images: Inventory["images"],
  now: Date,
  results: readonly Pick<LifecyclePolicyPreviewResult, "imageDigest" | "appliedRulePriority">[],
): Comparison {
  const theirs = new Map(
    results.flatMap(({ imageDigest, appliedRulePriority = 0 }) =>
      imageDigest === undefined ? [] : [[imageDigest, appliedRulePriority] as const],
    ),
  );
  const prepared = prepare(policy, images);
  const compared = readings.map((reading) => {
    const { acts } = runPolicy(prepared, initialState(prepared), now.getTime(), reading);
    const ours = new Map(
      [...acts]
        // ECR's preview lists what rules take, and not what goes with it.
        .filter(([, { cause }]) => cause === "rule")
        .map(([position, { rule }]) => [
          prepared.images[position]?.image.digest ?? "",
          prepared.rules[rule]?.rulePriority ?? 0,
        ]),
    );
    return { reading, differences: differencesOf(theirs, ours) };
  });
  const weight = ({ differences }: (typeof compared)[number]) =>
    differences.reduce((sum, { onlyAws, onlySlipway }) => sum + onlyAws.length + onlySlipway.length, 0);
  const [nearest] = compared.toSorted((one, other) => weight(one) - weight(other));
  return {
    aws: theirs.size,
    agreeing: compared.flatMap((one) => (weight(one) === 0 ? [one.reading] : [])),
    differences: nearest?.differences ?? [],
  };
}

function differencesOf(
  theirs: ReadonlyMap<string, number>,
  ours: ReadonlyMap<string, number>,
): Comparison["differences"] {
  const priorities = new Set([...theirs.values(), ...ours.values()]);
  const only = (some: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>, priority: number) =>
    [...some].flatMap(([digest, rule]) =>
      rule === priority && others.get(digest) !== priority ? [digest] : [],
    );
  return [...priorities]
    .toSorted((a, b) => a - b)
    .map((priority) => ({
      priority,
      onlyAws: only(theirs, ours, priority).toSorted(),
      onlySlipway: only(ours, theirs, priority).toSorted(),
    }))
    .filter(({ onlyAws, onlySlipway }) => onlyAws.length + onlySlipway.length > 0);
}
