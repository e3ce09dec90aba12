import type { Workload } from "../../../../kubernetes/objects.ts";
import { healthOf, imagesOf } from "../../../../kubernetes/workload.ts";
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
import { commitOf, conditionOf, type FluxSource, type HelmRelease, type Kustomization } from "./objects.ts";

/** Flux's objects of one delivery, as one look found them. */
export interface FluxObjects {
  readonly source?: FluxSource | undefined;
  readonly kustomization?: Kustomization | undefined;
  readonly helmRelease?: HelmRelease | undefined;
  /** What they deploy; undefined when it is in a cluster that we do not read. */
  readonly workloads: readonly Workload[] | undefined;
}

/** Reasons with which Flux says that it waits, and not that it failed. */
const waitingReasons = [
  "Progressing",
  "ProgressingWithRetry",
  "DependencyNotReady",
  "ArtifactFailed",
  "SourceNotReady",
];

/**
 * Judges one look at Flux's objects: the source, the Kustomization, the HelmRelease, and what they deploy, in
 * this order, as each takes over what the one before it has made.
 */
export function judgeFlux(objects: FluxObjects, delivered: Delivered): Verdict {
  const { source, kustomization, helmRelease } = objects;
  return (
    (kustomization === undefined ? undefined : judgeKustomization(kustomization, source, delivered)) ??
    (helmRelease === undefined ? undefined : judgeRelease(helmRelease, delivered)) ??
    judgeWorkloads(objects, delivered)
  );
}

/** What keeps a Kustomization from having applied our commit; undefined when it has. */
function judgeKustomization(
  kustomization: Kustomization,
  source: FluxSource | undefined,
  delivered: Delivered,
): Verdict | undefined {
  const { metadata, spec, status } = kustomization;
  const title = `Kustomization ${metadata.name}`;
  if (metadata.deletionTimestamp !== undefined) return failed(`${title} is being deleted`);
  if (spec.suspend === true)
    return suspended(title, `flux resume kustomization ${metadata.name} --namespace ${metadata.namespace}`);
  const attempted = commitOf(status.lastAttemptedRevision);
  const standing = attempted === undefined ? "before" : standingOf(delivered, attempted);
  if (standing === "overtaken") return overtakenBy(title, attempted);
  if (!hasOurs(standing)) {
    const fault = source === undefined ? undefined : judgeSource(source, delivered);
    if (fault !== undefined) return fault;
  }
  const stalled = conditionOf(kustomization, "Stalled");
  const ready = conditionOf(kustomization, "Ready");
  if (!hasOurs(standing)) {
    if (stalled?.status === "True") return failed(`${title} is stalled: ${said(stalled)}`);
    const at = attempted === undefined ? "no commit yet" : shortOf(attempted);
    return waiting(`${title} is at ${at}, without commit ${shortOf(delivered.commit)}`, "refresh");
  }
  if (isUnobserved(metadata, status)) return waiting(`${title} has a change that Flux has not seen`);
  if (stalled?.status === "True") return failed(`${title} is stalled: ${said(stalled)}`);
  if (ready?.status === "True" && status.lastAppliedRevision === status.lastAttemptedRevision)
    return undefined;
  if (ready?.status !== "False" || waitingReasons.includes(ready.reason ?? "")) {
    const doing = conditionOf(kustomization, "Reconciling");
    return waiting(`${title} applies ${shortOf(attempted ?? "")}: ${said(doing ?? ready)}`);
  }
  // Flux tries again by retryInterval; an outage of the API server passes, a manifest that does not build stays.
  return {
    kind: "failing",
    reason: `${title}: ${said(ready)}`,
    graceSeconds: ready.reason === "BuildFailed" ? 10 : 30,
  };
}

/** What keeps the source from fetching our commit; undefined when nothing does. */
function judgeSource(source: FluxSource, delivered: Delivered): Verdict | undefined {
  const { metadata, spec, status } = source;
  const title = `source ${metadata.name}`;
  if (spec.suspend === true)
    return suspended(title, `flux resume source git ${metadata.name} --namespace ${metadata.namespace}`);
  const stalled = conditionOf(source, "Stalled");
  if (stalled?.status === "True") return failed(`${title} is stalled: ${said(stalled)}`);
  const ready = conditionOf(source, "Ready");
  if (ready?.status === "False" && !waitingReasons.includes(ready.reason ?? "")) {
    return { kind: "failing", reason: `${title}: ${said(ready)}`, graceSeconds: 60 };
  }
  const fetched = commitOf(status.artifact?.revision);
  if (fetched !== undefined && standingOf(delivered, fetched) === "overtaken")
    return overtakenBy(title, fetched);
  const { branch } = spec.ref ?? {};
  if (branch !== undefined && branch !== delivered.branch) {
    return {
      kind: "failing",
      reason: `${title} follows ${branch}, and the commit is on ${delivered.branch}`,
      graceSeconds: 60,
    };
  }
  return undefined;
}

