import { UserError } from "../../../../config/problems/errors.ts";
import type { GitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { readFiles } from "../inspect.ts";
import { exactReference, referencesAt } from "../places.ts";
import { fetchBranch, listBranches, readCommit } from "../repository/branch.ts";
import { type Clone, fetchCommit, openClone } from "../repository/clone.ts";
import { isMadeFor } from "../repository/message.ts";
import type { Remote } from "../repository/remote.ts";
import { branchPrefix } from "./body.ts";
import type { PullRequest } from "./forge.ts";
import { openForge } from "./open.ts";

/** Another image for a target that a branch of Slipway's proposes. */
export interface ProposedReference {
  readonly branch: string;
  /** The commit that the branch is at. */
  readonly commit: string;
  readonly reference: string;
  /** Undefined where only git was asked. */
  readonly pullRequest: PullRequest | undefined;
}

/** The same of an open pull request. */
export interface OpenProposal extends ProposedReference {
  readonly pullRequest: PullRequest;
  /** `pull request`, `merge request` */
  readonly noun: string;
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
): Promise<readonly OpenProposal[]> {
  const forge = await openForge(target, signal);
  const open = (await forge.open(remote.branch)).filter(({ head }) => head.startsWith(branchPrefix));
  const clone = await openClone(remote);
  const found: OpenProposal[] = [];
  for (const pullRequest of open) {
    const proposed = await referencesOn(clone, pullRequest.head, target, named, signal);
    found.push(...proposed.map((one) => ({ ...one, pullRequest, noun: forge.noun })));
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
      const proposed = await referencesOn(clone, branch, target, named, signal);
      found.push(...proposed.map((one) => ({ ...one, pullRequest: undefined })));
    }
    return found;
  }
}

/**
 * What the places of a target name on a branch, and not on its own. A branch that was made before the target's own
 * moved on still has the image of then, and does not propose it: what our commit found there does not count.
 */
async function referencesOn(
  clone: Clone,
  branch: string,
  target: GitopsTarget,
  named: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Pick<ProposedReference, "branch" | "commit" | "reference">[]> {
  const commit = await fetchBranch(clone, branch, signal);
  if (commit === undefined) return [];
  const { message, parents } = await readCommit(clone, commit);
  const [parent] = parents;
  // Where a person has committed to the branch, all that it names may be meant.
  const isOurs = parents.length === 1 && parent !== undefined && isMadeFor(message, branch);
  const before =
    isOurs && (await fetchCommit(clone, parent, signal)) ? await namesAt(clone, parent, target) : [];
  return (await namesAt(clone, commit, target))
    .filter((reference) => !named.has(reference) && !before.includes(reference))
    .map((reference) => ({ branch, commit, reference }));
}

/** What the places of a target name at a commit, each once. */
async function namesAt(clone: Clone, commit: string, target: GitopsTarget): Promise<readonly string[]> {
  const { texts } = await readFiles({ clone, commit }, target);
  const references = referencesAt(target, texts).flatMap(({ reference }) =>
    reference === undefined ? [] : [exactReference(reference)],
  );
  return [...new Set(references)];
}
