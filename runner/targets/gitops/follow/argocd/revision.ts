import { type Delivered, hasOurs, shortOf, standingOf, type Verdict, waiting } from "../verdict.ts";
import { type Application, isBefore, ourRevisions, sameRepository, sourcesOf } from "./application.ts";

/** Whether the compared revision has our image; undefined when it does. */
export function judgeRevision(
  application: Application,
  delivered: Delivered,
  isRefreshed: boolean,
): Verdict | undefined {
  const compared = ourRevisions(application, application.status.sync, delivered.repository);
  const standings = compared.map((revision) => standingOf(delivered, revision));
  if (standings.some(hasOurs)) return undefined;
  const later = compared[standings.indexOf("overtaken")];
  if (later !== undefined) return overtakenBy(later);
  const foreign = readsElsewhere(application, delivered);
  if (isRefreshed && foreign !== undefined) return { kind: "failing", reason: foreign, graceSeconds: 120 };
  const [first] = compared;
  return waiting(
    first === undefined
      ? "Argo CD has not compared a revision yet"
      : `Argo CD is at ${shortOf(first)}, without commit ${shortOf(delivered.commit)}`,
    "refresh",
  );
}

/**
 * The Source Hydrator's state: the Application's own revisions are of rendered manifests, and the operation
 * names the commit that they were rendered from (`drySHA`).
 */
export function judgeHydration({ status }: Application, delivered: Delivered): Verdict | undefined {
  const { currentOperation: current, lastSuccessfulOperation: last } = status.sourceHydrator ?? {};
  const commit = shortOf(delivered.commit);
  const lastStanding = last?.drySHA === undefined ? "before" : standingOf(delivered, last.drySHA);
  if (lastStanding === "overtaken") return overtakenBy(last?.drySHA ?? "");
  const currentStanding = current?.drySHA === undefined ? undefined : standingOf(delivered, current.drySHA);
  if (!hasOurs(lastStanding)) {
    if (current?.phase === "Failed" && currentStanding !== "before") {
      const reason = `the Source Hydrator failed: ${current.message ?? "without a message"}`;
      return { kind: "failing", reason, graceSeconds: 60 };
    }
    return waiting(`the Source Hydrator has not rendered commit ${commit} yet`, "refresh");
  }
  const { revision } = status.sync ?? {};
  if (revision === undefined)
    return waiting("Argo CD has not compared the rendered manifests yet", "refresh");
  // Others may have rendered to the same branch since then; ours is below theirs.
  const isLater = isBefore(current?.finishedAt, status.reconciledAt) && current?.drySHA === last?.drySHA;
  if (revision === last?.hydratedSHA || isLater) return undefined;
  return waiting(
    `commit ${commit} is rendered as ${shortOf(last?.hydratedSHA ?? "?")}; Argo CD is at ${shortOf(revision)}`,
    "refresh",
  );
}

/** Why the Application can never come to our commit: it reads another repository, or another branch. */
export function readsElsewhere(
  application: Application,
  { repository, branch }: Pick<Delivered, "repository" | "branch">,
): string | undefined {
  const sources = sourcesOf(application);
  const ours = sources.filter(({ repoURL }) => sameRepository(repoURL, repository));
  if (ours.length === 0) {
    const read = sources.map(({ repoURL }) => repoURL ?? "?").join(", ");
    return `the Application reads ${read === "" ? "no repository" : read}, and the commit is in ${repository}`;
  }
  const branches = ours.map(({ targetRevision }) => targetRevision ?? "HEAD");
  const known = [branch, "HEAD", "", `refs/heads/${branch}`];
  return branches.some((one) => known.includes(one))
    ? undefined
    : `the Application follows ${branches.join(", ")}, and the commit is on ${branch}`;
}

function overtakenBy(revision: string): Verdict {
  return {
    kind: "overtaken",
    reason: `Argo CD is at ${shortOf(revision)}, a later commit that sets another image`,
  };
}
