import pMap from "p-map";
import type { Service, Target } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { withoutPlaces } from "../../history/read.ts";
import { afterBuild } from "../../plan/plan.ts";
import { imagesByService, targetImage } from "../../plan/target-image.ts";
import type { Image } from "../../registry/image.ts";
import { normalizePlatform } from "../../registry/manifest.ts";
import { runStep } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { TargetCheck } from "../../targets/target.ts";
import type { VerifyDocument } from "./document.ts";

/**
 * The pre-flight of a deployment alone, for every target of the session's services: whether what it
 * needs is there. Only reads, and asks for no source: what would be built is not looked at.
 */
export async function verifyTargets(session: Session): Promise<VerifyDocument> {
  const { services, settings, caller, signal, timeline } = session;
  const standIns = imagesByService(services.map((service) => standIn(session, service)));
  const targets = await timeline.run({ id: "verify", title: "Check what the targets need" }, () =>
    pMap(
      services.flatMap((service) => service.targets.map((target) => ({ service, target }))),
      ({ service, target }) => verifyTarget(session, service, target, standIns),
      { concurrency: settings.deploy.parallelTargets, signal },
    ),
  );
  const failed = targets.some(({ checks }) => checks.some(({ state }) => state === "fail"));
  return {
    version: 1,
    kind: "verify",
    stack: settings.stack,
    account: caller.account,
    region: settings.aws.region,
    outcome: failed ? "failed" : "ok",
    targets,
    withoutTargets: withoutPlaces(session),
  };
}

function verifyTarget(
  session: Session,
  service: Service,
  target: Target,
  standIns: ReadonlyMap<string, Image>,
): Promise<VerifyDocument["targets"][number]> {
  const { clients, emit, signal, registry } = session;
  const kind = kindOf(target);
  const title = kind.title(target);
  const id = `check ${title}`;
  return runStep(emit, { id, title, parent: "verify" }, async ({ conclude }) => {
    const context = { clients, emit, signal, step: id };
    const state = await kind.inspect(target, context);
    const around = await kind.verify(target, state, { image: undefined, registry }, context);
    // What a plan would have against it without knowing the image: containers, platforms, smoke checks.
    const image = standIns.get(service.name) ?? standIn(session, service);
    const { problems } = kind.plan(service.name, target, state, targetImage(target, image, standIns));
    const known = new Set(around.map(({ message }) => message.split(":")[0]));
    const planned = problems
      .filter(({ message }) => !known.has(message.split(":")[0]))
      .map(({ code, message, fix }): TargetCheck => {
        const name = code.replaceAll("-", " ");
        return { name, state: "fail", message, ...(fix === undefined ? {} : { fix }) };
      });
    const checks = [...around, ...planned];
    const failed = checks.filter((one) => one.state === "fail").length;
    if (failed > 0) conclude("failed", `${failed} of ${checks.length} checks failed`);
    else conclude("done", `${checks.length} checks`);
    return { service: service.name, title, kind: target.kind, checks };
  });
}

/** An image as a service would be built, for what a plan has to say about its platforms. */
function standIn({ settings, registry }: Session, service: Service): Image {
  return {
    service: service.name,
    repository: repositoryName(settings, service),
    registry,
    digest: afterBuild,
    manifests: Object.fromEntries(
      service.platforms.map((platform) => [normalizePlatform(platform), afterBuild]),
    ),
  };
}
