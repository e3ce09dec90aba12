import type { CommandContext, CommandResult } from "../../cli/command.ts";
import { type OverrideOptions, overrideOf } from "../../cli/override.ts";
import { movedJob } from "../../move/job.ts";
import { exitCodeOf } from "../../move/outcome.ts";
import { exitCodeOfDryRun } from "../../move/releases.ts";
import { showMoved } from "../../move/show.ts";
import { coloursFor } from "../../report/colours.ts";
import { type Selection, withSession } from "../../session/session.ts";
import { documentOfRollback, prepareRollback, type RollbackRequest, rollback } from "./rollback.ts";

/** `slipway rollback` */
export async function rollbackServices(
  options: Selection &
    OverrideOptions &
    Omit<RollbackRequest, "named" | "override"> & { readonly dryRun?: boolean },
  context: CommandContext,
): Promise<CommandResult> {
  const request = { ...options, override: overrideOf(options), named: options.services.length > 0 };
  const document = await withSession({ ...options, sources: "none" }, context, async (session) => {
    const prepared = await prepareRollback(session, request);
    if (options.dryRun) return documentOfRollback(session, prepared, request);
    return rollback(session, prepared, request);
  });
  const words = { done: "Rolled back on", would: "Would roll back on" };
  const exitCode = document.outcome === "planned" ? exitCodeOfDryRun(document) : exitCodeOf(document.outcome);
  const text = showMoved(document, words, coloursFor(process.stdout));
  return { exitCode, document, text, job: () => movedJob("rollback", { exitCode, document, text }) };
}
