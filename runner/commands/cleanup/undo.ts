import { inRestorationOrder } from "../../../lifecycle/cleanup/order.ts";
import { listDetails } from "../../registry/contents.ts";
import { restoreManifest } from "../../registry/removal/removal.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { refuseElsewhere } from "./plan-file.ts";
import type { UndoImage, UndoRecord } from "./undo-record.ts";

interface NotRestored {
  readonly repository: string;
  readonly digest: string;
  /** Undefined: the manifest itself. */
  readonly tag?: string;
  /** ECR's own, or `TagMoved`. */
  readonly code: string;
  readonly message: string;
}

/** `slipway cleanup undo`. */
export interface CleanupUndoneDocument {
  readonly version: 1;
  readonly kind: "cleanup-undone";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  readonly restored: readonly { readonly repository: string; readonly digest: string }[];
  /** Those that had not been deleted, or had been restored before. */
  readonly present: number;
  readonly tags: readonly { readonly repository: string; readonly digest: string; readonly tag: string }[];
  readonly notRestored: readonly NotRestored[];
  /** What was not begun, since the run was interrupted. */
  readonly notBegun: number;
}

/**
 * Puts back what a clean-up has deleted: what an index lists before the index, a subject before its artifacts, and
 * tags last. ECR takes a manifest as long as it still has its layers. A tag that is on another image by now stays
 * there.
 *
 * @throws UserError `cleanup-elsewhere`
 */
export async function undoCleanup(
  session: Session,
  file: string,
  record: UndoRecord,
): Promise<CleanupUndoneDocument> {
  const { registry, settings, caller, signal, timeline } = session;
  const own = { account: caller.account, region: settings.aws.region, registry, stack: settings.stack };
  refuseElsewhere(file, record.head, own);
  const found: Found = { restored: [], present: 0, tags: [], notRestored: [], notBegun: 0 };
  const byRepository = Map.groupBy(record.images, ({ repository }) => repository);
  await timeline.run({ id: "cleanup undo", title: `Restore ${record.images.length} manifests` }, async () => {
    for (const [repository, images] of byRepository) {
      if (signal.aborted) found.notBegun += images.length;
      else await restoreRepository(session, repository, images, found);
    }
  });
  return { ...documentHead(session, "cleanup-undone"), ...found };
}

interface Found {
  restored: CleanupUndoneDocument["restored"][number][];
  present: number;
  tags: CleanupUndoneDocument["tags"][number][];
  notRestored: NotRestored[];
  notBegun: number;
}

async function restoreRepository(
  { clients, signal }: Session,
  repository: string,
  images: readonly UndoImage[],
  found: Found,
): Promise<void> {
  const details = await listDetails(clients, repository, signal, { imageStatus: "ANY" });
  if (details === undefined) {
    const message = "the repository is gone; create it with the settings in the record, then run undo again";
    for (const { digest } of images)
      found.notRestored.push({ repository, digest, code: "RepositoryNotFoundException", message });
    return;
  }
  const there = new Set(details.map(({ imageDigest = "" }) => imageDigest));
  const holders = new Map(
    details.flatMap(({ imageDigest = "", imageTags = [] }) =>
      imageTags.map((tag) => [tag, imageDigest] as const),
    ),
  );
  const ordered = inRestorationOrder(images);
  for (const { digest, mediaType, manifest } of ordered) {
    if (signal.aborted) {
      found.notBegun += 1;
      continue;
    }
    if (there.has(digest)) {
      found.present += 1;
      continue;
    }
    const refusal = await restoreManifest(
      clients,
      repository,
      { digest, mediaType, text: manifest },
      undefined,
      signal,
    );
    if (refusal === undefined) {
      there.add(digest);
      found.restored.push({ repository, digest });
    } else found.notRestored.push({ repository, digest, ...refusal, message: explained(refusal) });
  }
  for (const image of ordered)
    if (there.has(image.digest)) await restoreTags(clients, image, holders, found, signal);
}

async function restoreTags(
  clients: Session["clients"],
  { repository, digest, mediaType, manifest, tags }: UndoImage,
  holders: ReadonlyMap<string, string>,
  found: Found,
  signal: AbortSignal,
): Promise<void> {
  for (const tag of tags) {
    const holder = holders.get(tag);
    if (holder === digest || signal.aborted) continue;
    if (holder !== undefined) {
      const message = `the tag is on ${holder} now, and stays there`;
      found.notRestored.push({ repository, digest, tag, code: "TagMoved", message });
      continue;
    }
    const refusal = await restoreManifest(
      clients,
      repository,
      { digest, mediaType, text: manifest },
      tag,
      signal,
    );
    if (refusal === undefined) found.tags.push({ repository, digest, tag });
    else found.notRestored.push({ repository, digest, tag, ...refusal });
  }
}

/** What a refusal means for what was deleted. */
function explained({ code, message }: { readonly code: string; readonly message: string }): string {
  switch (code) {
    case "LayersNotFoundException":
      return "ECR has removed its layers; build or push it again";
    case "ReferencedImagesNotFoundException":
      return "an image that it lists could not be restored";
    default:
      return message;
  }
}
