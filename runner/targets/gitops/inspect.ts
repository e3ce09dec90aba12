import { type Problem, UserError } from "../../../config/problems/errors.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { ProjectContext } from "../image-use.ts";
import { decodeManifest } from "./edit/manifest.ts";
import { referencesAt } from "./places.ts";
import { remoteOf } from "./repository/remote.ts";
import { readTip, type Tip } from "./repository/tip.ts";
import { readStored } from "./repository/tree.ts";
import { resolveTags } from "./resolve.ts";
import type { GitopsPlan, GitopsState } from "./state.ts";

/** Reads the files of a target as they are on the branch. What can't be read is a problem. */
export async function inspectGitops(target: GitopsTarget, context: ProjectContext): Promise<GitopsState> {
  const { directory, signal } = context;
  const remote = remoteOf(target, directory);
  const nothing = {
    remote,
    commit: undefined,
    committedAt: undefined,
    texts: new Map(),
    resolved: new Map(),
  };
  let tip: Tip;
  try {
    tip = await readTip(remote, signal);
  } catch (error) {
    if (error instanceof UserError) return { ...nothing, problems: error.problems };
    throw error;
  }
  const { texts, problems } = await readFiles(tip, target);
  const seconds = Number((await tip.clone.git.text(["show", "-s", "--format=%ct", tip.commit])).trim());
  const resolved = await resolveTags(target, texts, context);
  return { remote, commit: tip.commit, committedAt: new Date(seconds * 1000), texts, resolved, problems };
}

/** The files of a target at a commit. */
export async function readFiles(
  { clone, commit }: Tip,
  { files }: Pick<GitopsTarget, "files">,
): Promise<Pick<GitopsState, "texts" | "problems">> {
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  for (const path of new Set(files.map((file) => file.path))) {
    try {
      const { bytes } = await readStored(clone, commit, path);
      texts.set(path, decodeManifest(bytes, path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { texts, problems };
}

/** Whether the places still name what they did when the plan was made; other files may have changed. */
export async function isGitopsAsPlanned(
  { target, state }: GitopsPlan,
  context: ProjectContext,
): Promise<boolean> {
  const now = await inspectGitops(target, context);
  if (now.commit === state.commit) return true;
  const then = referencesAt(target, state.texts);
  return referencesAt(target, now.texts).every(
    ({ reference, problem }, index) =>
      reference === then[index]?.reference && problem?.message === then[index]?.problem?.message,
  );
}
