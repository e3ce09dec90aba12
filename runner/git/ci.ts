type Environment = Readonly<Record<string, string | undefined>>;

/** Branch that CI says it builds; of a pull request, the branch that is to be merged. */
export function branchFromCi(environment: Environment): string | undefined {
  // GITHUB_HEAD_REF is the branch of a pull request; GITHUB_REF_NAME would be `12/merge` there.
  return firstSet(
    environment.GITHUB_HEAD_REF,
    environment.GITHUB_REF_TYPE === "tag" ? undefined : environment.GITHUB_REF_NAME,
    environment.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME,
    environment.CI_COMMIT_BRANCH,
  );
}

/** Number of the pull (or merge) request that CI builds. */
export function pullRequestFromCi(environment: Environment): string | undefined {
  return firstSet(
    /^refs\/pull\/(\d+)\//.exec(environment.GITHUB_REF ?? "")?.[1],
    environment.CI_MERGE_REQUEST_IID,
  );
}

/**
 * The repository's main branch as CI names it: a checkout in CI has no origin/HEAD to ask.
 *
 * @param event what is in the file GITHUB_EVENT_PATH
 */
export function mainBranchFromCi(environment: Environment, event: string | undefined): string | undefined {
  return firstSet(defaultBranchOf(event), environment.CI_DEFAULT_BRANCH);
}

function defaultBranchOf(event: string | undefined): string | undefined {
  if (event === undefined) return undefined;
  try {
    const { repository } = JSON.parse(event) as { repository?: { default_branch?: unknown } };
    return typeof repository?.default_branch === "string" ? repository.default_branch : undefined;
  } catch {
    // Another system's file, or half of one: there are other ways to know.
    return undefined;
  }
}

function firstSet(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== "");
}
