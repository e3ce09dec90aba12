import { findOutdated } from "../../bases/outdated.ts";
import type { CommandContext, CommandResult } from "../../cli/command.ts";
import { type OverrideOptions, overrideOf } from "../../cli/override.ts";
import { exitCodeOf } from "../../move/outcome.ts";
import { coloursFor } from "../../report/colours.ts";
import { type Selection, withSession } from "../../session/session.ts";
import type { RebuiltDocument } from "./document.ts";
import { presentOutdated } from "./job.ts";
import { showOutdated } from "./show.ts";

/** The options of `slipway outdated`, besides its stack and services. */
interface OutdatedRequest extends Selection, OverrideOptions {
  readonly rebuild: boolean;
  readonly allOrNothing: boolean | undefined;
  readonly allowDirty: boolean;
}

/** `slipway outdated` */
export async function runOutdated(request: OutdatedRequest, context: CommandContext): Promise<CommandResult> {
  const override = overrideOf(request);
  // A build hands over to the stack's program, which reads the sources of all services.
  const sources = request.rebuild ? "all" : "none";
  const document = await withSession(
    { ...request, sources },
    context,
    async (session): Promise<RebuiltDocument> => {
      const found = await findOutdated(session);
      if (!request.rebuild) return found;
      const { rebuildOutdated } = await import("./rebuild.ts");
      const { allOrNothing, allowDirty } = request;
      const how = { version: undefined, allOrNothing, allowDirty, override };
      return { ...found, rebuild: await rebuildOutdated(session, found, how) };
    },
  );
  const colours = coloursFor(process.stdout);
  const text = showOutdated(document, colours);
  const deployment = document.rebuild?.deployment;
  const { showOutcome } = await import("../../deploy/show.ts");
  return {
    exitCode: exitCodeOfOutdated(document),
    document,
    text: deployment === undefined ? text : `${text}\n\n${showOutcome(deployment, colours)}`,
    job: () =>
      presentOutdated(document, showOutdated(document, coloursFor(process.stdout, { NO_COLOR: "1" }))),
  };
}

/** As the deployment; 3 when a service was to be built again and could not be from this checkout. */
export function exitCodeOfOutdated({ rebuild }: RebuiltDocument): CommandResult["exitCode"] {
  const code = rebuild?.deployment === undefined ? 0 : exitCodeOf(rebuild.deployment.outcome);
  return code === 0 && (rebuild?.skipped.length ?? 0) > 0 ? 3 : code;
}
