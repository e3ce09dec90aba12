import { UserError } from "../../../../config/problems/errors.ts";
import type { GitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { readFiles } from "../inspect.ts";
import { exactReference, referencesAt } from "../places.ts";
import { fetchBranch, listBranches } from "../repository/branch.ts";
import { type Clone, openClone } from "../repository/clone.ts";
import type { Remote } from "../repository/remote.ts";
import { branchPrefix } from "./body.ts";
import type { PullRequest } from "./forge.ts";
import { openForge } from "./open.ts";

/** Another image for a target that a branch of Slipway's proposes. */
export interface ProposedReference {
  readonly branch: string;
  readonly reference: string;
  /** Undefined where only git was asked. */
  readonly pullRequest: PullRequest | undefined;
}

/**
 * The images that open pull requests propose for a target.
 *
 * @param named references that the target's branch names
 * @throws UserError when the server can't be asked
 */
export async function openProposals(
  target: GitopsTarget,
  remote: Remote,
  named: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly ProposedReference[]> {
  const forge = await openForge(target, signal);
  const open = (await forge.open(remote.branch)).filter(({ head }) => head.startsWith(branchPrefix));
  const clone = await openClone(remote);
  const found: ProposedReference[] = [];
  for (const pullRequest of open) {
    const references = await referencesOn(clone, pullRequest.head, target, named, signal);
    found.push(...references.map((reference) => ({ branch: pullRequest.head, reference, pullRequest })));
  }
  return found;
}

/**
 * The images that somebody may still merge. Where the server can't be asked, every branch of Slipway's counts:
 * what is not known to be unused is needed.
 */
export async function proposalsInUse(
  target: GitopsTarget,
  remote: Remote,
  named: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly ProposedReference[]> {
  try {
    return await openProposals(target, remote, named, signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const clone = await openClone(remote);
    const found: ProposedReference[] = [];
    for (const branch of await listBranches(clone, branchPrefix, signal)) {
      const references = await referencesOn(clone, branch, target, named, signal);
      found.push(...references.map((reference) => ({ branch, reference, pullRequest: undefined })));
    }
    return found;
  }
}

/** What the places of a target name on a branch, and not on its own. */
async function referencesOn(
  clone: Clone,
  branch: string,
  target: GitopsTarget,
  named: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const commit = await fetchBranch(clone, branch, signal);
  if (commit === undefined) return [];
  const { texts } = await readFiles({ clone, commit }, target);
  const references = referencesAt(target, texts).flatMap(({ reference }) =>
    reference === undefined ? [] : [exactReference(reference)],
  );
  return [...new Set(references)].filter((reference) => !named.has(reference));
}
