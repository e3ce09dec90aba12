import { type DeployRequest, deploy } from "../deploy/deploy.ts";
import { exitCodeOf, exitCodeOfProblems } from "../deploy/outcome.ts";
import { problemsOfPlan } from "../deploy/plan.ts";
import { prepareDeployment } from "../deploy/prepare.ts";
import { type Selection, withSession } from "../deploy/session.ts";
import { showOutcome } from "../deploy/show-outcome.ts";
import { showPlan } from "../deploy/show-plan.ts";
import { coloursFor } from "../report/colours.ts";
import type { CommandContext, CommandResult } from "./command.ts";

type Request = Selection & DeployRequest;

/** `slipway deploy` */
export async function deployServices(request: Request, context: CommandContext): Promise<CommandResult> {
  const document = await withSession(request, context, (session) =>
    deploy(session, { ...request, version: given(request.version) }),
  );
  const text = showOutcome(document, coloursFor(process.stdout));
  return { exitCode: exitCodeOf(document.outcome), document, text };
}

/** `slipway plan`; refused as a deployment would be. */
export async function planServices(request: Request, context: CommandContext): Promise<CommandResult> {
  const { plan } = await withSession(request, context, (session) =>
    prepareDeployment(session, { ...request, version: given(request.version) }),
  );
  const exitCode = exitCodeOfProblems(problemsOfPlan(plan));
  return { exitCode, document: plan, text: showPlan(plan, coloursFor(process.stdout)) };
}

function given(version: string | undefined): string | undefined {
  return version === "" ? undefined : version;
}
