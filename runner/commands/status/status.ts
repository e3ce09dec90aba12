import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { placesOf } from "../../../config/description/sidecars.ts";
import { withoutPlaces } from "../../history/read.ts";
import { compareWithRegistry, hashChosenSources } from "../../plan/compare.ts";
import { parallelReads } from "../../plan/inspect.ts";
import type { Image } from "../../registry/image.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { TargetStatus } from "../../targets/target.ts";
import type { StatusDocument } from "./document.ts";
import { readOrigins } from "./origin.ts";

/** What runs in all targets of the session's services, and whether it matches the source. Only reads. */
export async function readStatus(session: Session): Promise<StatusDocument> {
  const { directory, services, catalogue, clients, emit, signal, timeline } = session;
  const [compared, targets] = await timeline.run({ id: "status", title: "Read what runs" }, () => {
    const hashing = hashChosenSources(session);
    return Promise.all([
      hashing.then((sources) => compareWithRegistry(session, sources)),
      pMap(
        services,
        async (service) => {
          const origins = readOrigins(session, service, hashing);
          return Promise.all(
            placesOf(catalogue.services, service.name).map(async ({ target, sidecars }) => {
              const context = { directory, clients, emit, signal, step: "status" };
              const status = await kindOf(target).status(service.name, target, context);
              const beside = sidecars.length === 0 ? {} : { sidecar: sidecars.join(", ") };
              return { ...status, ...beside, ...(await origins(status.running)) };
            }),
          );
        },
        { concurrency: parallelReads, signal },
      ).then((read) => read.flat()),
    ]);
  });
  return {
    ...documentHead(session, "status"),
    targets: withSource(targets, compared),
    withoutTargets: withoutPlaces(session),
  };
}

/** Targets, each with how what it runs compares with the image of its service's source. */
export function withSource<T extends Pick<TargetStatus, "service" | "running">>(
  targets: readonly T[],
  compared: readonly { readonly service: Pick<Service, "name">; readonly image: Image | undefined }[],
): readonly (T & Pick<StatusDocument["targets"][number], "source">)[] {
  const images = new Map(compared.map(({ service, image }) => [service.name, image]));
  return targets.map((target) => ({
    ...target,
    source: compareSource(target.running, images.get(target.service)),
  }));
}

/** Whether what runs is the image of the current source: its index, or one of its platforms. */
export function compareSource(
  running: string | undefined,
  image: Image | undefined,
): StatusDocument["targets"][number]["source"] {
  if (image === undefined) return "not built";
  const digest = running?.split("@")[1];
  const digests = [image.digest, ...Object.values(image.manifests)];
  return digest !== undefined && digests.includes(digest) ? "current" : "behind";
}
