import { z } from "zod";

/** Media type of a release record's content, and type of the artifact that holds it. */
export const releaseType = "application/vnd.slipway.release.v1+json";

/** Earlier releases that a record carries along, so that one read shows the history. */
export const mostEarlier = 50;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const utc = z.iso.datetime();

/**
 * How a release ended. `proposed`: a pull request with it was open then. `found`: it ran before Slipway wrote its first record here, as the first one
 * says. What was not begun, or stopped by Ctrl-C, is `cancelled`.
 */
const outcomeSchema = z.enum(["done", "proposed", "failed", "rolled back", "cancelled", "found"]);

/** An earlier release in a later record. */
const earlierSchema = z.object({
  id: z.string(),
  outcome: outcomeSchema,
  command: z.string(),
  /** When it was over. */
  at: utc,
  image: digest,
  manifests: z.record(z.string(), digest),
  tags: z.array(z.string()),
  sourceHash: z.string().optional(),
  commit: z.string().optional(),
  committedAt: utc.optional(),
  /** Id of the release that it went back to. */
  backTo: z.string().optional(),
  /** Failed gates that a person overrode. */
  overridden: z.array(z.string()).optional(),
  /** Digest of its full record, as long as the registry keeps it. */
  record: digest.optional(),
});

const targetSchema = z.object({
  kind: z.string(),
  title: z.string(),
  /** Containers that have the image, of a target whose own service is another one. */
  sidecar: z.string().optional(),
  outcome: z.string(),
  message: z.string(),
  /** Reference of what ran before, as far as it is known. */
  previous: z.string().optional(),
  /** Platform whose manifest the target runs, where it runs one and not the index. */
  platform: z.string().optional(),
  /** Reference of what runs now, as far as it is known. */
  running: z.string().optional(),
  /** Details by the target's kind: task definition revisions, function versions. */
  details: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});

/**
 * One deployment of one service: what was moved where, from what, by whom, and how it ended. It is stored in
 * the registry beside the image. Fields are added, never renamed or removed.
 */
export const releaseRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  command: z.enum(["deploy", "rollback", "promote"]),
  stack: z.string(),
  service: z.string(),
  account: z.string(),
  region: z.string(),
  startedAt: utc,
  finishedAt: utc,
  outcome: outcomeSchema,
  /** Whether a later run wrote it, because the run that made the release ended too early. */
  late: z.boolean().default(false),
  source: z.object({
    hash: z.string().optional(),
    commit: z.string().optional(),
    committedAt: utc.optional(),
    branch: z.string().optional(),
    /** Whether files that the build read differed from the commit. */
    dirty: z.boolean().optional(),
  }),
  image: z.object({
    repository: z.string(),
    digest,
    /** Platform → digest. */
    manifests: z.record(z.string(), digest),
    tags: z.array(z.string()),
  }),
  targets: z.array(targetSchema),
  /** The gates that the run asked; `targets/gate.ts` lists them. */
  gates: z.array(
    z.object({
      gate: z.string(),
      verdict: z.string(),
      message: z.string().optional(),
      /** Title of the target that it was asked of; absent: of the service. */
      target: z.string().optional(),
    }),
  ),
  by: z.object({ caller: z.string(), run: z.url().optional() }),
  slipway: z.string(),
  /** The release that a rollback went back to. */
  backTo: z.string().optional(),
  /** Where a promoted image came from. */
  origin: z
    .object({
      stack: z.string(),
      release: z.string().optional(),
      repository: z.string(),
      account: z.string(),
      region: z.string(),
    })
    .optional(),
  /** Newest first. */
  earlier: z.array(earlierSchema),
});

export type ReleaseRecord = z.output<typeof releaseRecordSchema>;
export type EarlierRelease = z.output<typeof earlierSchema>;
export type ReleaseOutcome = z.output<typeof outcomeSchema>;

/** A record, and where it is stored. */
export interface StoredRelease {
  readonly record: ReleaseRecord;
  /** Digest of the record's own manifest; undefined when only its head was written. */
  readonly digest: string | undefined;
}

/** `20261125-143015-a1b2c3`: sorts by time, and two of one second differ. */
export function releaseId(at: Date, random: number): string {
  const digits = at.toISOString().replaceAll(/\D/g, "");
  const suffix = Math.floor(random * 0x1000000)
    .toString(16)
    .padStart(6, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${suffix}`;
}

/** A record in the form that later records keep. */
export function asEarlier({ record, digest }: StoredRelease): EarlierRelease {
  const { id, outcome, command, finishedAt, image, source, backTo, gates } = record;
  const overridden = gates.flatMap(({ gate, verdict }) => (verdict === "overridden" ? [gate] : []));
  return {
    id,
    outcome,
    command,
    at: finishedAt,
    image: image.digest,
    manifests: image.manifests,
    tags: image.tags,
    ...(source.hash === undefined ? {} : { sourceHash: source.hash }),
    ...(source.commit === undefined ? {} : { commit: source.commit }),
    ...(source.committedAt === undefined ? {} : { committedAt: source.committedAt }),
    ...(backTo === undefined ? {} : { backTo }),
    ...(overridden.length === 0 ? {} : { overridden }),
    ...(digest === undefined ? {} : { record: digest }),
  };
}

/** The earlier releases for a new record: distinct, newest first. */
export function appendEarlier(head: StoredRelease | undefined): readonly EarlierRelease[] {
  if (head === undefined) return [];
  const all = [asEarlier(head), ...head.record.earlier];
  return all.filter((one, index) => all.findIndex(({ id }) => id === one.id) === index).slice(0, mostEarlier);
}

/**
 * The outcome of a release, from those of its targets: one failed target makes it a failure. Undefined when no
 * target was tried.
 */
export function outcomeOfTargets(outcomes: readonly string[]): ReleaseOutcome | undefined {
  const has = (...wanted: readonly string[]) => outcomes.some((one) => wanted.includes(one));
  if (!has("done", "proposed", "failed", "rolled back", "cancelled")) return undefined;
  if (has("failed")) return "failed";
  if (has("rolled back")) return "rolled back";
  if (has("cancelled")) return "cancelled";
  if (has("proposed")) return "proposed";
  if (has("not started")) return "cancelled";
  return "done";
}
