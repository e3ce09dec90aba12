import { z } from "zod";

/**
 * Stands for the number of a pull request that GitHub does not provide: one from a fork, in a `workflow_run`.
 */
export const unknownPullRequest = "of an unknown number";

type Environment = Readonly<Record<string, string | undefined>>;

/** Git's own facts about the checkout. */
export interface Checkout {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Address of `origin`; undefined without one. */
  readonly origin: string | undefined;
}

/** The facts about the checkout on which git and CI agree. */
export interface CheckedOutRef {
  /** A branch that the commit is on; of a pull request, the branch that is to be merged. */
  readonly branch: string | undefined;
  /** Number of the pull (or merge) request that the commit belongs to; or `unknownPullRequest`. */
  readonly pullRequest: string | undefined;
  /** The repository's main branch, as CI names it. */
  readonly mainBranch: string | undefined;
}

/**
 * The parts of a GitHub event that tell what a commit is:
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
const eventSchema = z.object({
  repository: z
    .object({ default_branch: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  pull_request: z
    .object({
      number: z.number(),
      merge_commit_sha: z.string().nullish(),
      head: z.object({ ref: z.string().optional(), sha: z.string().optional() }).optional(),
      base: z.object({ ref: z.string().optional(), sha: z.string().optional() }).optional(),
      merged: z.boolean().nullish(),
    })
    .optional()
    .catch(undefined),
  issue: z
    .object({ number: z.number(), pull_request: z.object({}).optional() })
    .optional()
    .catch(undefined),
  workflow_run: z
    .object({
      event: z.string(),
      head_sha: z.string(),
      head_branch: z.string().nullish(),
      pull_requests: z.array(z.object({ number: z.number() })).default([]),
    })
    .optional()
    .catch(undefined),
});

type Event = z.output<typeof eventSchema>;

/** A branch that GitHub makes for a merge queue: its commits are on no branch yet. */
const queueBranch = /^gh-readonly-queue\//;

/**
 * The facts about what is checked out. Git comes first. CI's variables describe what started the job, so they
 * count only if they are about the checked-out commit. A job can check out something else:
 * `pull_request_target`, `workflow_run`, `workflow_dispatch` and `issue_comment` run for the default branch,
 * and often build the code of a pull request.
 *
 * @param event the text of the file GITHUB_EVENT_PATH
 */
export function identifyCheckout(
  environment: Environment,
  event: string | undefined,
  checkout: Checkout,
): CheckedOutRef {
  const isGithub = isSet(environment.GITHUB_REF) || isSet(environment.GITHUB_SHA) || event !== undefined;
  return isGithub ? onGithub(environment, parseEvent(event), checkout) : onGitlab(environment, checkout);
}

function onGithub(environment: Environment, event: Event, checkout: Checkout): CheckedOutRef {
  const { GITHUB_REF: ref = "", GITHUB_SHA: sha, GITHUB_REPOSITORY: repository } = environment;
  const mainBranch = isRepository(checkout.origin, repository) ? event.repository?.default_branch : undefined;
  const pullRequest = pullRequestOf(ref, event);
  const found = (branch: string | undefined, number?: string): CheckedOutRef => ({
    branch: branch === undefined || queueBranch.test(branch) ? undefined : branch,
    pullRequest: number,
    mainBranch,
  });
  const branchOfRef = /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
  // Of what started the job: a push, a schedule, or the base of a pull request.
  if (checkout.commit === sha && branchOfRef !== undefined) return found(checkout.branch ?? branchOfRef);
  if (pullRequest !== undefined) {
    const { head, base, merge_commit_sha: merge, merged } = event.pull_request ?? {};
    // Its base, checked out to be compared with; or what it became when it was merged.
    if (checkout.commit === base?.sha) return found(checkout.branch);
    if (merged === true && checkout.commit === merge) return found(checkout.branch ?? base?.ref);
    const isItsOwn = [sha, head?.sha, merge].includes(checkout.commit);
    const itsBranch = firstSet(environment.GITHUB_HEAD_REF, head?.ref);
    return found(isItsOwn ? (itsBranch ?? checkout.branch) : checkout.branch, pullRequest);
  }
  const run = event.workflow_run;
  if (run === undefined) return found(checkout.branch);
  const [first] = run.pull_requests;
  if (run.event.startsWith("pull_request")) {
    return found(undefined, first === undefined ? unknownPullRequest : String(first.number));
  }
  // The branch of a run for a tag is the tag, so that only the default branch's name is beyond doubt.
  const isMain = run.event === "push" && run.head_branch === event.repository?.default_branch;
  const branch = isMain && run.head_sha === checkout.commit ? (run.head_branch ?? undefined) : undefined;
  return found(checkout.branch ?? branch);
}

/** The pull request that an event is about. */
function pullRequestOf(ref: string, { pull_request: request, issue }: Event): string | undefined {
  const number = request?.number ?? (issue?.pull_request === undefined ? undefined : issue.number);
  return number === undefined ? /^refs\/pull\/(\d+)\//.exec(ref)?.[1] : String(number);
}

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
function onGitlab(environment: Environment, checkout: Checkout): CheckedOutRef {
  const isCheckedOut = environment.CI_COMMIT_SHA === checkout.commit;
  const request = firstSet(environment.CI_MERGE_REQUEST_IID);
  // A merge-request pipeline has no CI_COMMIT_BRANCH, and a tag pipeline has none either.
  const branch = isCheckedOut
    ? request === undefined
      ? firstSet(environment.CI_COMMIT_BRANCH)
      : firstSet(environment.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME)
    : undefined;
  return {
    branch: checkout.branch ?? branch,
    pullRequest: request,
    mainBranch: isRepository(checkout.origin, environment.CI_PROJECT_PATH)
      ? firstSet(environment.CI_DEFAULT_BRANCH)
      : undefined,
  };
}

/** Whether `origin` is the repository that CI runs for; a job can check out another one. */
function isRepository(origin: string | undefined, repository: string | undefined): boolean {
  if (origin === undefined || repository === undefined) return true;
  const path = origin
    .toLowerCase()
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  return [`/${repository}`, `:${repository}`].some((end) => path.endsWith(end.toLowerCase()));
}

function parseEvent(text: string | undefined): Event {
  if (text === undefined) return {};
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    // Another system's file, or half of one: there are other ways to know.
    return {};
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function firstSet(...values: readonly (string | undefined)[]): string | undefined {
  return values.find(isSet);
}
