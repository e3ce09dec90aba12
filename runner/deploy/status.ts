import pMap from "p-map";
import type { Image } from "../registry/image.ts";
import { kindOf } from "../targets/kinds.ts";
import { compareWithRegistry } from "./compare.ts";
import type { StatusDocument } from "./documents.ts";
import type { Session } from "./session.ts";

/** What runs in all targets of the session's services, and whether it is what the source says. Only reads. */
export async function readStatus(session: Session): Promise<StatusDocument> {
  const { services, settings, caller, clients, emit, signal, timeline } = session;
  const [compared, targets] = await timeline.run({ id: "status", title: "Read what runs" }, () =>
    Promise.all([
      compareWithRegistry(session),
      pMap(
        services.flatMap((service) => service.targets.map((target) => ({ service, target }))),
        ({ service, target }) =>
          kindOf(target).status(service.name, target, { clients, emit, signal, step: "status" }),
        { concurrency: settings.deploy.parallelTargets, signal },
      ),
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
