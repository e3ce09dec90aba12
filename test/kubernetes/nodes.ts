import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "./cluster.ts";

/** What stands in for nodes: nothing runs, but pods get the status that kubelet would give them. */
export interface Nodes {
  /** Digests that can't be pulled. */
  readonly missing: Set<string>;
  /** Whether the containers of new pods become ready; those of Jobs end well. */
  ready: boolean;
  stop(): Promise<void>;
}

const podSchema = z.object({
  metadata: z.object({
    uid: z.string(),
    name: z.string(),
    namespace: z.string(),
    ownerReferences: z.array(z.object({ kind: z.string() })).optional(),
  }),
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })).min(1) }),
});
const podsSchema = z.object({ items: z.array(podSchema) });
type Pod = z.output<typeof podSchema>;

/**
 * Gives each pending pod a status: Running and ready, Succeeded when it is a Job's, or ErrImagePull with the event
 * that kubelet records.
 */
export function standInForNodes(cluster: Cluster): Nodes {
  let isOver = false;
  const told = new Map<string, string>();
  const nodes: Nodes = {
    missing: new Set(),
    ready: true,
    stop: async () => {
      isOver = true;
      await loop;
    },
  };
  const look = async () => {
    const { body } = await cluster.call("GET", "/api/v1/pods");
    for (const pod of podsSchema.parse(body).items) {
      const image = pod.spec.containers[0]?.image ?? "";
      const isMissing = [...nodes.missing].some((digest) => image.includes(digest));
      const state = isMissing ? "missing" : nodes.ready ? "ready" : "starting";
      const before = told.get(pod.metadata.uid);
      // A pod that is ready stays so.
      if (before === state || before === "ready") continue;
      told.set(pod.metadata.uid, state);
      const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
      const patch = { type: "application/merge-patch+json", any: true };
      await cluster.call("PATCH", `${path}/status`, { ...patch, body: { status: statusOf(pod, state) } });
      if (isMissing) await recordEvent(cluster, pod, image);
    }
  };
  const loop = (async () => {
    while (!isOver) {
      await look().catch(() => {});
      await sleep(400);
    }
  })();
  return nodes;
}

function statusOf({ metadata, spec }: Pod, state: string): object {
  const isJob = metadata.ownerReferences?.[0]?.kind === "Job";
  const now = new Date().toISOString().replace(/\.\d+/, "");
  const [{ name, image } = { name: "", image: "" }] = spec.containers;
  const isReady = state === "ready" && !isJob;
  const condition = (type: string, isMet: boolean) => ({
    type,
    status: isMet ? "True" : "False",
    lastTransitionTime: now,
  });
  const containerState =
    state === "missing"
      ? { waiting: { reason: "ErrImagePull", message: `${image}: not found` } }
      : state === "starting"
        ? { waiting: { reason: "ContainerCreating" } }
        : isJob
          ? { terminated: { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now } }
          : { running: { startedAt: now } };
  return {
    phase: state === "ready" ? (isJob ? "Succeeded" : "Running") : "Pending",
    startTime: now,
    conditions: [
      condition("PodScheduled", true),
      condition("Initialized", true),
      condition("ContainersReady", isReady),
      condition("Ready", isReady),
    ],
    containerStatuses: [
      {
        name,
        image,
        imageID: isReady ? image : "",
        ready: isReady,
        restartCount: 0,
        started: isReady,
        state: containerState,
      },
    ],
  };
}

async function recordEvent(cluster: Cluster, { metadata }: Pod, image: string): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  await cluster.call("POST", `/api/v1/namespaces/${metadata.namespace}/events`, {
    any: true,
    body: {
      metadata: { generateName: `${metadata.name}.`, namespace: metadata.namespace },
      involvedObject: {
        apiVersion: "v1",
        kind: "Pod",
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
      type: "Warning",
      reason: "Failed",
      message: `Failed to pull image "${image}": not found`,
      source: { component: "kubelet" },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
  });
}
