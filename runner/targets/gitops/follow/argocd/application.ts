import { z } from "zod";

/**
 * The parts of an Application that a verdict reads, in Argo CD 2 and 3. Objects in a cluster have further
 * fields, and a controller leaves out those that are empty.
 * https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml
 */
const text = z.string().optional();
const health = z.object({ status: text, message: text }).optional();

const sourceSchema = z.object({
  repoURL: text,
  path: text,
  chart: text,
  targetRevision: text,
  ref: text,
});

export const resourceSchema = z.object({
  group: text,
  version: text,
  kind: z.string(),
  namespace: text,
  name: z.string(),
  status: text,
  /** Argo CD 3 keeps it in the tree alone, unless `controller.resource.health.persist` is set. */
  health,
  hook: z.boolean().optional(),
  requiresPruning: z.boolean().optional(),
});

const syncResultResourceSchema = z.object({
  kind: z.string(),
  namespace: text,
  name: z.string(),
  status: text,
  message: text,
  hookPhase: text,
});

const operationStateSchema = z.object({
  phase: z.string(),
  message: text,
  startedAt: text,
  finishedAt: text,
  retryCount: z.number().optional(),
  syncResult: z
    .object({
      revision: text,
      revisions: z.array(z.string()).optional(),
      resources: z.array(syncResultResourceSchema).optional(),
    })
    .optional(),
});

const hydrateOperationSchema = z.object({
  phase: text,
  message: text,
  startedAt: text,
  finishedAt: text,
  drySHA: text,
  hydratedSHA: text,
});

export const applicationSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: text,
    deletionTimestamp: text,
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.object({
    project: text,
    source: sourceSchema.optional(),
    sources: z.array(sourceSchema).optional(),
    sourceHydrator: z
      .object({
        drySource: z.object({ repoURL: text, targetRevision: text, path: text }).optional(),
        syncSource: z.object({ targetBranch: text, path: text }).optional(),
      })
      .optional(),
    destination: z.object({ server: text, name: text, namespace: text }).optional(),
    syncPolicy: z.object({ automated: z.object({ enabled: z.boolean().optional() }).nullish() }).optional(),
  }),
  status: z
    .object({
      sync: z.object({ status: text, revision: text, revisions: z.array(z.string()).optional() }).optional(),
      health: z.object({ status: text, message: text, lastTransitionTime: text }).optional(),
      conditions: z.array(z.object({ type: z.string(), message: text, lastTransitionTime: text })).optional(),
      operationState: operationStateSchema.optional(),
      /** What a rollback can go back to; ten syncs unless `spec.revisionHistoryLimit` says otherwise. */
      history: z
        .array(
          z.object({
            revision: text,
            revisions: z.array(z.string()).optional(),
            source: sourceSchema.optional(),
            sources: z.array(sourceSchema).optional(),
          }),
        )
        .optional(),
      reconciledAt: text,
      resources: z.array(resourceSchema).optional(),
      summary: z.object({ images: z.array(z.string()).optional() }).optional(),
      sourceHydrator: z
        .object({
          currentOperation: hydrateOperationSchema.optional(),
          lastSuccessfulOperation: hydrateOperationSchema.optional(),
        })
        .optional(),
    })
    .default({}),
  /** An operation that was asked for and has not started. */
  operation: z.unknown().optional(),
});

export type Application = z.output<typeof applicationSchema>;
export type ApplicationResource = z.output<typeof resourceSchema>;

/** The Application's sources, of which a multi-source one has several. */
export function sourcesOf({ spec }: Application): readonly z.output<typeof sourceSchema>[] {
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
}

/** Whether the Application's manifests are rendered to another branch first (Source Hydrator). */
export function isHydrated({ spec }: Application): boolean {
  return spec.sourceHydrator !== undefined;
}

/**
 * The revisions of our repository among those of a state or an operation. With several sources, they are in
 * the order of the sources.
 */
export function ourRevisions(
  application: Application,
  state:
    | { readonly revision?: string | undefined; readonly revisions?: readonly string[] | undefined }
    | undefined,
  repository: string,
): readonly string[] {
  if (state === undefined) return [];
  const { revision, revisions = [] } = state;
  if (revisions.length === 0) return revision === undefined || revision === "" ? [] : [revision];
  const sources = sourcesOf(application);
  const ours = revisions.filter((_, index) => sameRepository(sources[index]?.repoURL, repository));
  // A mirror, or another name for the host: any source may then be ours.
  const some = ours.length > 0 ? ours : revisions.filter((_, index) => sources[index]?.chart === undefined);
  return some.filter((one) => one !== "");
}

/** Every revision that the Application names and that can be a commit of the manifest repository. */
export function revisionsOf(application: Application): readonly string[] {
  const { sync, operationState, sourceHydrator } = application.status;
  const states = [sync, operationState?.syncResult];
  const all = isHydrated(application)
    ? // Its own revisions are of another branch.
      [sourceHydrator?.currentOperation, sourceHydrator?.lastSuccessfulOperation].map((one) => one?.drySHA)
    : states.flatMap((one) => [one?.revision, ...(one?.revisions ?? [])]);
  return commitsOf(all);
}

/**
 * Commits of the manifest repository that a rollback of Argo CD can go back to: those of the syncs that it keeps
 * in the Application's history. Undefined for the Source Hydrator, whose history has commits of what it rendered.
 */
export function historyOf(application: Application, repository: string): readonly string[] | undefined {
  if (isHydrated(application)) return undefined;
  const revisions = (application.status.history ?? []).flatMap((entry) => {
    const { source = application.spec.source, sources = application.spec.sources } = entry;
    return ourRevisions(
      { ...application, spec: { ...application.spec, source, sources } },
      entry,
      repository,
    );
  });
  return commitsOf(revisions);
}

/** Those that can be commits, each once: the revision of a chart is its version. */
function commitsOf(revisions: readonly (string | undefined)[]): readonly string[] {
  const commits = revisions.filter(
    (one) => one !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(one),
  ) as readonly string[];
  return [...new Set(commits)];
}

/** Whether two addresses are of one repository: `git@github.com:acme/deploy.git`, `https://github.com/acme/deploy`. */
export function sameRepository(one: string | undefined, other: string): boolean {
  return one !== undefined && plainAddress(one) === plainAddress(other);
}

function plainAddress(address: string): string {
  return address
    .trim()
    .replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/i, "")
    .replace(/^[^@/:]+@([^:/]+):/, "$1/")
    .replace(/^([^/:]+):\d+\//, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .toLowerCase();
}

/** Whether one RFC 3339 time is before another; false when one is missing. */
export function isBefore(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && Date.parse(one) < Date.parse(other);
}
