import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import type { Target } from "../../../config/targets/target.ts";
import type { EvidencePiece } from "../../evidence/check.ts";
import { withoutPlaces } from "../../history/read.ts";
import { plannedImage } from "../../plan/plan.ts";
import { imagesByService } from "../../plan/target-image.ts";
import { lookAndPlan } from "../../plan/targets.ts";
import type { PlannedImage } from "../../registry/image.ts";
import { runStep } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { TargetCheck } from "../../targets/target.ts";
import type { EvidenceFound, ServiceRun, VerifyDocument } from "./document.ts";
import type { RunRequest } from "./run.ts";

/** What to check besides the pre-flight. */
export interface VerifyRequest {
  /** Whether to check what is attached to the images. */
  readonly evidence?: boolean;
  /** Whether to start the images, and how. */
  readonly run?: RunRequest | undefined;
  /** Tag or digest of the image; default: those of the newest releases. */
  readonly image?: string | undefined;
}

/**
 * Runs only the pre-flight of a deployment, for every target of the session's services: checks that what it
 * needs exists. Only reads, and does not need the source. What else is asked for comes after it.
 *
 * @throws UserError `unknown-image`, `docker-unavailable`
 */
export async function verifyTargets(session: Session, also: VerifyRequest = {}): Promise<VerifyDocument> {
  const { services, settings, signal, timeline } = session;
  const images = services.map((service) =>
    plannedImage({ service, repository: repositoryName(settings, service), registry: session.registry }),
  );
  const byService = imagesByService(images);
  const targets = await timeline.run({ id: "verify", title: "Check what the targets need" }, () =>
    pMap(
      services.flatMap((service) => service.targets.map((target) => ({ service, target }))),
      ({ service, target }) => verifyTarget(session, service, target, byService),
      { concurrency: settings.deploy.parallelTargets, signal },
    ),
  );
  const found = also.evidence === true ? await readEvidence(session, also.image) : undefined;
  const runs = also.run === undefined ? undefined : await run(session, also.run);
  const failed =
    targets.some(({ checks }) => checks.some(({ state }) => state === "fail")) ||
    found?.evidence.some(({ pieces, missing }) => missing.length > 0 || pieces.some(isRefused)) ||
    runs?.some(({ state }) => state === "fail");
  return {
    ...documentHead(session, "verify"),
    outcome: failed === true ? "failed" : "ok",
    targets,
    ...found,
    ...(runs === undefined ? {} : { runs }),
    withoutTargets: withoutPlaces(session),
  };
}

async function readEvidence(session: Session, image: string | undefined): Promise<EvidenceFound> {
  const { verifyEvidence } = await import("./evidence.ts");
  return verifyEvidence(session, image);
}

async function run(session: Session, request: RunRequest): Promise<readonly ServiceRun[]> {
  const { runImages } = await import("./run.ts");
  return runImages(session, request);
}

function isRefused({ state }: EvidencePiece): boolean {
  return state === "refused";
}

function verifyTarget(
  session: Session,
  service: Service,
  target: Target,
  images: ReadonlyMap<string, PlannedImage>,
): Promise<VerifyDocument["targets"][number]> {
  const { directory, clients, emit, signal, registry } = session;
  const kind = kindOf(target);
  const title = kind.title(target);
  const id = `check ${title}`;
  return runStep(emit, { id, title, parent: "verify" }, async ({ conclude }) => {
    const context = { directory, clients, emit, signal, step: id };
    const image = images.get(service.name);
    if (image === undefined) throw new Error(`${service.name} is not one of the services to verify`);
    // Checks that need no image: containers, platforms, smoke checks.
    const wanted = kind.imageFor(target, image, images);
    const { state, problems } = await lookAndPlan(service.name, target, wanted, context);
    const around = await kind.verify(target, state, { image: undefined, registry }, context);
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
