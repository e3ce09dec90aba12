import pMap from "p-map";
import prettyBytes from "pretty-bytes";
import { sourceTag } from "../../../config/names.ts";
import { connectToRegistry } from "../../registry/connection.ts";
import { type Copied, copyImage } from "../../registry/copy.ts";
import { putTags, tagMovability } from "../../registry/tags.ts";
import { verifyImage } from "../../registry/verify-image.ts";
import { releaseType } from "../../release/record.ts";
import { runStep } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import type { Promotion } from "./promotion.ts";

/** What was copied of a service. */
export interface CopiedService extends Copied {
  readonly service: string;
  /** Those that the image has at the destination. */
  readonly tags: readonly string[];
  /** Those that may not move, and stay on the image that was built before from the same source. */
  readonly staying: readonly string[];
}

/** Copies promoted images with their referrers, and puts the destination's tags on them. */
export function copyPromoted(
  from: Session,
  to: Session,
  promotions: readonly Promotion[],
): Promise<readonly CopiedService[]> {
  const { signal, settings, emit } = to;
  const source = connectToRegistry(from.clients, from.registry, signal);
  const target = connectToRegistry(to.clients, to.registry, signal);
  const movable = tagMovability(settings.repositories);
  return pMap(
    promotions,
    ({ source: at, image, tagPlan, staying, release }) => {
      const id = `copy ${image.service}`;
      return runStep(emit, { id, title: id, parent: "copy" }, async ({ conclude }) => {
        const copied = await copyImage(
          { clients: from.clients, registry: source, repository: at.repository },
          { clients: to.clients, registry: target, repository: image.repository },
          image.digest,
          // The records are the history of the source stack; the new record names it.
          ({ artifactType }) => artifactType !== releaseType,
        );
        await verifyImage(to.clients, image, [], signal);
        // With the source tag, a deployment of the same source needs no build.
        const known = release.sourceHash === undefined ? [] : [sourceTag(release.sourceHash)];
        await putTags(to.clients, image, [...known, ...tagPlan.tags], { movable }, signal);
        conclude("done", describeCopied(copied));
        return { service: image.service, tags: tagPlan.tags, staying, ...copied };
      });
    },
    { concurrency: settings.deploy.parallelBuilds, signal },
  );
}

/** `3 manifests, 5 blobs mounted, 2 uploaded (12 MB)`. */
export function describeCopied({ manifests, referrers, mounted, uploaded, uploadedBytes }: Copied): string {
  const parts = [
    ...(manifests > 0 ? [`${manifests} manifests`] : []),
    ...(referrers > 0 ? [`${referrers} referrers`] : []),
    ...(mounted > 0 ? [`${mounted} blobs mounted`] : []),
    ...(uploaded > 0 ? [`${uploaded} uploaded (${prettyBytes(uploadedBytes)})`] : []),
  ];
  return parts.length === 0 ? "already there" : parts.join(", ");
}
