import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { shortReference } from "../../registry/image.ts";
import type { TargetContext, TargetDetails, TargetStatus } from "../target.ts";
import { deliveryNow } from "./deliver.ts";
import { lookAtDelivery } from "./follow/follow.ts";
import { sentenceOf, type Verdict } from "./follow/verdict.ts";
import { inspectGitops } from "./inspect.ts";
import { exactReference, referencesAt } from "./places.ts";
import { gitopsTitle } from "./plan.ts";
import { remoteOf } from "./repository/remote.ts";

/** What the manifests on the branch name. */
export async function statusOfGitops(
  service: string,
  target: GitopsTarget,
  context: TargetContext,
): Promise<TargetStatus> {
  const { commit, committedAt, texts, resolved, problems } = await inspectGitops(target, context);
  const about = { service, title: gitopsTitle(target), kind: "gitops" as const };
  if (commit === undefined) {
    // What runs is not known, which is something else than that nothing runs.
    throw new UserError(problems, { exitCode: 1 });
  }
  const found = referencesAt(target, texts);
  const written = found.flatMap(({ reference }) => reference ?? []);
  const references = new Set(written.map((reference) => exactReference(reference, resolved)));
  const [running] = references;
  const [fault] = [...problems, ...found.flatMap(({ problem }) => problem ?? [])];
  const where = `${commit.slice(0, 7)} on ${target.branch}`;
  const proposed = await describeProposals(target, context, new Set([...references, ...written]));
  const details = { commit, branch: target.branch, ...proposed.details };
  const since = committedAt === undefined ? {} : { since: committedAt };
  if (running === undefined) {
    const message = fault?.message ?? `${where} names no image`;
    return { ...about, health: "missing", message, details };
  }
  if (fault !== undefined) return { ...about, health: "unhealthy", message: fault.message, running, details };
  if (references.size > 1) {
    const message = `the files at ${where} name ${references.size} images`;
    return { ...about, health: "unhealthy", message, running, details };
  }
  const seen = await lookAtCluster(service, target, running, context);
  const { health, message } = seen ?? { health: "healthy", message: "nothing follows it" };
  const said = [`committed in ${where}`, message, ...proposed.texts].join("; ");
  return { ...about, health, message: said, running, ...since, details };
}

/** The open pull requests with other images for a target, in words. */
async function describeProposals(
  target: GitopsTarget,
  { directory, signal }: TargetContext,
  named: ReadonlySet<string>,
): Promise<{ readonly texts: readonly string[]; readonly details: TargetDetails }> {
  if (target.deliver === "push") return { texts: [], details: {} };
  const { openProposals } = await import("./propose/proposals.ts");
  try {
    const open = await openProposals(target, remoteOf(target, directory), named, signal);
    const [first] = open;
    const texts = open.map(
      ({ noun, pullRequest: { number, url }, reference }) =>
        `${noun} #${number} proposes ${shortReference(reference)}: ${url}`,
    );
    const { number = 0, url = "" } = first?.pullRequest ?? {};
    return { texts, details: first === undefined ? {} : { pullRequest: number, url } };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { texts: [`open pull requests are not known: ${firstLine(error)}`], details: {} };
  }
}

/** What the cluster makes of the image that the branch names; undefined when nothing follows it. */
async function lookAtCluster(
  service: string,
  target: GitopsTarget,
  running: string,
  context: TargetContext,
): Promise<Pick<TargetStatus, "health" | "message"> | undefined> {
  try {
    const verdict = await lookNow(service, target, running, context);
    if (verdict === undefined) return undefined;
    return { health: healthOf(verdict), message: sentenceOf(verdict) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { health: "updating", message: `what runs is not known: ${firstLine(error)}` };
  }
}

async function lookNow(
  service: string,
  target: GitopsTarget,
  running: string,
  context: TargetContext,
): Promise<Verdict | undefined> {
  const delivery = await deliveryNow(service, target, running, context);
  const { follow } = target;
  return delivery === undefined || follow === "none"
    ? undefined
    : lookAtDelivery({ ...delivery, follow }, context);
}

function healthOf({ kind }: Verdict): TargetStatus["health"] {
  switch (kind) {
    case "running":
      return "healthy";
    case "waiting":
    case "paused":
    case "overtaken":
      return "updating";
    case "failing":
    case "failed":
      return "unhealthy";
  }
}
