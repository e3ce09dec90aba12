import pMap from "p-map";
import { firstLine } from "../../config/problems/first-line.ts";
import packageDescription from "../../package.json" with { type: "json" };
import type { Revision } from "../git/revision.ts";
import { connectToRegistry, type RegistryConnection } from "../registry/connection.ts";
import type { Image } from "../registry/image.ts";
import type { ReferrersKeeper } from "../registry/referrers.ts";
import { makeRecord } from "../release/make.ts";
import { outcomeOfTargets, type ReleaseOutcome, type ReleaseRecord, releaseId } from "../release/record.ts";
import { readNewestRecord, writeRelease } from "../release/store.ts";
import { runStep, type Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import type { Gate, GateName } from "../targets/gate.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import { gatesOfTarget } from "./gates.ts";
import { imageChange, plansOf, recordedTarget } from "./targets.ts";

/** Time for writing all records of a run, also of one that was interrupted. */
const writeSeconds = 60;

/** What a release record says, besides the outcomes of its targets. */
export interface ReleaseAbout extends Pick<ReleaseRecord, "command" | "source" | "backTo" | "origin"> {
  /** Tags of the image. */
  readonly tags: readonly string[];
  /** What was asked of the service before it was moved, and what it said. */
  readonly gates: readonly Gate[];
}

/** A service, and what its release record is made of. */
export interface ServiceToRecord {
  readonly image: Image;
  readonly about: ReleaseAbout;
  readonly targets: readonly TargetPlan[];
}

/** A record of a release, as far as it could be written. */
export interface RecordedRelease {
  readonly service: string;
  readonly id: string;
  readonly outcome: ReleaseOutcome;
  /** Whether it was written on behalf of an earlier run that ended too early. */
  readonly late: boolean;
  /** Digest of the record in the service's repository; absent when it could not be written. */
  readonly record?: string;
  /** What the gates of `slipway:gates` said of the image; absent where none was asked. */
  readonly gates?: readonly Gate[];
  /** Who lists it as a referrer of the image: the registry, or a tag where the registry can't. */
  readonly referrers?: ReferrersKeeper;
}

/**
 * Writes a release record for each service with a target that the run moved or tried to move, whatever the
 * outcome. A record that can't be written is a warning. An interrupted run still writes its records.
 *
 * @param startedAt when the moves began
 */
export function recordReleases(
  session: Session,
  moved: readonly ServiceToRecord[],
  outcomes: readonly TargetOutcome[],
  startedAt: Date,
): Promise<readonly RecordedRelease[]> {
  const tried = moved.flatMap((one) => {
    const targets = plansOf(one, moved).filter(
      (plan) => one.targets.includes(plan) || imageChange(plan, one.image.service) !== undefined,
    );
    const own = targets.flatMap((plan) => outcomeOf(outcomes, plan) ?? []);
    const outcome = outcomeOfTargets(own.map((target) => target.outcome));
    return outcome === undefined ? [] : [{ ...one, targets, outcome, outcomes: own, startedAt, late: false }];
  });
  if (tried.length === 0) return Promise.resolve([]);
  return runStep(session.emit, { id: "record", title: "Record the releases" }, (step) =>
    writeRecords(session, tried, step),
  );
}

const byTitle = new WeakMap<readonly TargetOutcome[], ReadonlyMap<string, TargetOutcome>>();

/** The outcome of a plan's target. The outcomes are walked once, however many plans ask. */
export function outcomeOf(outcomes: readonly TargetOutcome[], plan: TargetPlan): TargetOutcome | undefined {
  const known = byTitle.get(outcomes) ?? new Map(outcomes.map((outcome) => [outcome.title, outcome]));
  byTitle.set(outcomes, known);
  return known.get(plan.title);
}

export interface Release extends ServiceToRecord {
  readonly outcome: ReleaseOutcome;
  readonly outcomes: readonly TargetOutcome[];
  readonly startedAt: Date;
  readonly late: boolean;
}

export async function writeRecords(
  session: Session,
  releases: readonly Release[],
  { conclude }: Step,
): Promise<readonly RecordedRelease[]> {
  const { registry: host, emit } = session;
  const clients = session.clients.uninterruptible;
  const signal = AbortSignal.timeout(writeSeconds * 1000);
  const registry = connectToRegistry(clients, host, signal);
  const recorded = await pMap(releases, (release) => writeRecord(session, release, registry, signal), {
    concurrency: 8,
  });
  const written = recorded.filter(({ record }) => record !== undefined);
  if (written.some(({ referrers }) => referrers === "tag")) {
    emit({
      kind: "notice",
      message: `${host} does not list OCI referrers; the records are listed under tags (sha256-…) instead`,
    });
  }
  const ids = written.map(({ id }) => id).join(", ");
  const missing = recorded.length - written.length;
  if (missing === 0) conclude("done", ids);
  else conclude("failed", `failed to write ${missing} of ${recorded.length}${ids === "" ? "" : `; ${ids}`}`);
  return recorded;
}

/** The gates that a stack's `slipway:gates` asks. */
const stackGates: readonly GateName[] = ["findings", "image checks", "signed"];

async function writeRecord(
  session: Session,
  release: Release,
  registry: RegistryConnection,
  signal: AbortSignal,
): Promise<RecordedRelease> {
  const { settings, emit, clients } = session;
  const { image, outcome, late } = release;
  const id = releaseId(new Date(), Math.random());
  const asked = release.about.gates.filter(({ gate }) => stackGates.includes(gate));
  const gates = asked.length === 0 ? {} : { gates: asked };
  const about = { service: image.service, id, outcome, late, ...gates };
  try {
    const { uninterruptible } = clients;
    const head = await readNewestRecord(uninterruptible, image.repository, settings.stack, signal);
    const record = makeRecord(factsOf(session, release, id), head);
    const { digest, keeper } = await writeRelease(uninterruptible, registry, record);
    return { ...about, record: digest, referrers: keeper };
  } catch (error) {
    const reason = firstLine(error);
    emit({
      kind: "warning",
      code: "record-not-written",
      message: `could not record the release of ${image.service} (${outcome}): ${reason}`,
      fix: "the deployment is not affected; the next deploy records what runs",
    });
    return about;
  }
}

function factsOf(session: Session, release: Release, id: string) {
  const { settings, caller } = session;
  const { image, about, targets, outcomes, outcome, startedAt, late } = release;
  const { command, source, backTo, origin, tags } = about;
  const { repository, digest, manifests } = image;
  const run = runInCi(process.env);
  return {
    id,
    command,
    stack: settings.stack,
    service: image.service,
    account: caller.account,
    region: settings.aws.region,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome,
    late,
    source,
    image: { repository, digest, manifests: { ...manifests }, tags: [...tags] },
    targets: targets.map((plan) => recordedTarget(plan, image, outcomeOf(outcomes, plan))),
    gates: [...about.gates, ...targets.flatMap((plan) => gatesOfTarget(plan, outcomeOf(outcomes, plan)))],
    by: { caller: caller.arn, ...(run === undefined ? {} : { run }) },
    slipway: packageDescription.version,
    ...(backTo === undefined ? {} : { backTo }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/**
 * What a record says of the source that a service was built from.
 *
 * @param dirty whether its build read what is not in the commit
 */
export function sourceOf(hash: string, revision: Revision | undefined, dirty: boolean) {
  if (revision === undefined) return { hash };
  const { commit, committedAt, branch } = revision;
  return {
    hash,
    commit,
    committedAt: committedAt.toISOString(),
    ...(branch === undefined ? {} : { branch }),
    dirty,
  };
}

/** The address of the CI run. */
export function runInCi(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  const urls = [
    server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined,
    environment.CI_JOB_URL,
    environment.BUILD_URL,
  ];
  return urls.find((url) => url !== undefined && URL.canParse(url));
}
