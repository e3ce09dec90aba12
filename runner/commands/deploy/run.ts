import type { CommandContext, CommandResult } from "../../cli/command.ts";
import { exitCodeOf } from "../../move/outcome.ts";
import { given } from "../../plan/run.ts";
import { coloursFor } from "../../report/colours.ts";
import { type Selection, withSession } from "../../session/session.ts";
import { type DeployRequest, deploy } from "./deploy.ts";
import { presentDeployment } from "./job.ts";
import { showOutcome } from "./show.ts";

type Request = Selection & DeployRequest;

/** `slipway deploy` */
export async function deployServices(request: Request, context: CommandContext): Promise<CommandResult> {
  const document = await withSession(request, context, (session) =>
    deploy(session, { ...request, version: given(request.version) }),
  );
  const text = showOutcome(document, coloursFor(process.stdout));
  return { exitCode: exitCodeOf(document.outcome), document, text, job: () => presentDeployment(document) };
}
