import { z } from "zod";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { ArgocdSettings } from "../../../config/targets/gitops/follow.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { ImageUse, ProjectContext } from "../image-use.ts";
import { systemClock } from "../poll.ts";
import { type Application, historyOf } from "./follow/argocd/application.ts";
import { openReader } from "./follow/argocd/open.ts";
import { inspectGitops, readFiles } from "./inspect.ts";
import { exactReference, referencesAt } from "./places.ts";
import { gitopsTitle } from "./plan.ts";
import { fetchCommit } from "./repository/clone.ts";
import { remoteOf } from "./repository/remote.ts";
import { readTip } from "./repository/tip.ts";
import type { GitopsState } from "./state.ts";

/** Reads the Applications that follow a target; tests give other ones. */
export type ReadApplications = (
  settings: ArgocdSettings,
  signal: AbortSignal,
) => Promise<readonly Application[]>;

const readApplications: ReadApplications = (settings, signal) =>
  openReader(settings, { signal, clock: systemClock }).read();

/**
 * The images that the branches of targets name now, and those that a rollback of Argo CD could go back to. What
 * Argo CD and Flux could go back to and Slipway can't read is reported as unseen.
 *
 * @throws UserError when a branch can't be read: unknown is not unused
 */
export async function imagesInGitops(
  context: ProjectContext,
  targets: readonly GitopsTarget[],
  read: ReadApplications = readApplications,
): Promise<readonly ImageUse[]> {
  const uses = await Promise.all(
    targets.map(async (target) => [
      ...(await imagesOnBranch(context, target)),
      ...(await imagesInHistory(context, target, read)),
    ]),
  );
  return uses.flat();
}

async function imagesOnBranch(context: ProjectContext, target: GitopsTarget): Promise<readonly ImageUse[]> {
  const { commit, texts, problems } = await inspectGitops(target, context);
  if (commit === undefined) throw new UserError(problems, { exitCode: 1 });
  const when = `at ${commit.slice(0, 7)}, HEAD of ${target.branch}`;
  const named = usesAt(context, target, { texts, problems }, when);
  return [...named, ...(await imagesInProposals(context, target, named))];
}

/** The images that somebody may merge at any moment. */
async function imagesInProposals(
  { directory, signal }: ProjectContext,
  target: GitopsTarget,
  named: readonly ImageUse[],
): Promise<readonly ImageUse[]> {
  if (target.deliver === "push") return [];
  const { proposalsInUse } = await import("./propose/proposals.ts");
  const known = new Set(named.map(({ reference }) => reference));
  const proposed = await proposalsInUse(target, remoteOf(target, directory), known, signal);
  return proposed.map(({ reference, branch, pullRequest }) => ({
    reference,
    where: gitopsTitle(target),
    certainty: "starts",
    why:
      pullRequest === undefined ? `proposed on ${branch}` : `proposed in pull request #${pullRequest.number}`,
  }));
}

async function imagesInHistory(
  context: ProjectContext,
  target: GitopsTarget,
  read: ReadApplications,
): Promise<readonly ImageUse[]> {
  const { follow } = target;
  if (follow === "none") return [];
  const { unseen = () => {} } = context;
  if ("flux" in follow) {
    const { helmRelease } = follow.flux;
    // A Kustomization has no history; that of a HelmRelease has versions of charts, and no images.
    if (helmRelease !== undefined) unseen(`what Flux could roll HelmRelease ${helmRelease} back to`);
    return [];
  }
  const { application, selector } = follow.argocd;
  const which = application === undefined ? `Applications ${selector}` : `Application ${application}`;
  let applications: readonly Application[];
  try {
    applications = await read(follow.argocd, context.signal);
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof z.ZodError)) throw error;
    const said = error instanceof UserError ? error.problems[0]?.message : z.prettifyError(error);
    unseen(`what Argo CD could roll ${which} back to (${firstLine(said)})`);
    return [];
  }
  const found = await Promise.all(applications.map((one) => imagesOfRollbacks(context, target, one)));
  return found.flat();
}

/** The images at the commits that one Application can be rolled back to. */
async function imagesOfRollbacks(
  context: ProjectContext,
  target: GitopsTarget,
  application: Application,
): Promise<readonly ImageUse[]> {
  const { directory, signal, unseen = () => {} } = context;
  const { name } = application.metadata;
  const commits = historyOf(application, target.repository);
  if (commits === undefined) {
    unseen(`what Argo CD could roll Application ${name} back to (its history is of rendered manifests)`);
    return [];
  }
  const uses: ImageUse[] = [];
  for (const commit of commits) {
    const { clone } = await readTip(remoteOf(target, directory), signal);
    const when = `at ${commit.slice(0, 7)}, to which Argo CD could roll ${name} back`;
    const isHere = await fetchCommit(clone, commit, signal);
    if (isHere) uses.push(...usesAt(context, target, await readFiles({ clone, commit }, target), when));
    else unseen(`the manifests ${when} (the repository does not have the commit)`);
  }
  return uses;
}

/** The images of a target's places in files. What names none because it can't be read is unseen. */
function usesAt(
  { unseen = () => {} }: ProjectContext,
  target: GitopsTarget,
  { texts, problems }: Pick<GitopsState, "texts" | "problems">,
  when: string,
): readonly ImageUse[] {
  const where = gitopsTitle(target);
  for (const { message } of problems) unseen(`the manifests ${when} (${message})`);
  return referencesAt(target, texts).flatMap(({ place, reference, problem }) => {
    const why = `${place.path} ${when}`;
    if (reference !== undefined) return [{ reference: exactReference(reference), where, why }];
    if (problem !== undefined) unseen(`${why} (${problem.message})`);
    return [];
  });
}
