import { z } from "zod";
import { UserError } from "../../../../config/problems/errors.ts";
import type { ForgePlace } from "../../../../config/targets/gitops/forge.ts";
import { clientOf } from "../../../github/api.ts";
import { fetchBranch, replaceBranch } from "../repository/branch.ts";
import { type Clone, fetchTip, timedOut } from "../repository/clone.ts";
import type { Committer, NewCommit } from "../repository/commit.ts";
import { accessProblem, isGitFailure } from "../repository/failure.ts";
import { adviceFor, isAncestor, type Pushed } from "../repository/push.ts";
import { type CallPlace, call, callPlain, Refused } from "./call.ts";
import { refusalOf } from "./github.ts";
import { tokenOf } from "./open.ts";

const treeSchema = z.object({ sha: z.string() });
const commitSchema = z.object({
  sha: z.string(),
  verification: z.object({ verified: z.boolean() }).optional(),
});

/** GitHub as the one who commits, and what `verify` asks of it. */
export interface GithubCommits extends Committer {
  /** @throws UserError when the token does not show the branch */
  checkBranch(): Promise<void>;
}

/**
 * Commits that GitHub makes. Without an author and a committer in the request, GitHub signs what an App commits:
 * https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots
 *
 * @param pause see `call`
 * @throws UserError `forge-refused` without a token
 */
export async function openGithubCommits(
  clone: Clone,
  place: ForgePlace,
  signal: AbortSignal,
  pause?: number,
): Promise<GithubCommits> {
  const token = tokenOf(place, "read and write Contents");
  const [owner = "", repo = ""] = place.project.split("/");
  const repository = { owner, repo };
  const about: CallPlace = {
    ...place,
    name: "GitHub",
    scopes:
      "the permission Contents (read and write) of a GitHub App or a fine-grained token, or the scope repo",
  };
  // Without the run's signal: a push that has begun is brought to its end.
  const unending = new AbortController().signal;
  const [maker, mover] = await Promise.all([
    clientOf({ api: place.api, token }, signal),
    clientOf({ api: place.api, token }, unending),
  ]);
  const move = <T>(work: () => Promise<T>) => call(work, refusalOf, about, unending, pause);
  const asked = <T>(work: () => Promise<T>) => callPlain(work, refusalOf, about, signal, pause);

  async function make({ tree, parent, message, files }: NewCommit) {
    const base = (await clone.git.text(["rev-parse", "--verify", `${parent}^{tree}`])).trim();
    const entries = [...files].map(([path, { mode, bytes }]) => ({
      path,
      mode: mode as "100644" | "100755",
      type: "blob" as const,
      content: bytes.toString("utf8"),
    }));
    const made = await asked(async () => {
      const path = "POST /repos/{owner}/{repo}/git/trees";
      const { data } = await maker.request(path, { ...repository, base_tree: base, tree: entries });
      return treeSchema.parse(data).sha;
    });
    if (made !== tree) throw differs(clone, [...files.keys()]);
    return asked(async () => {
      const path = "POST /repos/{owner}/{repo}/git/commits";
      const { data } = await maker.request(path, { ...repository, message, tree, parents: [parent] });
      const { sha, verification } = commitSchema.parse(data);
      return { id: sha, isVerified: verification?.verified === true };
    });
  }

  /** Where the branch is after a refusal decides, and not GitHub's words: as for a push of git. */
  async function push(commit: string, tip: string): Promise<Pushed> {
    const { branch } = clone.remote;
    try {
      const path = "PATCH /repos/{owner}/{repo}/git/refs/{ref}";
      const parameters = { ...repository, ref: `heads/${branch}`, sha: commit, force: false };
      await move(() => mover.request(path, parameters));
      return { kind: "done" };
    } catch (error) {
      const now = await fetchTip(clone).catch(() => undefined);
      if (now !== undefined && (await isAncestor(clone, commit, now))) return { kind: "done" };
      if (!(error instanceof Refused)) throw error;
      const isOvertaken = error.refusal.status === 409 || /not a fast.forward/i.test(error.message);
      if (now !== undefined && (now !== tip || isOvertaken)) return { kind: "overtaken" };
      throw rejected(clone, branch, error);
    }
  }

  async function replace(branch: string, commit: string, seen: string | undefined): Promise<Pushed> {
    if (seen !== undefined) {
      // The API moves a branch whatever it is at. Git does so only while it is where it was seen.
      await fetchMade(clone, commit);
      return replaceBranch(clone, branch, commit, seen);
    }
    try {
      const path = "POST /repos/{owner}/{repo}/git/refs";
      const parameters = { ...repository, ref: `refs/heads/${branch}`, sha: commit };
      await move(() => mover.request(path, parameters));
      return { kind: "done" };
    } catch (error) {
      const now = await fetchBranch(clone, branch).catch(() => undefined);
      if (now === commit) return { kind: "done" };
      if (!(error instanceof Refused)) throw error;
      if (now !== undefined) return { kind: "overtaken" };
      throw rejected(clone, branch, error);
    }
  }

  const checkBranch = () =>
    asked(async () => {
      const path = "GET /repos/{owner}/{repo}/git/ref/{ref}";
      await maker.request(path, { ...repository, ref: `heads/${clone.remote.branch}` });
    });

  return { make, push, replace, checkBranch };
}

function rejected({ remote }: Clone, branch: string, { refusal }: Refused): UserError {
  const said = refusal.message.split("\n").join(" ").slice(0, 300);
  return new UserError(
    {
      code: "push-rejected",
      where: `${remote.name}, branch ${branch}`,
      message: `GitHub does not move the branch to the commit (${refusal.status}): ${said}`,
      fix: adviceFor(said),
    },
    { exitCode: 1 },
  );
}

function differs({ remote }: Clone, paths: readonly string[]): UserError {
  return new UserError(
    {
      code: "commit-differs",
      where: `${remote.name}, branch ${remote.branch}`,
      key: "commit",
      value: "api",
      message: `GitHub's API made another tree than git of ${paths.join(", ")}: bytes were changed on the way`,
      fix: "write commit: git",
    },
    { exitCode: 1 },
  );
}

/** Brings a commit of the API's into the copy, which has its parent: without a depth, git may push it. */
async function fetchMade(clone: Clone, commit: string): Promise<void> {
  const args = ["fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--no-recurse-submodules"];
  try {
    await clone.network().text(["-c", "protocol.version=2", ...args, "--filter=blob:none", "origin", commit]);
  } catch (error) {
    throw isGitFailure(error)
      ? accessProblem(clone.remote, error, clone.secrets)
      : timedOut(clone.remote, error);
  }
}
