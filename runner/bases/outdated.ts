import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import { documentHead, type Where } from "../session/where.ts";
import type { MovedBase } from "./base-images.ts";
import { basesMoved } from "./bases-since.ts";
import { readSource } from "./source-record.ts";

/** `slipway outdated`. */
export interface OutdatedDocument extends Where {
  readonly version: 1;
  readonly kind: "outdated";
  /** `outdated`: at least one service has a base image that moved. */
  readonly outcome: "outdated" | "current" | "unknown";
  readonly services: readonly OutdatedService[];
}

/** The base images of what a service's newest release runs. */
export interface OutdatedService {
  readonly service: string;
  /** Digest of the image of the newest release; undefined when the stack has no release of the service. */
  readonly digest?: string;
  /** Source hash that the release was built from, and its commit. */
  readonly sourceHash?: string;
  readonly commit?: string;
  readonly moved: readonly MovedBase[];
  readonly pinned: readonly MovedBase[];
  readonly unknown: readonly string[];
  /** Why nothing is known of the service's base images. */
  readonly reason?: string;
}

/**
 * Compares the base images of what each service's newest release runs with what their tags stand for now. It reads
 * what the build recorded with the image, so that no source is needed.
 */
export async function findOutdated(session: Session): Promise<OutdatedDocument> {
  const { services, timeline, signal } = session;
  const found = await timeline.run({ id: "outdated", title: "Compare the base images" }, () =>
    pMap(services, (service) => outdatedService(session, service), { concurrency: 8, signal }),
  );
  return { ...documentHead(session, "outdated"), outcome: outcomeOf(found), services: found };
}

async function outdatedService(session: Session, service: Service): Promise<OutdatedService> {
  const { clients, settings, signal } = session;
  const { name } = service;
  const nothing = { service: name, moved: [], pinned: [], unknown: [] };
  const repository = repositoryName(settings, service);
  const newest = await readNewestRecord(clients, repository, settings.stack, signal);
  if (newest === undefined) return { ...nothing, reason: "the stack has no release of it" };
  const { image, source: from } = newest.record;
  const { digest } = image;
  const source = await readSource(clients, repository, digest, signal);
  if (source === undefined) return { ...nothing, digest, reason: "its build recorded no base images" };
  return {
    service: name,
    digest,
    ...(from.hash === undefined ? {} : { sourceHash: from.hash }),
    ...(from.commit === undefined ? {} : { commit: from.commit }),
    ...(await basesMoved(session, source)),
  };
}

/** What is known counts: one base image that moved is enough, and one that nobody can compare is no news. */
export function outcomeOf(services: readonly OutdatedService[]): OutdatedDocument["outcome"] {
  if (services.some(({ moved, pinned }) => moved.length + pinned.length > 0)) return "outdated";
  const isKnown = ({ reason, unknown }: OutdatedService) => reason === undefined && unknown.length === 0;
  return services.every(isKnown) ? "current" : "unknown";
}
