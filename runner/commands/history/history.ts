import { readReleases } from "../../history/read.ts";
import { isImageOf, runningRelease } from "../../release/history.ts";
import type { EarlierRelease } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";

/** `slipway history`. */
export interface HistoryDocument {
  readonly version: 1;
  readonly kind: "history";
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly services: readonly {
    readonly service: string;
    readonly repository: string;
    /** Newest first. */
    readonly releases: readonly (EarlierRelease & {
      /** `partly`: some of the service's targets run another image. */
      readonly running: "yes" | "partly" | "no";
    })[];
    /** Number of releases that are not shown. */
    readonly more: number;
  }[];
}

/**
 * The releases of the session's services, from their records. Only reads.
 *
 * @param limit maximum number of releases of each service, newest first
 */
export async function readHistory(session: Session, limit: number): Promise<HistoryDocument> {
  const { timeline } = session;
  const found = await timeline.run({ id: "history", title: "Read the release records" }, (step) =>
    readReleases(session, { step }),
  );
  return {
    ...documentHead(session, "history"),
    services: found.map(({ service, repository, releases, running }) => {
      const current = runningRelease(releases, running);
      const whole = current !== undefined && running.every((digest) => isImageOf(current, digest));
      return {
        service: service.name,
        repository,
        releases: releases.slice(0, limit).map((release) => ({
          ...release,
          running: release === current ? (whole ? ("yes" as const) : ("partly" as const)) : ("no" as const),
        })),
        more: Math.max(0, releases.length - limit),
      };
    }),
  };
}
