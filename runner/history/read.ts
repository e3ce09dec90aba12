import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { placesOf, withSidecarTargets } from "../../config/description/sidecars.ts";
import { repositoryName } from "../../config/names.ts";
import { getManifest } from "../registry/lookup.ts";
import { findReleases, releasesOf, withTag } from "../release/history.ts";
import type { EarlierRelease } from "../release/record.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { maximumTagLength, sanitizeTag } from "../tags/text.ts";
import { kindOf } from "../targets/kinds.ts";

/** A service's releases on a stack, and which of its images run. */
export interface ServiceReleases {
  readonly service: Service;
  readonly repository: string;
  /** Newest first. */
  readonly releases: readonly EarlierRelease[];
  /** Digests of its images that run, in its own targets and as a sidecar of others; each once. */
  readonly running: readonly string[];
}

/** Names of the session's services that no target runs, not even as a sidecar. */
export function withoutPlaces({ services, catalogue }: Pick<Session, "services" | "catalogue">): string[] {
  const names = services.map(({ name }) => name);
  return names.filter((name) => placesOf(catalogue.services, name).length === 0);
}

/** Leaves out the services that no target runs. */
export function thatRun(all: readonly ServiceReleases[], { catalogue }: Pick<Session, "catalogue">) {
  return all.filter(({ service }) => placesOf(catalogue.services, service.name).length > 0);
}

/**
 * The named services, with all targets that moving them changes. A sidecar moves with the target of its main
 * service when that service is named as well, and alone otherwise.
 */
export function servicesToMove({ catalogue }: Pick<Session, "catalogue">, names: readonly string[]) {
  const named = new Set(names);
  const chosen = catalogue.services.filter(({ name }) => named.has(name));
  return withSidecarTargets(catalogue.services, chosen);
}

/**
 * The releases of the session's services. Costs one call per service, and one status per target.
 *
 * @param options.asked names of releases to look for. A name that no record knows may be a tag that an image got
 *   after its release (`v1.2.0`, say), so the registry is asked for it
 * @param options.running whether what runs is asked for; default: true
 */
export function readReleases(
  session: Session,
  options: {
    readonly asked?: readonly string[];
    readonly running?: boolean;
    /** The step that the reading belongs to. */
    readonly step: Step;
  },
): Promise<readonly ServiceReleases[]> {
  const { directory, services, catalogue, settings, clients, emit, signal } = session;
  const { asked = [], running = true, step } = options;
  return pMap(
    services,
    async (service) => {
      const repository = repositoryName(settings, service);
      const [head, targets] = await Promise.all([
        readNewestRecord(clients, repository, settings.stack, signal),
        Promise.all(
          (running ? placesOf(catalogue.services, service.name) : []).map(({ target }) =>
            kindOf(target).status(service.name, target, { directory, clients, emit, signal, step: step.id }),
          ),
        ),
      ]);
      const digests = targets.flatMap(({ running }) => running?.split("@")[1] ?? []);
      const releases = await withLaterTags(session, repository, releasesOf(head), asked);
      return { service, repository, releases, running: [...new Set(digests)] };
    },
    { concurrency: settings.deploy.parallelTargets, signal },
  );
}

async function withLaterTags(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  repository: string,
  releases: readonly EarlierRelease[],
  asked: readonly string[],
): Promise<readonly EarlierRelease[]> {
  const tags = asked.filter(
    (text) =>
      text.length <= maximumTagLength &&
      sanitizeTag(text) === text &&
      findReleases(releases, text).length === 0,
  );
  let found = releases;
  for (const imageTag of releases.length === 0 ? [] : tags) {
    const stored = await getManifest(clients, repository, { imageTag }, signal);
    if (stored !== undefined) found = withTag(found, imageTag, stored.digest);
  }
  return found;
}
