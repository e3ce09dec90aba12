import type { Settings } from "../../config/settings.ts";
import type { AccountUses } from "./needed.ts";
import type { Searched } from "./search.ts";

/** What the in-use set is made of, and what it can't tell of. */
export interface Coverage {
  readonly lookedAt: readonly string[];
  /** Where an image may be in use although nothing here says so. */
  readonly notLookedAt: readonly string[];
  /** The searches beyond what targets run, each with the number of images or why it was not made. */
  readonly searched: readonly Searched[];
}

/** What no search of Slipway's sees. */
const neverLookedAt = [
  "tasks that Step Functions or other programs start, while none runs",
  "Kubernetes clusters, but for manifests in git that services.yaml names",
  "EC2 instances that pull images by themselves",
  "other regions",
];

/**
 * What was looked at to find images in use, and where else they may be in use. Accounts that the stack lets pull
 * are named.
 *
 * @param account the stack's own account, twelve digits
 * @param found what the search of the account gave
 */
export function coverageOf(
  { repositories, inUse }: Pick<Settings, "repositories" | "inUse">,
  account: string,
  { refused, unseen, searched }: Pick<AccountUses, "refused" | "unseen" | "searched">,
): Coverage {
  const isRefused = refused !== undefined;
  const ofAccount = ["ECS services and running tasks of the account", "Lambda functions and aliases"];
  const made = searched.filter((one) => one.refused === undefined);
  const others = new Set(
    repositories.pullPrincipals.flatMap((arn) => /^arn:[^:]+:[^:]+::(\d{12}):/.exec(arn)?.[1] ?? []),
  );
  for (const known of [account, ...Object.keys(inUse.profiles)]) others.delete(known);
  return {
    lookedAt: [
      ...(isRefused ? [] : ofAccount),
      ...made.map(({ what }) => what),
      "keep tags",
      "release records",
    ],
    notLookedAt: [
      ...(isRefused ? ofAccount : []),
      ...[...new Set(unseen)].toSorted(),
      ...refusedSearches(searched),
      ...neverLookedAt,
      ...[...others].toSorted().map((other) => `account ${other}, which may pull`),
    ],
    searched,
  };
}

/** The searches that could not be made, each with why: `CodeBuild projects (…)`. */
export function refusedSearches(searched: readonly Searched[]): readonly string[] {
  return searched.flatMap(({ what, refused }) => (refused === undefined ? [] : [`${what} (${refused})`]));
}
