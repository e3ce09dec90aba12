import type { CommandContext, CommandResult } from "../cli/command.ts";
import { coloursFor } from "../report/colours.ts";
import { type Selection, withSession } from "../session/session.ts";
import { presentPlan } from "./job.ts";
import { exitCodeOfProblems, problemsOfPlan } from "./plan.ts";
import { type PlanRequest, prepareDeployment } from "./prepare.ts";
import { showPlan } from "./show.ts";

/** `slipway plan`; refused as a deployment would be. */
export async function planServices(
  request: Selection & PlanRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { plan } = await withSession(request, context, (session) =>
    prepareDeployment(session, { ...request, version: given(request.version) }),
  );
  const exitCode = exitCodeOfProblems(problemsOfPlan(plan));
  return {
    exitCode,
    document: plan,
    text: showPlan(plan, coloursFor(process.stdout)),
    job: () => presentPlan(plan),
  };
}

export function given(version: string | undefined): string | undefined {
  return version === "" ? undefined : version;
}
