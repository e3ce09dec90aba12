import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { isProven, releasesOf } from "../release/history.ts";
import type { StoredRelease } from "../release/record.ts";
import { runStep, type Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import { plansOf } from "./targets.ts";
import {
  outcomeOf,
  type RecordedRelease,
  type Release,
  type ServiceToRecord,
  writeRecords,
} from "./write.ts";

/** A service that may run its image without a release that says so. */
export interface ServiceFound extends ServiceToRecord {
  readonly newestRecord: StoredRelease | undefined;
}

/**
 * The services that run their image without a successful release of it. The run that moved them ended too
 * early, or Slipway sees them for the first time.
 *
 * @param outcomes this run's outcomes of their targets, which it moved or verified again
 */
export function unrecorded<S extends ServiceFound>(
  services: readonly S[],
  outcomes: readonly TargetOutcome[],
): readonly S[] {
  return services.filter((one) => {
    const targets = plansOf(one, services);
    const runs = targets.length > 0 && targets.every((plan) => isRunning(plan, outcomeOf(outcomes, plan)));
    return runs && !isProven(releasesOf(one.newestRecord), one.image.digest);
  });
}

/**
 * Writes a record for each service that is `unrecorded`, with what its targets run now. What can't be read or
 * written is a warning.
 */
export async function recordUnrecorded(
  session: Session,
  services: readonly ServiceFound[],
  outcomes: readonly TargetOutcome[],
): Promise<readonly RecordedRelease[]> {
  const missing = unrecorded(services, outcomes);
  if (missing.length === 0) return [];
  const startedAt = new Date();
  const recording = runStep(
    session.emit,
    { id: "record", title: "Record releases that already run" },
    async (step) => {
      const releases = await Promise.all(
        missing.map(async (one): Promise<Release> => {
          const targets = plansOf(one, services);
          const looked = await Promise.all(
            targets.map(async (plan) => {
              const ended = outcomeOf(outcomes, plan);
              return plan.action === "prove" && ended !== undefined
                ? ended
                : outcomeOfRunning(session, plan, step);
            }),
          );
          return { ...one, targets, outcome: "done", outcomes: looked, startedAt, late: true };
        }),
      );
      return writeRecords(session, releases, step);
    },
  );
  return recording.catch((error: unknown) => {
    if (isAbort(error)) return [];
    if (!(error instanceof UserError)) throw error;
    session.emit({
      kind: "warning",
      code: "record-not-written",
      message: `could not record what already runs: ${firstLine(error)}`,
      fix: "the next deploy records it",
    });
    return [];
  });
}

/** What a target runs that was not moved: its version or revision belongs in the record as well. */
async function outcomeOfRunning(
  { directory, clients, emit, signal }: Session,
  { service, target, title }: TargetPlan,
  step: Step,
): Promise<TargetOutcome> {
  const context = { directory, clients, emit, signal, step: step.id };
  const { kind, message, running, details } = await kindOf(target).status(service, target, context);
  return {
    service,
    title,
    kind,
    outcome: "unchanged",
    message,
    ...(running === undefined ? {} : { running }),
    ...(details === undefined ? {} : { details }),
    milliseconds: 0,
  };
}

/** Whether a target runs the image and is healthy, as far as the run has checked that. */
function isRunning({ action, problems }: TargetPlan, ended: TargetOutcome | undefined): boolean {
  if (problems.length > 0) return false;
  return ended === undefined ? action === "none" : ended.outcome === "unchanged";
}
