import { firstLine } from "../../../../config/problems/first-line.ts";
import { hasCode } from "../../../aws/errors.ts";
import { listAliases } from "../../../aws/function-aliases.ts";
import type { Gate } from "../../gate.ts";
import type { TargetContext } from "../../target.ts";
import { type AliasCourse, isOurs, samePlace, seeAlias, sendAlias, whole } from "../alias.ts";
import type { FoundAlias } from "../state.ts";
import { removeProvisioned } from "./provisioned.ts";
import type { ShiftProgress } from "./shift.ts";
import { type FunctionUpdate, uninterruptible } from "./until.ts";
import { isUsed } from "./versions.ts";

/** What the run has done so far, to undo it and to report it. */
export interface Course {
  version: string | undefined;
  /** Whether this run gave the new version its provisioned concurrency. */
  provisioned: boolean;
  readonly shift: ShiftProgress;
  readonly alias: AliasCourse;
  /** Whether the alias may have been changed: set before the call, which may get no answer. */
  touched: boolean;
  moved: "moved" | "created" | undefined;
  /** The gates that were asked, with their verdicts. */
  readonly gates: Gate[];
}

/** Why the move failed. */
export interface Failure {
  readonly kind: "failed" | "cancelled";
  readonly reason: string;
  readonly evidence: readonly string[];
  /** Someone else has moved the alias. */
  readonly overtaken?: boolean;
}

export interface Undone {
  /** The version that gets all or most invocations. */
  readonly alias: "previous" | "new" | "unknown";
  readonly putBack: boolean;
  /** Where the alias is; undefined when it was never touched. */
  readonly stays: string | undefined;
}

/** Sends all invocations back to the previous version, and removes what the new one was given. */
export async function undo(
  update: FunctionUpdate,
  course: Course,
  previous: FoundAlias | undefined,
  failure: Failure,
  context: TargetContext,
): Promise<Undone> {
  const { alias } = update.target;
  // The alias is already on the new version: a later interruption does not undo that.
  if (course.moved !== undefined && (failure.kind === "cancelled" || previous === undefined)) {
    return { alias: "new", putBack: false, stays: `${alias} is already on version ${course.version}` };
  }
  const sure = uninterruptible(update);
  let undone: Undone = { alias: "previous", putBack: false, stays: undefined };
  if (failure.overtaken === true) undone = { ...undone, alias: "unknown", stays: "it stays there" };
  else if (isTouched(course) && previous !== undefined) undone = await putBack(sure, course, previous);
  if (course.provisioned && course.version !== undefined) {
    await removeUnused(sure, course.version, undone).catch((error: unknown) =>
      context.emit({
        kind: "warning",
        code: "provisioned-concurrency-left",
        message: `version ${course.version} of ${update.target.function} keeps its provisioned concurrency: ${String(error)}`,
      }),
    );
  }
  return undone;
}

/** Someone else has moved the alias. */
function leftToOthers(alias: string): Undone {
  return {
    alias: "unknown",
    putBack: false,
    stays: `${alias} stays where someone else has moved it`,
  };
}

/** Removes provisioned concurrency, unless an alias sends callers to the version. */
async function removeUnused(sure: FunctionUpdate, version: string, { alias }: Undone): Promise<void> {
  if (alias === "new") return;
  if (alias === "unknown") {
    const aliases = await listAliases(sure.clients, sure.target.function, sure.signal);
    if (isUsed(version, aliases)) return;
  }
  await removeProvisioned(sure, version);
}

/** Whether the alias may have moved. */
export function isTouched({ touched, shift }: Course): boolean {
  return touched || shift.percent !== undefined;
}

async function putBack(sure: FunctionUpdate, course: Course, previous: FoundAlias): Promise<Undone> {
  const { alias } = sure.target;
  const percent = course.shift.percent;
  try {
    const now = await seeAlias(sure);
    if (now === undefined || !isOurs(now, course.alias, previous.version)) return leftToOthers(alias);
    const before = whole(previous.version);
    if (!samePlace(now, before)) await sendAlias(sure, { seen: now, asked: undefined }, before);
    const at = percent === undefined || course.touched ? "" : `; the shift had reached ${percent} %`;
    return {
      alias: "previous",
      putBack: true,
      stays: `${alias} is back on version ${previous.version} for all invocations${at}`,
    };
  } catch (error) {
    if (hasCode(error, "alias-overtaken")) return leftToOthers(alias);
    const why = firstLine(error);
    const share = !course.touched && percent !== undefined ? `${percent} %` : "everything";
    return {
      alias: course.moved === undefined ? "unknown" : "new",
      putBack: false,
      stays: `${alias} could not be put back and may give ${share} to version ${course.version}: ${why}`,
    };
  }
}
