import { openGit } from "./git.ts";

/** Commits that a list shows. */
const shown = 30;

/**
 * The commits that one commit has and another has not, the newest first.
 *
 * @returns undefined when the repository does not have both
 */
export async function listCommits(
  directory: string,
  from: string,
  to: string,
): Promise<
  | { readonly commits: readonly { readonly id: string; readonly subject: string }[]; readonly more: number }
  | undefined
> {
  if (![from, to].every((commit) => /^[0-9a-f]{7,40}$/.test(commit))) return undefined;
  const git = openGit(directory);
  try {
    const listed = await git.text(["log", "--no-show-signature", "--format=%H %s", `${from}..${to}`, "--"]);
    const commits = listed
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => ({ id: line.slice(0, line.indexOf(" ")), subject: line.slice(line.indexOf(" ") + 1) }));
    return { commits: commits.slice(0, shown), more: Math.max(0, commits.length - shown) };
  } catch (error) {
    // Git exits with 128 when it does not know a commit, or where there is no repository.
    if (error instanceof Error && "exitCode" in error) return undefined;
    throw error;
  }
}
