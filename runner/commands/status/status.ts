import pMap from "p-map";
import { placesOf } from "../../../config/description/sidecars.ts";
import { withoutPlaces } from "../../history/read.ts";
import { compareWithRegistry } from "../../plan/compare.ts";
import { parallelReads } from "../../plan/inspect.ts";
import type { Image } from "../../registry/image.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { StatusDocument } from "./document.ts";
import { readOrigins } from "./origin.ts";

/** What runs in all targets of the session's services, and whether it matches the source. Only reads. */
export async function readStatus(session: Session): Promise<StatusDocument> {
  const { services, catalogue, clients, emit, signal, timeline } = session;
  const [compared, targets] = await timeline.run({ id: "status", title: "Read what runs" }, () =>
    Promise.all([
      compareWithRegistry(session),
      pMap(
        services,
        async (service) => {
          const origins = readOrigins(session, service);
          return Promise.all(
            placesOf(catalogue.services, service.name).map(async ({ target, sidecars }) => {
              const context = { clients, emit, signal, step: "status" };
              const status = await kindOf(target).status(service.name, target, context);
              const beside = sidecars.length === 0 ? {} : { sidecar: sidecars.join(", ") };
              return { ...status, ...beside, ...(await origins(status.running)) };
            }),
          );
        },
        { concurrency: parallelReads, signal },
      ).then((read) => read.flat()),
    ]),
  );
  return {
    ...documentHead(session, "status"),
    targets: targets.map((target) => ({
      ...target,
      source: compareSource(
        target.running,
        compared.find(({ service }) => service.name === target.service)?.image,
      ),
    })),
    withoutTargets: withoutPlaces(session),
  };
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
