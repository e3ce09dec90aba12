import { createHash } from "node:crypto";
import type { CleanupImage, CleanupRepository, CleanupRules } from "../../../../lifecycle/cleanup/model.ts";
import { cleanupKinds } from "../../../../lifecycle/cleanup/model.ts";
import { daysAgo, now } from "../arbitrary.ts";

/** A digest by a name. */
export const sha = (name: string) => `sha256:${createHash("sha256").update(name).digest("hex")}`;

export const imageType = "application/vnd.oci.image.config.v1+json";

/** A manifest by a name, 100 days old, with a layer of its own of 10 bytes. */
export function image(name: string, more: Partial<CleanupImage> = {}): CleanupImage {
  return {
    digest: sha(name),
    tags: [],
    pushedAt: daysAgo(100),
    children: [],
    kind: "manifest",
    type: imageType,
    blobs: [{ digest: `layer of ${name}`, bytes: 10 }],
    ...more,
  };
}

/** An index of manifests by name. */
export function index(
  name: string,
  children: readonly string[],
  more: Partial<CleanupImage> = {},
): CleanupImage {
  return image(name, { kind: "index", type: "", blobs: [], children: children.map(sha), ...more });
}

/** An artifact that is attached to another manifest. */
export function artifact(name: string, subject: string, more: Partial<CleanupImage> = {}): CleanupImage {
  return image(name, {
    type: "application/vnd.dev.sigstore.bundle.v0.3+json",
    subject: sha(subject),
    ...more,
  });
}

export function repository(
  images: readonly CleanupImage[],
  needed: readonly string[] = [],
  isRemoved = false,
): CleanupRepository {
  const by = [{ where: "ecs shop/ui", why: "PRIMARY deployment, ui:1" }];
  return {
    repository: "shop/ui",
    images,
    needed: new Map(needed.map((name) => [name.startsWith("sha256:") ? name : sha(name), by])),
    isRemoved,
  };
}

/** Everything may go that nothing keeps. */
export const rules = (more: Partial<CleanupRules> = {}): CleanupRules => ({
  kinds: cleanupKinds,
  keepNewest: 0,
  graceDays: 7,
  now,
  isAccountUnseen: false,
  blindSpots: [],
  pulledSince: undefined,
  pullRequestOf: (tag) => (/^pr-\d+$/.test(tag) ? Number(tag.slice(3)) : undefined),
  stateOf: (number) => (number < 100 ? "closed" : "unknown"),
  isRemovedService: ({ service }) => service === "old",
  ...more,
});
