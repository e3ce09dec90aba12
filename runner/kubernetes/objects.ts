import { z } from "zod";

/** Parts of Kubernetes' own objects, as the API server returns them. https://kubernetes.io/docs/reference/kubernetes-api/ */
const text = z.string().optional();
const count = z.number().optional();

const metadataSchema = z.object({
  name: z.string(),
  namespace: text,
  generation: count,
  creationTimestamp: text,
  deletionTimestamp: text,
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).optional(),
});

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  lastTransitionTime: text,
  observedGeneration: count,
});

const containerSchema = z.object({ name: z.string(), image: text });
const podSpecSchema = z.object({
  containers: z.array(containerSchema).default([]),
  initContainers: z.array(containerSchema).optional(),
});

const stateSchema = z
  .object({
    waiting: z.object({ reason: text, message: text }).optional(),
    terminated: z.object({ reason: text, message: text, exitCode: count }).optional(),
    running: z.unknown().optional(),
  })
  .optional();

const containerStatusSchema = z.object({
  name: z.string(),
  image: text,
  imageID: text,
  ready: z.boolean().optional(),
  restartCount: count,
  state: stateSchema,
  lastState: stateSchema,
});

export const podSchema = z.object({
  metadata: metadataSchema,
  spec: podSpecSchema.optional(),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(conditionSchema).optional(),
      containerStatuses: z.array(containerStatusSchema).optional(),
      initContainerStatuses: z.array(containerStatusSchema).optional(),
    })
    .default({}),
});

/** A Deployment, StatefulSet, DaemonSet or Argo Rollout. */
export const workloadSchema = z.object({
  kind: z.string().default("Deployment"),
  metadata: metadataSchema,
  spec: z.object({
    replicas: count,
    paused: z.boolean().optional(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }).optional(),
    template: z.object({ spec: podSpecSchema }).optional(),
    updateStrategy: z.object({ type: text }).optional(),
  }),
  status: z
    .object({
      observedGeneration: z.union([z.number(), z.string()]).optional(),
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      readyReplicas: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      conditions: z.array(conditionSchema).optional(),
      /** Argo Rollouts. */
      phase: text,
      message: text,
      abort: z.boolean().optional(),
    })
    .default({}),
});

export const eventSchema = z.object({
  type: text,
  reason: text,
  message: text,
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: text }).optional(),
  involvedObject: z.object({ kind: text, name: text }),
});

/** A list as `kubectl get --output json` prints it. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) });
}

export type Pod = z.output<typeof podSchema>;
export type Workload = z.output<typeof workloadSchema>;
export type ClusterEvent = z.output<typeof eventSchema>;
export type Condition = z.output<typeof conditionSchema>;
