import { UserError } from "../../../config/problems/errors.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { check } from "../checks.ts";
import type { TargetCheck, TargetContext } from "../target.ts";
import { checkFollow } from "./follow/follow.ts";
import { readIdentity } from "./repository/commit.ts";
import { tryPush } from "./repository/push.ts";
import { readTip } from "./repository/tip.ts";
import type { GitopsState } from "./state.ts";

/**
 * Whether git knows in whose name to commit, whether the server lets this account push, and whether what follows
 * the commit deploys from this branch.
 */
export async function verifyGitops(
  { follow, repository, branch }: GitopsTarget,
  { remote }: GitopsState,
  context: TargetContext,
): Promise<readonly TargetCheck[]> {
  const { signal } = context;
  const { clone, commit } = await readTip(remote, signal);
  const [identity, push, following] = await Promise.all([
    check("git identity", "git knows in whose name to commit", signal, () =>
      findingOf(() => readIdentity(clone)),
    ),
    check(`push to ${remote.branch}`, "the server accepts a push of this account", signal, () =>
      findingOf(() => tryPush(clone, commit, signal)),
    ),
    checkFollow(follow, { repository, branch }, context),
  ]);
  return [identity, push, ...following];
}

/** A problem as a finding: the check fails, instead of counting as not made. */
async function findingOf(look: () => Promise<void>) {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [problem] = error.problems;
    if (problem === undefined || problem.code === "repository-unreachable") throw error;
    return { message: problem.message, ...(problem.fix === undefined ? {} : { fix: problem.fix }) };
  }
}
