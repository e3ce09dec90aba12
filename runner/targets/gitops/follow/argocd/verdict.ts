import {
  type Delivered,
  hasOurs,
  isByDigest,
  isOurImage,
  shortOf,
  standingOf,
  type Verdict,
  waiting,
} from "../verdict.ts";
import { type Application, isBefore, isHydrated, ourRevisions } from "./application.ts";
import { describeResources, isRolloutAborted, listed } from "./resources.ts";
import { judgeHydration, judgeRevision } from "./revision.ts";

/** What a verdict on an Application knows besides the Application. */
export interface Sight {
  /** Whether Argo CD has compared the Application since we looked at it first. */
  readonly isRefreshed: boolean;
  /** Why a sync window keeps Argo CD from syncing now; undefined when none does. */
  readonly closedWindow?: string | undefined;
}

/** Conditions that leave Argo CD without a comparison. https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml */
const comparisonErrors = ["ComparisonError", "InvalidSpecError", "UnknownError"];

/**
 * What the repo-server says when it can't be reached or is busy; the next comparison may work. Whole words:
 * `ui/overlays` and `maxUnavailable` are in messages about manifests.
 */
const passing =
  /\b(unavailable|deadline exceeded|timeout|timed out|connection (refused|reset)|no such host|i\/o|EOF)\b/i;

/**
 * Judges one look at an Application.
 *
 * Operation and health have two reconcilers: after a sync, an Application can still say Healthy of what ran
 * before. So health counts from a comparison that began after the operation ended. And Synced says nothing
 * before the compared revision is ours, or a later one that still sets our image.
 */
export function judgeApplication(
  application: Application,
  delivered: Delivered,
  { isRefreshed, closedWindow }: Sight,
): Verdict {
  const { metadata, status } = application;
  if (metadata.deletionTimestamp !== undefined) {
    return { kind: "failed", reason: "the Application is being deleted" };
  }
  const error = status.conditions?.find(({ type }) => comparisonErrors.includes(type));
  if (error !== undefined) {
    // It may be about the commit before ours, which ours repairs.
    if (!isRefreshed) return waiting(`${error.type} of an earlier comparison`, "refresh");
    const { message = "Argo CD gives no message" } = error;
    const graceSeconds = passing.test(message) ? 180 : 20;
    return { kind: "failing", reason: `${error.type}: ${message}`, graceSeconds };
  }
  const short = shortOf(delivered.commit);
  const placed = isHydrated(application)
    ? judgeHydration(application, delivered)
    : judgeRevision(application, delivered, isRefreshed);
  if (placed !== undefined) return placed;
  return (
    judgeOperation(application, delivered) ??
    judgeSync(application, delivered, closedWindow) ??
    judgeHealth(application, delivered, short)
  );
}

/** What a sync that runs, or failed on our revision, means; undefined when neither is so. */
function judgeOperation(application: Application, delivered: Delivered): Verdict | undefined {
  const { operation, status } = application;
  const { operationState: state } = status;
  if (state?.phase === "Running" || state?.phase === "Terminating") {
    const message = state.message ?? "";
    if (/sync window/i.test(message)) return closed(message);
    // A paused rollout holds up the sync that waits for its wave.
    if (status.health?.status === "Suspended") return suspended(application);
    const attempt = (state.retryCount ?? 0) > 0 ? `, attempt ${(state.retryCount ?? 0) + 1}` : "";
    return waiting(`syncing${attempt}${message === "" ? "" : `: ${message}`}`);
  }
  if (operation !== undefined && operation !== null) return waiting("a sync is about to start");
  if (state?.phase !== "Failed" && state?.phase !== "Error") return undefined;
  const reason = `the sync ${state.phase === "Error" ? "ended with an error" : "failed"}: ${state.message ?? "without a message"}`;
  if (isOfOurs(application, delivered)) return { kind: "failed", reason };
  // It is not said which revision it was: an error before the sync began.
  const isUnnamed = state.syncResult?.revision === undefined && state.syncResult?.revisions === undefined;
  return isUnnamed && status.sync?.status !== "Synced"
    ? { kind: "failing", reason, graceSeconds: 60 }
    : undefined;
}

