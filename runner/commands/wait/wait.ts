import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import type { Target } from "../../../config/targets/target.ts";
import { judgeOutcome } from "../../move/outcome.ts";
import { stepOutcome, verdictOf } from "../../move/target.ts";
import { runStep } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { TargetOutcome } from "../../targets/target.ts";
import type { WaitDocument } from "./document.ts";

/**
 * Follows deployments in progress on the targets of the session's services to their end, whoever started
 * them. Changes nothing, and takes no lock.
 */
export async function waitForTargets(session: Session): Promise<WaitDocument> {
  const { services, settings, signal, timeline } = session;
  const targets = await timeline.run({ id: "wait", title: "Wait for deployments in progress" }, () =>
    pMap(
      services.flatMap((service) => service.targets.map((target) => ({ service, target }))),
      ({ service, target }) => waitForTarget(session, service, target),
      { concurrency: settings.deploy.parallelTargets },
    ),
  );
  const nothingToDo = targets.every(({ outcome }) => outcome === "unchanged");
  return {
    ...documentHead(session, "wait"),
    outcome: judgeOutcome({ nothingToDo, targets, interrupted: signal.aborted }),
    targets,
    milliseconds: timeline.elapsed(),
  };
}

async function waitForTarget(session: Session, service: Service, target: Target): Promise<TargetOutcome> {
  const { directory, clients, emit, signal, registry } = session;
  const kind = kindOf(target);
  const title = kind.title(target);
  const about = { service: service.name, title, kind: target.kind };
  const id = `wait ${title}`;
  const context = { directory, clients, emit, signal, step: id };
  const startedAt = performance.now();
  const work = async (): Promise<TargetOutcome> => {
    try {
      const waited = await kind.wait(service.name, target, registry, context);
      if (waited !== undefined) return waited;
      const { message, running } = await kind.status(service.name, target, context);
      const runs = running === undefined ? {} : { running };
      const now = `no deployment is in progress: ${message}`;
      return { ...about, ...runs, outcome: "unchanged", message: now, milliseconds: 0 };
    } catch (error) {
      const verdict = verdictOf(error, { applied: true });
      return { ...about, ...verdict, milliseconds: Math.round(performance.now() - startedAt) };
    }
  };
  return runStep(emit, { id, title, parent: "wait" }, async ({ conclude }) => {
    const outcome = await work();
    conclude(stepOutcome(outcome), outcome.message);
    return outcome;
  });
}
