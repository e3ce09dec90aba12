import type { CommandContext, CommandResult } from "../cli/command.ts";
import { type GateOverride, type OverrideOptions, overrideOf } from "../cli/override.ts";
import type { Foretold } from "../gates/foretell.ts";
import { coloursFor } from "../report/colours.ts";
import { type Selection, type Session, withSession } from "../session/session.ts";
import { whereOf } from "../session/where.ts";
import { type PlanRequest, planDeployment } from "./deployment.ts";
import { planDocument } from "./document.ts";
import { presentPlan } from "./job.ts";
import { exitCodeOfProblems, type PlannedService, problemsOf } from "./plan.ts";
import { showPlan } from "./show.ts";

/** `slipway plan`, and `deploy --dry-run`: exits as the deployment would when it is refused. */
export function planServices(
  request: Selection & PlanRequest & OverrideOptions & { readonly verbose?: boolean | undefined },
  context: CommandContext,
): Promise<CommandResult> {
  const override = overrideOf(request);
  return withSession({ ...request, sources: "all" }, context, async (session) => {
    const { services } = await planDeployment(session, request);
    const foretold = await foretell(session, services, override);
    const document = planDocument(whereOf(session), services, foretold);
    return {
      exitCode: exitCodeOfProblems(problemsOf(document.services)),
      document,
      text: showPlan(document, coloursFor(process.stdout), request.verbose),
      job: () => presentPlan(document),
    };
  });
}

/** What the stack's gates will say. A stack without gates loads and calls nothing for them. */
async function foretell(
  session: Session,
  services: readonly PlannedService[],
  override: GateOverride | undefined,
): Promise<readonly Foretold[]> {
  if (session.settings.gates === undefined) return [];
  const { foretellGates } = await import("../gates/foretell.ts");
  return session.timeline.run({ id: "gates", title: "Look at what the gates will say" }, () =>
    foretellGates(session, services, { override, signs: true }),
  );
}
