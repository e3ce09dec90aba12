import { UserError } from "../../../config/problems/errors.ts";
import type { ForgePlace } from "../../../config/targets/gitops/forge.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { check } from "../checks.ts";
import type { TargetCheck, TargetContext } from "../target.ts";
import { checkFollow } from "./follow/follow.ts";
import { branchPrefix } from "./propose/body.ts";
import type { Clone } from "./repository/clone.ts";
import { readIdentity } from "./repository/commit.ts";
import { tryPush } from "./repository/push.ts";
import { readTip } from "./repository/tip.ts";
import type { GitopsState } from "./state.ts";

/**
 * Whether git knows in whose name to commit, or the API knows the token; whether the server lets this account push,
 * and whether what follows the commit deploys from this branch.
 */
export async function verifyGitops(
  target: GitopsTarget,
  { remote }: GitopsState,
  context: TargetContext,
): Promise<readonly TargetCheck[]> {
  const { signal } = context;
  const { follow, repository, branch } = target;
  const isProposed = target.deliver === "pull-request";
  const pushed = isProposed ? `${branchPrefix}check` : remote.branch;
  const { clone, commit } = await readTip(remote, signal);
  const { api } = remote;
  const maker =
    api === undefined
      ? check("git identity", "git knows in whose name to commit", signal, () =>
          findingOf(() => readIdentity(clone)),
        )
      : checkCommits(clone, api, signal);
  const push = () =>
    check(`push to ${pushed}`, "the server accepts a push of this account", signal, () =>
      findingOf(() => tryPush(clone, commit, signal, pushed)),
    );
  const [commits, following, pulls] = await Promise.all([
    // Git pushes no commit of the API's but one for a branch of a pull request that exists.
    Promise.all([maker, ...(api === undefined || isProposed ? [push()] : [])]),
    checkFollow(follow, { repository, branch }, context),
    Promise.all(isProposed ? [checkPullRequests(target, context)] : []),
  ]);
  return [...commits, ...following, ...pulls];
}

/** Whether the token shows the branch to the API; only a commit shows that it may write. */
function checkCommits(clone: Clone, api: ForgePlace, signal: AbortSignal): Promise<TargetCheck> {
  return check("commits through the API", "the server shows the branch to the token", signal, () =>
    findingOf(async () => {
      const { openGithubCommits } = await import("./propose/commits.ts");
      await (await openGithubCommits(clone, api, signal)).checkBranch();
    }),
  );
}

/** Whether the token may read the repository's pull requests; only opening one shows that it may do that. */
function checkPullRequests(target: GitopsTarget, { signal }: TargetContext): Promise<TargetCheck> {
  return check("pull requests", "the server shows them to the token", signal, () =>
    findingOf(async () => {
      const { openForge } = await import("./propose/open.ts");
      const forge = await openForge(target, signal);
      await forge.between(`${branchPrefix}check`, target.branch);
      await forge.checkReviewers(target.pullRequest?.reviewers ?? []);
    }),
  );
}

/** A problem as a finding: the check fails, instead of counting as not made. */
async function findingOf(look: () => Promise<void>) {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [problem] = error.problems;
    if (
      problem === undefined ||
      ["repository-unreachable", "unreachable", "throttled"].includes(problem.code)
    )
      throw error;
    return { message: problem.message, ...(problem.fix === undefined ? {} : { fix: problem.fix }) };
  }
}
