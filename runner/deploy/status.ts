import pMap from "p-map";
import type { Image } from "../registry/image.ts";
import { kindOf } from "../targets/kinds.ts";
import { compareWithRegistry } from "./compare.ts";
import type { StatusDocument } from "./documents.ts";
import { lookedAtTogether } from "./inspect.ts";
import { readOrigins } from "./origin.ts";
import type { Session } from "./session.ts";

/** What runs in all targets of the session's services, and whether it is what the source says. Only reads. */
export async function readStatus(session: Session): Promise<StatusDocument> {
  const { services, settings, caller, clients, emit, signal, timeline } = session;
  const [compared, targets] = await timeline.run({ id: "status", title: "Read what runs" }, () =>
    Promise.all([
      compareWithRegistry(session),
      pMap(
        services,
        async (service) => {
          const origins = readOrigins(session, service);
          return Promise.all(
            service.targets.map(async (target) => {
              const context = { clients, emit, signal, step: "status" };
              const status = await kindOf(target).status(service.name, target, context);
              return { ...status, ...(await origins(status.running)) };
            }),
          );
        },
        { concurrency: lookedAtTogether, signal },
      ).then((read) => read.flat()),
    ]),
  );
  return {
    version: 1,
    kind: "status",
    stack: settings.stack,
    account: caller.account,
    region: settings.aws.region,
    targets: targets.map((target) => ({
      ...target,
      source: compareSource(
        target.running,
        compared.find(({ service }) => service.name === target.service)?.image,
      ),
    })),
    withoutTargets: services.filter((service) => service.targets.length === 0).map(({ name }) => name),
  };
}

/** Whether what runs is the image of the source as it is: its index, or one of its platforms. Pure. */
export function compareSource(
  running: string | undefined,
  image: Image | undefined,
): StatusDocument["targets"][number]["source"] {
  if (image === undefined) return "not built";
  const digest = running?.split("@")[1];
  const digests = [image.digest, ...Object.values(image.manifests)];
  return digest !== undefined && digests.includes(digest) ? "current" : "behind";
}
