import type { CommandContext, CommandResult } from "../../cli/command.ts";
import { type OverrideOptions, overrideOf } from "../../cli/override.ts";
import { type DeployRequest, deploy } from "../../deploy/deploy.ts";
import { presentDeployment } from "../../deploy/job.ts";
import { showOutcome } from "../../deploy/show.ts";
import { exitCodeOf } from "../../move/outcome.ts";
import { coloursFor } from "../../report/colours.ts";
import { type Selection, withSession } from "../../session/session.ts";

/** `slipway deploy` */
export async function deployServices(
  request: Selection & DeployRequest & OverrideOptions & { readonly verbose?: boolean | undefined },
  context: CommandContext,
): Promise<CommandResult> {
  const override = overrideOf(request);
  const document = await withSession({ ...request, sources: "all" }, context, (session) =>
    deploy(session, { ...request, override }),
  );
  return {
    exitCode: exitCodeOf(document.outcome),
    document,
    text: showOutcome(document, coloursFor(process.stdout), request.verbose),
    job: () => presentDeployment(document),
  };
}
