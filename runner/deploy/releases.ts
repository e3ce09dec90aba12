import pMap from "p-map";
import type { Service } from "../../config/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import { releasesOf } from "../release/history.ts";
import type { EarlierRelease } from "../release/record.ts";
import { readHead } from "../release/store.ts";
import { kindOf } from "../targets/kinds.ts";
import type { Session } from "./session.ts";

/** A service's releases on a stack, and what runs of it. */
export interface ServiceReleases {
  readonly service: Service;
  readonly repository: string;
  /** Newest first. */
  readonly releases: readonly EarlierRelease[];
  /** Digests that the service's targets run, each once. */
  readonly running: readonly string[];
}

/** The releases of the session's services: one call for each, and a look at each target. */
export function readReleases(session: Session): Promise<readonly ServiceReleases[]> {
  const { services, settings, clients, emit, signal } = session;
  return pMap(
    services,
    async (service) => {
      const repository = repositoryName(settings, service);
      const [head, targets] = await Promise.all([
        readHead(clients, repository, settings.stack, signal),
        Promise.all(
          service.targets.map((target) =>
            kindOf(target).status(service.name, target, { clients, emit, signal, step: "releases" }),
          ),
        ),
      ]);
      const digests = targets.flatMap(({ running }) => running?.split("@")[1] ?? []);
      return { service, repository, releases: releasesOf(head), running: [...new Set(digests)] };
    },
    { concurrency: settings.deploy.parallelTargets, signal },
  );
}
