import type { Settings } from "../../config/settings.ts";
import { type LetIn, policiesOf } from "./let-in.ts";
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
  "accounts that the policy of the whole registry lets pull, and not that of a repository",
  "other regions",
];

/**
 * What was looked at to find images in use, and where else they may be in use. Accounts that the stack lets pull
 * are named, and those that somebody has let pull by hand.
 *
 * @param account the stack's own account, twelve digits
 * @param found what the search of the account gave
 */
export function coverageOf(
  settings: Pick<Settings, "repositories" | "inUse">,
  account: string,
  { refused, unseen, searched, letIn }: Pick<AccountUses, "refused" | "unseen" | "searched" | "letIn">,
): Coverage {
  const isRefused = refused !== undefined;
  const ofAccount = ["ECS services and running tasks of the account", "Lambda functions and aliases"];
  const made = searched.filter((one) => one.refused === undefined);
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
      ...othersLetIn(settings, account, letIn),
    ],
    searched,
  };
}

/**
 * Others that may pull and that no profile is there to ask: by the settings, and by the policies that the repositories
 * have now.
 *
 * @param account the stack's own account, twelve digits
 */
export function othersLetIn(
  { repositories, inUse }: Pick<Settings, "repositories" | "inUse">,
  account: string,
  letIn: LetIn,
): readonly string[] {
  const declared = new Set(
    repositories.pullPrincipals.flatMap((arn) => /^arn:[^:]+:[^:]+::(\d{12}):/.exec(arn)?.[1] ?? []),
  );
  const asked = [account, ...Object.keys(inUse.profiles)];
  const ofSettings = [...declared]
    .filter((other) => !asked.includes(other))
    .map((other) => `account ${other}, which may pull`);
  const byHand = [...letIn]
    .filter(([who]) => !declared.has(who) && !asked.includes(who))
    .map(([who, allowing]) => {
      const name = /^\d{12}$/.test(who) ? `account ${who}` : who;
      return `${name}, which ${policiesOf(allowing)} ${allowing.length > 1 ? "let" : "lets"} pull`;
    });
  return [...ofSettings, ...byHand].toSorted();
}

/** The searches that could not be made, each with why: `CodeBuild projects (…)`. */
export function refusedSearches(searched: readonly Searched[]): readonly string[] {
  return searched.flatMap(({ what, refused }) => (refused === undefined ? [] : [`${what} (${refused})`]));
}