/** What keeps a HelmRelease from being released as it is written; undefined when it is. */
function judgeRelease(release: HelmRelease, delivered: Delivered): Verdict | undefined {
  const { metadata, spec, status } = release;
  const title = `HelmRelease ${metadata.name}`;
  if (metadata.deletionTimestamp !== undefined) return failed(`${title} is being deleted`);
  if (spec.suspend === true)
    return suspended(title, `flux resume helmrelease ${metadata.name} --namespace ${metadata.namespace}`);
  const commit = commitOf(status.lastAttemptedRevision);
  if (commit !== undefined && standingOf(delivered, commit) === "overtaken")
    return overtakenBy(title, commit);
  if (isUnobserved(metadata, status)) return waiting(`${title} has a change that Flux has not seen`);
  const stalled = conditionOf(release, "Stalled");
  const ready = conditionOf(release, "Ready");
  const remediated = conditionOf(release, "Remediated");
  if (stalled?.status === "True") return failed(`${title} is stalled: ${said(stalled)}`);
  if (remediated?.status === "True") {
    return failed(
      `${title} failed, and Flux went back to the release before: ${said(conditionOf(release, "Released") ?? remediated)}`,
    );
  }
  if (ready?.status === "True") return undefined;
  if (ready?.status !== "False" || waitingReasons.includes(ready.reason ?? "")) {
    return waiting(`${title}: ${said(ready)}`);
  }
  return { kind: "failing", reason: `${title}: ${said(ready)}`, graceSeconds: 30 };
}

/**
 * Whether what was deployed runs our image. Flux reports Ready before anything runs, unless the Kustomization
 * has `wait` or health checks, so the workloads are asked.
 */
function judgeWorkloads(
  { workloads, kustomization, helmRelease }: FluxObjects,
  delivered: Delivered,
): Verdict {
  const at = shortOf(delivered.commit);
  const done =
    [kustomization, helmRelease].filter((one) => one !== undefined).length === 2
      ? "applied and released"
      : "Ready";
  if (workloads === undefined) {
    return {
      kind: "failing",
      reason: `${done} at ${at}, but its workloads are in another cluster, which Slipway does not read: what runs was not proven`,
      graceSeconds: 0,
    };
  }
  const ours = workloads.filter((one) => imagesOf(one).some((image) => isOurImage(image, delivered)));
  if (ours.length === 0) {
    const images = [...new Set(workloads.flatMap(imagesOf))].slice(0, 5);
    const others = images.length === 0 ? "it has no workload" : `its workloads have ${images.join(", ")}`;
    return {
      kind: "failing",
      reason: `${done} at ${at}, but the image that was delivered does not run: ${others}`,
      graceSeconds: 60,
      asks: "refresh",
    };
  }
  const healths = ours.map((one) => ({ title: `${one.kind}/${one.metadata.name}`, ...healthOf(one) }));
  const unwell =
    healths.find(({ status }) => status === "Degraded") ?? healths.find(({ status }) => status !== "Healthy");
  if (unwell === undefined) {
    const names = healths.map(({ title }) => title).join(", ");
    const verb = healths.length === 1 ? "runs" : "run";
    const proof = isByDigest(delivered) ? verb : `${verb}, by its tag,`;
    return { kind: "running", message: `${done} at ${at}; ${names} ${proof} ${delivered.reference}` };
  }
  const { title, status, message } = unwell;
  switch (status) {
    case "Degraded":
      return { kind: "failing", reason: `${title}: ${message}`, graceSeconds: 45 };
    case "Suspended":
      return {
        kind: "paused",
        message: `${title} waits for a person: ${message}`,
        hint: "resume it: kubectl rollout resume, or kubectl argo rollouts promote for a Rollout",
      };
    default:
      return waiting(`${title}: ${message}`);
  }
}

function isUnobserved(
  { generation = 0 }: { readonly generation?: number | undefined },
  { observedGeneration = 0 }: { readonly observedGeneration?: number | undefined },
): boolean {
  return observedGeneration < generation;
}

function said(
  condition: { readonly reason?: string | undefined; readonly message?: string | undefined } | undefined,
): string {
  if (condition === undefined) return "Flux says nothing yet";
  return [condition.reason, condition.message].filter((one) => one !== undefined && one !== "").join(": ");
}

function suspended(title: string, command: string): Verdict {
  return {
    kind: "paused",
    message: `${title} is suspended, which waits for a person`,
    hint: `resume it: ${command}`,
  };
}

function overtakenBy(title: string, revision: string | undefined): Verdict {
  return {
    kind: "overtaken",
    reason: `${title} is at ${shortOf(revision ?? "?")}, a later commit that sets another image`,
  };
}

function failed(reason: string): Verdict {
  return { kind: "failed", reason };
}
