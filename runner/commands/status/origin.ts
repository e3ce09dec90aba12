import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { describeEntry } from "../../registry/entry.ts";
import { releasesOf, runningRelease } from "../../release/history.ts";
import { readNewestRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import { commitOf, isOwnTag } from "../../tags/own.ts";
import type { StatusDocument } from "./document.ts";

/** The origin of what runs. */
export type Origin = Pick<StatusDocument["targets"][number], "digest" | "release" | "commit" | "tags">;

/**
 * Finds the origin of a service's images in its releases, which it starts to read immediately and only
 * once, or else in the image's tags.
 *
 * @param after what to wait for first, so that the call is shared with what is read of the repository then
 */
export function readOrigins(
  { clients, settings, signal }: Pick<Session, "clients" | "settings" | "signal">,
  service: Service,
  after: Promise<unknown> = Promise.resolve(),
): (running: string | undefined) => Promise<Origin> {
  const repository = repositoryName(settings, service);
  const head = after.then(() => readNewestRecord(clients, repository, settings.stack, signal));
  // The promise is awaited later, and throws there.
  head.catch(() => {});
  return async (running) => {
    const digest = running?.split("@")[1];
    if (digest === undefined) return {};
    const release = runningRelease(releasesOf(await head), [digest]);
    if (release !== undefined) {
      const { id, tags } = release;
      const commit = release.commit ?? commitOf(tags);
      return { digest, release: id, ...(commit === undefined ? {} : { commit }), tags };
    }
    const entry = await describeEntry(clients, repository, { imageDigest: digest }, signal);
    const tags = (entry?.tags ?? []).filter((tag) => !isOwnTag(tag));
    const commit = commitOf(tags);
    return { digest, ...(commit === undefined ? {} : { commit }), tags };
  };
}
