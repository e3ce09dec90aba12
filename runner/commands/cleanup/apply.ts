import { UserError } from "../../../config/problems/errors.ts";
import { countHolders, freedInOrder } from "../../../lifecycle/bytes.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { batchesOf, deleteBatch, deleteRepository } from "./batch.ts";
import { type MadePlan, makePlan } from "./plan.ts";
import { type CleanupPlanDocument, refuseElsewhere } from "./plan-file.ts";
import { type Failed, keyOf, type Named, nameOf, openRun, type Run, type Skipped } from "./run.ts";
import { openUndoRecord } from "./undo-record.ts";

/** `slipway cleanup apply`. */
export interface CleanupAppliedDocument {
  readonly version: 1;
  readonly kind: "cleanup-applied";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  /** Digest of the plan. */
  readonly plan: string;
  /** File with what `cleanup undo` needs; undefined if nothing was deleted. */
  readonly undo: string | undefined;
  readonly deleted: readonly Named[];
  readonly repositories: readonly string[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  /** What was not begun, since the run was interrupted. */
  readonly notBegun: number;
  readonly freedBytes: number;
}

export interface ApplyRequest {
  readonly file: string;
  readonly plan: CleanupPlanDocument;
  readonly undo: string;
  /** Asks a person whether to delete; false: nothing is deleted. */
  confirm(images: number, repositories: number): Promise<boolean>;
}

/**
 * Deletes what a plan says. Everything is read and planned again before, and each batch is looked at again: what is
 * tagged, in use, listed or attached to by now stays. Each manifest is on the disk before it is deleted. Stops between
 * two batches when the run is interrupted.
 *
 * @throws UserError `cleanup-elsewhere`, `cleanup-policy-changed`, `cleanup-in-use-changed`, `interrupted`
 */
export async function applyCleanup(session: Session, request: ApplyRequest): Promise<CleanupAppliedDocument> {
  const { file, plan, undo } = request;
  const { registry, settings, caller, signal } = session;
  const own = { account: caller.account, region: settings.aws.region, registry, stack: settings.stack };
  refuseElsewhere(file, plan, own);
  const fresh = await makePlan(session, plan.policy, new Date(), new Date(plan.readUntil));
  refuseChanged(file, plan, fresh);
  const run = openRun(plan, fresh);
  const left = plan.removals.filter((one) => !run.ended.has(keyOf(one))).length;
  const isEmpty = left === 0 && plan.repositories.length === 0;
  if (!isEmpty && !(await request.confirm(left, plan.repositories.length))) {
    throw new UserError(
      { code: "interrupted", message: "interrupted: nothing was deleted" },
      { exitCode: 130 },
    );
  }
  if (isEmpty) return documentOf(session, plan, run, undefined);
  const record = await openUndoRecord(undo, { version: 1, kind: "cleanup-undo", ...own, plan: plan.digest });
  try {
    await session.timeline.run({ id: "cleanup apply", title: `Delete ${left} manifests` }, async (step) => {
      for (const batch of batchesOf(plan.removals)) {
        if (signal.aborted) return;
        await deleteBatch(session, run, batch, record);
        step.progress(`${run.deleted.length} of ${left} deleted`);
      }
      for (const repository of plan.repositories) {
        if (signal.aborted) return;
        await deleteRepository(session, run, repository, record);
      }
    });
  } catch (error) {
    // A deletion is not interrupted, only what is read before one.
    if (!signal.aborted) {
      const message = `${run.deleted.length} manifests had been deleted. To bring them back: slipway cleanup undo ${undo}`;
      if (run.deleted.length > 0) session.emit({ kind: "notice", message });
      throw error;
    }
  } finally {
    await record.close();
  }
  return documentOf(session, plan, run, undo);
}

function refuseChanged(file: string, plan: CleanupPlanDocument, fresh: MadePlan): void {
  const fix = "make a new plan with slipway cleanup plan --out FILE";
  if (plan.policyFingerprint !== fresh.policyFingerprint) {
    const message =
      "services.yaml, or the stack's tags or repositories, have changed since the plan was made";
    throw new UserError({ code: "cleanup-policy-changed", where: file, message, fix }, { exitCode: 3 });
  }
  if (plan.inUseFingerprint !== fresh.inUseFingerprint) {
    const message = "what is in use, or what can be seen of it, has changed since the plan was made";
    throw new UserError({ code: "cleanup-in-use-changed", where: file, message, fix }, { exitCode: 3 });
  }
}

function documentOf(
  session: Session,
  plan: CleanupPlanDocument,
  run: Run,
  undo: string | undefined,
): CleanupAppliedDocument {
  const deleted = run.deleted.flatMap(
    ({ repository, digest }) => run.images.get(repository)?.get(digest) ?? [],
  );
  const all = [...run.images.values()].flatMap((images) => [...images.values()]);
  const notBegun = plan.removals.filter((one) => !run.ended.has(keyOf(one))).length;
  return {
    ...documentHead(session, "cleanup-applied"),
    plan: plan.digest,
    undo: run.deleted.length + run.repositories.length + run.failed.length === 0 ? undefined : undo,
    deleted: run.deleted.map(nameOf),
    repositories: run.repositories,
    failed: run.failed,
    skipped: run.skipped,
    notBegun,
    freedBytes: [...freedInOrder(deleted, countHolders(all)).values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}
