import type { Workload } from "./objects.ts";

/** The state of a workload, in Argo CD's words. */
export interface WorkloadHealth {
  readonly status: "Healthy" | "Progressing" | "Degraded" | "Suspended";
  readonly message: string;
}

/**
 * How far the rollout of a workload is, by the rules of `kubectl rollout status`; for an Argo Rollout by what
 * its controller says. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
export function healthOf(workload: Workload): WorkloadHealth {
  const { kind, metadata, spec, status } = workload;
  if (kind === "Rollout") return rolloutHealth(workload);
  if (spec.paused === true) return { status: "Suspended", message: "it is paused" };
  if ((metadata.generation ?? 0) > Number(status.observedGeneration ?? 0)) {
    return { status: "Progressing", message: "its change is not yet seen by the controller" };
  }
  const late = status.conditions?.find(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  if (late !== undefined) {
    return { status: "Degraded", message: late.message ?? "it exceeded its progress deadline" };
  }
  const isDaemon = kind === "DaemonSet";
  const wanted = isDaemon ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1);
  const updated = (isDaemon ? status.updatedNumberScheduled : status.updatedReplicas) ?? 0;
  if (updated < wanted) return { status: "Progressing", message: `${updated} of ${wanted} pods are new` };
  // A DaemonSet and a StatefulSet replace pods; a Deployment has old ones beside the new ones.
  const old = kind === "Deployment" ? (status.replicas ?? 0) - updated : 0;
  if (old > 0) return { status: "Progressing", message: `${old} old pods are still there` };
  const available =
    (isDaemon
      ? status.numberAvailable
      : (status.availableReplicas ?? (kind === "StatefulSet" ? status.readyReplicas : 0))) ?? 0;
  if (available < wanted) {
    return { status: "Progressing", message: `${available} of ${wanted} pods are available` };
  }
  return { status: "Healthy", message: `${available} pods` };
}

/** https://argo-rollouts.readthedocs.io/en/stable/features/specification/ */
function rolloutHealth({ metadata, status }: Workload): WorkloadHealth {
  const message = status.message ?? status.phase ?? "";
  if (status.abort === true) return { status: "Degraded", message: message || "the rollout was aborted" };
  if (
    status.observedGeneration !== undefined &&
    String(status.observedGeneration) !== String(metadata.generation)
  ) {
    return { status: "Progressing", message: "its change is not yet seen by the controller" };
  }
  switch (status.phase) {
    case "Healthy":
      return { status: "Healthy", message: message || "Healthy" };
    case "Degraded":
      return { status: "Degraded", message };
    case "Paused":
      return { status: "Suspended", message };
    default:
      return { status: "Progressing", message };
  }
}

/** Images that the workload's pods are to run. */
export function imagesOf({ spec }: Workload): readonly string[] {
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  return [...containers, ...initContainers].flatMap(({ image }) => image ?? []);
}
