import { bytesByKind, distinctBytes } from "../../../lifecycle/bytes.ts";
import { archiveCost, archiveSaving, type Prices, pricesOf, storageCost } from "../../../lifecycle/prices.ts";
import { type ImageWhat, imageWhats, whatOf } from "../../../lifecycle/what.ts";
import type { InventoryImage } from "../../inventory/read.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { type ReadRepository, readStack } from "./read.ts";

/** `slipway lifecycle cost`. */
export interface LifecycleCostDocument {
  readonly version: 1;
  readonly kind: "lifecycle-cost";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  readonly repositories: readonly RepositoryCost[];
  /** By what the images are; a blob counts for the first kind that has it, so these add up to the total. */
  readonly kinds: readonly KindCost[];
  /** Distinct blobs of all repositories. */
  readonly bytes: number;
  readonly dollarsPerMonth: number;
  readonly archive: {
    readonly bytes: number;
    readonly dollarsPerMonth: number;
    /** Compared with the standard storage class. */
    readonly savesDollars: number;
    readonly restoreDollars: number;
  };
  /** What one pull of everything in use costs. Within the region it costs nothing. */
  readonly transfer: {
    readonly bytes: number;
    readonly toRegionDollars: number;
    readonly outDollars: number;
  };
  readonly blind: readonly string[];
  readonly prices: { readonly date: string; readonly source: string; readonly isExact: boolean };
}

export interface RepositoryCost {
  readonly repository: string;
  readonly manifests: number;
  /** Distinct blobs of the repository; other repositories may have them as well. */
  readonly bytes: number;
  readonly dollarsPerMonth: number;
}

export interface KindCost {
  readonly what: ImageWhat;
  readonly manifests: number;
  readonly bytes: number;
  readonly dollarsPerMonth: number;
}

const gigabyte = 1_000_000_000;

/** What the images of the selected services cost now. Only reads. */
export async function lifecycleCost(session: Session, table: Prices): Promise<LifecycleCostDocument> {
  const { repositories, blind } = await readStack(session, "declared");
  const { region } = session.settings.aws;
  return { ...documentHead(session, "lifecycle-cost"), ...costOf(repositories, table, region), blind };
}

/** `lifecycleCost` of what was read. */
export function costOf(
  repositories: readonly Pick<ReadRepository, "repository" | "images" | "needed">[],
  table: Prices,
  region: string,
): Omit<LifecycleCostDocument, "version" | "kind" | "stack" | "account" | "region" | "blind"> {
  const prices = pricesOf(table, region);
  const all = repositories.flatMap(({ images, needed }) => {
    const indexes = new Map<string, InventoryImage[]>();
    for (const image of images) {
      for (const child of image.children) indexes.set(child, [...(indexes.get(child) ?? []), image]);
    }
    const what = (image: InventoryImage): ImageWhat => {
      const reasons = (needed.get(image.digest) ?? []).map(({ why, certainty }) =>
        certainty === "returns" ? `rollback: ${why}` : why,
      );
      return whatOf(image, reasons, (indexes.get(image.digest) ?? []).map(what));
    };
    return images.map((image) => ({ ...image, what: what(image) }));
  });
  const standard = all.filter(({ what }) => what !== "archive");
  const archived = distinctBytes(all.filter(({ what }) => what === "archive"));
  const bytes = distinctBytes(standard);
  const byKind = bytesByKind(standard, imageWhats);
  const inUse = byKind.get("in use") ?? 0;
  return {
    repositories: repositories.map(({ repository, images }) => {
      const own = distinctBytes(images.filter(({ archivedAt }) => archivedAt === undefined));
      return { repository, manifests: images.length, bytes: own, dollarsPerMonth: storageCost(own, prices) };
    }),
    kinds: imageWhats.flatMap((what): KindCost[] => {
      const manifests = standard.filter((image) => image.what === what).length;
      const own = byKind.get(what) ?? 0;
      return manifests === 0
        ? []
        : [{ what, manifests, bytes: own, dollarsPerMonth: storageCost(own, prices) }];
    }),
    bytes,
    dollarsPerMonth: storageCost(bytes, prices) + archiveCost(archived, prices),
    archive: {
      bytes: archived,
      dollarsPerMonth: archiveCost(archived, prices),
      savesDollars: archiveSaving(archived, prices),
      restoreDollars: (archived / gigabyte) * prices.restore,
    },
    transfer: {
      bytes: inUse,
      toRegionDollars: (inUse / gigabyte) * prices.transferToRegion,
      outDollars: (inUse / gigabyte) * prices.transferOut,
    },
    prices: { date: table.date, source: table.source, isExact: prices.isExact },
  };
}
