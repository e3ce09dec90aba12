import pMap from "p-map";
import { UserError } from "../../config/errors.ts";
import { imageReference } from "../registry/image.ts";
import { putTags, tagMovability } from "../registry/tags.ts";
import type { TargetOutcome } from "../targets/target.ts";
import { buildMissing, type ReadyService } from "./build.ts";
import type { DeployDocument, DeployedService } from "./documents.ts";
import { planTarget } from "./inspect.ts";
import { lockTargets } from "./lock.ts";
import { type Move, moveTargets } from "./move.ts";
import { judgeOutcome } from "./outcome.ts";
import { isNothingToDo, problemsOfPlan } from "./plan.ts";
import { type PreparedDeployment, prepareDeployment } from "./prepare.ts";
import type { Session } from "./session.ts";

/**
 * Deploys the session's services: everything is checked before anything is built, and everything is
 * built and pushed before anything is moved.
 *
 * @param version `--version` or TAG
 * @throws UserError when something stands in the way, with nothing changed; or when a build fails
 */
export async function deploy(session: Session, version: string | undefined): Promise<DeployDocument> {
  const prepared = await prepareDeployment(session, version);
  const problems = problemsOfPlan(prepared.plan);
  if (problems.length > 0) throw new UserError(problems);
  const run: Run = { ready: [], outcomes: [] };
  try {
    if (!isNothingToDo(prepared.plan)) await carryOut(session, prepared, run);
    else run.ready = await buildMissing(session, prepared.inspected, "build");
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
  return documentOf(session, prepared, run);
}

/** How far a deployment has come: what is reported also when it is interrupted. */
interface Run {
  ready: readonly ReadyService[];
  outcomes: readonly TargetOutcome[];
}

async function carryOut(session: Session, { inspected, plan }: PreparedDeployment, run: Run) {
  const { timeline, settings, clients, signal } = session;
  const building = plan.services.some(({ image }) => image.action === "build");
  run.ready = building
    ? await timeline.run({ id: "build", title: "Build and push" }, () =>
        buildMissing(session, inspected, "build"),
      )
    : await buildMissing(session, inspected, "build");

  await timeline.run({ id: "tag", title: "Tag the images" }, async ({ conclude }) => {
    const movable = tagMovability(settings.repositories);
    const results = await pMap(
      run.ready,
      ({ image, tagPlan }) => putTags(clients, image, tagPlan.tags, { movable }, signal),
      {
        concurrency: 8,
        signal,
      },
    );
    const put = results.flatMap((result) => result.put);
    if (put.length === 0) conclude("skipped", "they have their tags already");
    else conclude("done", [...new Set(put)].join(", "));
  });

  if (run.ready.some(({ service }) => service.targets.length > 0)) {
    await timeline.run({ id: "move", title: "Move what runs them" }, () =>
      move(session, inspected, building, run),
    );
  }
}

async function move(session: Session, inspected: PreparedDeployment["inspected"], built: boolean, run: Run) {
  const { directory, settings, signal, emit } = session;
  const lock = await lockTargets(directory, settings.stack, { emit, signal });
  try {
    // What was found before a build of minutes, or before another run was done, may not be so any more.
    const stale = built || lock.waited;
    const moves = await Promise.all(
      run.ready.map(async ({ service, image }): Promise<Move[]> => {
        const known = inspected.find((one) => one.service.name === service.name)?.targets ?? [];
        const plans = stale
          ? await Promise.all(
              service.targets.map((target) => planTarget(session, service, target, image, "move")),
            )
          : known;
        return plans.map((plan) => ({ plan, image }));
      }),
    );
    const problems = moves.flat().flatMap(({ plan }) => plan.problems);
    if (problems.length > 0) throw new UserError(problems, { exitCode: 1 });
    run.outcomes = await moveTargets(session, moves.flat(), "move");
  } finally {
    await lock.release();
  }
}

function documentOf(session: Session, { plan, inspected }: PreparedDeployment, run: Run): DeployDocument {
  const { settings, caller, timeline, signal } = session;
  const planned = inspected.flatMap(({ targets }) => targets);
  const finished = run.outcomes.map((one) => ({ ...one, milliseconds: Math.round(one.milliseconds) }));
  const targets = planned.map(
    (one): TargetOutcome =>
      finished.find(({ title }) => title === one.title) ?? {
        service: one.service,
        title: one.title,
        kind: one.target.kind,
        outcome: one.action === "none" ? "unchanged" : "not started",
        message: one.action === "none" ? "runs this image already" : "interrupted before it was begun",
        milliseconds: 0,
      },
  );
  return {
    version: 1,
    kind: "deploy",
    stack: settings.stack,
    account: caller.account,
    region: settings.aws.region,
    outcome: judgeOutcome({ nothingToDo: isNothingToDo(plan), targets, interrupted: signal.aborted }),
    services: run.ready.map(deployedService),
    notBuilt: inspected
      .map(({ service }) => service.name)
      .filter((name) => !run.ready.some(({ service }) => service.name === name)),
    targets,
    timeline: timeline.phases,
    milliseconds: timeline.elapsed(),
  };
}

function deployedService({ service, image, built, source, tagPlan }: ReadyService): DeployedService {
  return {
    service: service.name,
    built,
    sourceHash: source.hash,
    digest: image.digest,
    reference: imageReference(image),
    manifests: image.manifests,
    tags: tagPlan.tags,
  };
}
