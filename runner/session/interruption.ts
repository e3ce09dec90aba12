import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Session } from "./session.ts";

/**
 * Runs a part of a run; an interrupted run goes on with `otherwise`, so that it can still tell how far it
 * came. Only an abort is an interruption. Another error of an interrupted run is reported as a warning,
 * and a bug is thrown as always.
 *
 * @returns what the work returned, or `otherwise` when the run was interrupted before or during it
 */
export async function unlessInterrupted<T>(
  { signal, emit }: Pick<Session, "signal" | "emit">,
  work: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  if (signal.aborted) return otherwise;
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    if (isAbort(error)) return otherwise;
    if (!(error instanceof UserError)) throw error;
    emit({
      kind: "warning",
      code: "failed-while-stopping",
      message: `the run was interrupted, and then failed: ${error.message}`,
    });
    return otherwise;
  }
}
