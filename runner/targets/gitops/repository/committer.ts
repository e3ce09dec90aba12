import { replaceBranch } from "./branch.ts";
import type { Clone } from "./clone.ts";
import { type Committer, makeCommit } from "./commit.ts";
import { pushCommit } from "./push.ts";

/**
 * Who makes the commits of a copy and brings them to the server: git, or the server's API where the target says so.
 *
 * @throws UserError `forge-refused` without a token for the API
 */
export async function openCommitter(clone: Clone, signal: AbortSignal): Promise<Committer> {
  const { api } = clone.remote;
  if (api !== undefined) {
    return (await import("../propose/commits.ts")).openGithubCommits(clone, api, signal);
  }
  return {
    make: async (commit) => ({ id: await makeCommit(clone, commit) }),
    push: (commit, tip) => pushCommit(clone, commit, tip),
    replace: (branch, commit, seen) => replaceBranch(clone, branch, commit, seen),
  };
}
