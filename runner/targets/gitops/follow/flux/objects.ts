import { z } from "zod";

/** Parts of Flux 2's objects. https://fluxcd.io/flux/components/ */
const text = z.string().optional();

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  lastTransitionTime: text,
  observedGeneration: z.number().optional(),
});

const metadataSchema = z.object({
  name: z.string(),
  namespace: text,
  generation: z.number().optional(),
  deletionTimestamp: text,
  annotations: z.record(z.string(), z.string()).optional(),
});

const statusFields = {
  observedGeneration: z.number().optional(),
  conditions: z.array(conditionSchema).optional(),
  lastAttemptedRevision: text,
  lastAppliedRevision: text,
  lastHandledReconcileAt: text,
};

/** https://fluxcd.io/flux/components/kustomize/kustomizations/ */
export const kustomizationSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    suspend: z.boolean().optional(),
    sourceRef: z.object({ kind: z.string(), name: z.string(), namespace: text }),
    path: text,
    wait: z.boolean().optional(),
    healthChecks: z.array(z.unknown()).optional(),
    kubeConfig: z.unknown().optional(),
  }),
  status: z.object(statusFields).default({}),
});

/** https://fluxcd.io/flux/components/helm/helmreleases/ */
export const helmReleaseSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    suspend: z.boolean().optional(),
    kubeConfig: z.unknown().optional(),
  }),
  status: z
    .object({
      ...statusFields,
      history: z
        .array(z.object({ version: z.number().optional(), chartVersion: text, status: text }))
        .optional(),
      installFailures: z.number().optional(),
      upgradeFailures: z.number().optional(),
    })
    .default({}),
});

/** A GitRepository, an OCIRepository or a Bucket. https://fluxcd.io/flux/components/source/gitrepositories/ */
export const sourceSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    suspend: z.boolean().optional(),
    url: text,
    ref: z.object({ branch: text, tag: text, semver: text, commit: text, name: text }).optional(),
  }),
  status: z
    .object({
      observedGeneration: z.number().optional(),
      conditions: z.array(conditionSchema).optional(),
      artifact: z.object({ revision: text }).optional(),
      lastHandledReconcileAt: text,
    })
    .default({}),
});

export type FluxCondition = z.output<typeof conditionSchema>;
export type Kustomization = z.output<typeof kustomizationSchema>;
export type HelmRelease = z.output<typeof helmReleaseSchema>;
export type FluxSource = z.output<typeof sourceSchema>;

/**
 * The commit in a revision of Flux: `main@sha1:ID`, `main/ID` before Flux 2, or a chart's `0.1.0+ID`.
 * Undefined for the version of a chart or the digest of an artifact.
 */
export function commitOf(revision: string | undefined): string | undefined {
  return /(?:@sha(?:1|256):|^[^@]*\/)([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision ?? "")?.[1];
}

/** A condition of an object that is about its present generation. */
export function conditionOf(
  {
    metadata,
    status,
  }: Pick<Kustomization | HelmRelease | FluxSource, "metadata"> & {
    readonly status: { readonly conditions?: readonly FluxCondition[] | undefined };
  },
  type: string,
): FluxCondition | undefined {
  const found = status.conditions?.find((one) => one.type === type);
  const isOld =
    found?.observedGeneration !== undefined && found.observedGeneration < (metadata.generation ?? 0);
  return isOld ? undefined : found;
}
