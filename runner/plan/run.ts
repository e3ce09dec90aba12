import type { CommandContext, CommandResult } from "../cli/command.ts";
import { coloursFor } from "../report/colours.ts";
import { type Selection, withSession } from "../session/session.ts";
import { whereOf } from "../session/where.ts";
import { type PlanRequest, planDeployment } from "./deployment.ts";
import { planDocument } from "./document.ts";
import { presentPlan } from "./job.ts";
import { exitCodeOfProblems, problemsOf } from "./plan.ts";
import { showPlan } from "./show.ts";

/** `slipway plan`, and `deploy --dry-run`: exits as the deployment would when it is refused. */
export function planServices(
  request: Selection & PlanRequest & { readonly verbose?: boolean | undefined },
  context: CommandContext,
): Promise<CommandResult> {
  return withSession({ ...request, sources: "all" }, context, async (session) => {
    const { services } = await planDeployment(session, request);
    const document = planDocument(whereOf(session), services);
    return {
      exitCode: exitCodeOfProblems(problemsOf(services)),
      document,
      text: showPlan(document, coloursFor(process.stdout), request.verbose),
      job: () => presentPlan(document),
    };
  });
}