/** Whether the last sync was of a revision that has our image. */
function isOfOurs(application: Application, delivered: Delivered): boolean {
  const { operationState, sync } = application.status;
  const synced = operationState?.syncResult;
  // What the Source Hydrator rendered is ours where the comparison is at it.
  if (isHydrated(application)) return synced?.revision !== undefined && synced.revision === sync?.revision;
  const revisions = ourRevisions(application, synced, delivered.repository);
  return revisions.some((one) => hasOurs(standingOf(delivered, one)));
}

/** What keeps the cluster from what the revision says; undefined when nothing does. */
function judgeSync(
  application: Application,
  delivered: Delivered,
  closedWindow: string | undefined,
): Verdict | undefined {
  const { status } = application;
  if (status.sync?.status === "Synced") return undefined;
  if (status.sync?.status !== "OutOfSync") return waiting(`sync status ${status.sync?.status ?? "Unknown"}`);
  const out = (status.resources ?? []).filter((one) => one.status === "OutOfSync" && one.hook !== true);
  // Without prune, what a commit has removed stays, and the Application OutOfSync for ever.
  const isOnlyLeft = out.length > 0 && out.every((one) => one.requiresPruning === true);
  if (isOnlyLeft && status.operationState?.phase === "Succeeded" && isOfOurs(application, delivered))
    return undefined;
  const differ = listed(out);
  if (closedWindow !== undefined) return closed(closedWindow);
  if (!isAutomated(application)) {
    return {
      kind: "paused",
      message: `OutOfSync${differ}; Argo CD does not sync this Application by itself`,
      hint: `sync it (argocd app sync ${application.metadata.name}), or set syncPolicy.automated of the Application`,
    };
  }
  return waiting(`OutOfSync${differ}`);
}

function judgeHealth(application: Application, delivered: Delivered, short: string): Verdict {
  const { status } = application;
  const { operationState: state } = status;
  if (isBefore(status.reconciledAt, state?.finishedAt)) {
    return waiting("Synced; its health is from before the end of the sync", "hard refresh");
  }
  const resources = status.resources ?? [];
  switch (status.health?.status) {
    case "Healthy":
      return judgeImages(application, delivered, short);
    case "Suspended":
      return suspended(application);
    case "Degraded": {
      const said = describeResources(resources, "Degraded") || (status.health.message ?? "");
      const reason = `Degraded${said === "" ? "" : `: ${said}`}`;
      return resources.some(isRolloutAborted)
        ? { kind: "failed", reason: `Argo Rollouts aborted the rollout: ${said}` }
        : { kind: "failing", reason, graceSeconds: 45 };
    }
    default: {
      const health = status.health?.status ?? "Unknown";
      const said = describeResources(resources, health) || (status.health?.message ?? "");
      return waiting(`Synced; ${health}${said === "" ? "" : `: ${said}`}`);
    }
  }
}

/** Whether our image is among what really runs: of all tools of the field, none asks. */
function judgeImages({ status }: Application, delivered: Delivered, short: string): Verdict {
  const images = status.summary?.images ?? [];
  const ours = images.find((image) => isOurImage(image, delivered));
  if (ours !== undefined) {
    const proof = isByDigest(delivered) ? "runs" : "runs, by its tag,";
    return { kind: "running", message: `Synced to ${short}, Healthy, ${proof} ${ours}` };
  }
  const others = images.length === 0 ? "it runs no image" : `it runs ${images.slice(0, 5).join(", ")}`;
  return {
    kind: "failing",
    reason: `Synced to ${short} and Healthy, but the image that was delivered does not run: ${others}`,
    graceSeconds: 60,
    asks: "hard refresh",
  };
}

function suspended({ metadata, status }: Application): Verdict {
  const said = describeResources(status.resources ?? [], "Suspended") || (status.health?.message ?? "");
  return {
    kind: "paused",
    message: `Suspended, which waits for a person${said === "" ? "" : `: ${said}`}`,
    hint: `resume it: kubectl argo rollouts promote NAME for a Rollout, spec.suspend or spec.paused for others (argocd app get ${metadata.name})`,
  };
}

function closed(why: string): Verdict {
  return {
    kind: "paused",
    message: `a sync window is closed: ${why}`,
    hint: "wait for the window, or give follow.argocd.timeoutSeconds its length; the commit stays, and Argo CD syncs it when the window opens",
  };
}

/** Argo CD 3.1 and later can name the setting and switch it off. */
function isAutomated({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated !== null && automated.enabled !== false;
}
