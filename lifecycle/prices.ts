import { z } from "zod";

const dollars = z.number().nonnegative();

const regionSchema = z.strictObject({
  /** A gigabyte (10^9 bytes) in the standard storage class for a month. */
  storage: dollars,
  /** The same in the archive, up to `archiveTier` gigabytes, and beyond. */
  archive: dollars,
  archiveBeyond: dollars,
  archiveTier: z.number().positive(),
  /** To restore a gigabyte from the archive. */
  restore: dollars,
  /** A gigabyte out to the internet. */
  transferOut: dollars,
  /** A gigabyte to another region. */
  transferToRegion: dollars,
});

/** Prices in US dollars, before tax, discounts and the free tier. */
export const pricesSchema = z.strictObject({
  /** The day on which they were looked up. */
  date: z.iso.date(),
  source: z.string(),
  /** By region. `*` stands for the regions that are not named. */
  regions: z.record(z.string(), regionSchema),
});

export type Prices = z.output<typeof pricesSchema>;
export type RegionPrices = z.output<typeof regionSchema>;

/**
 * Amazon ECR's list prices, which are alike in most regions. A file of the same format takes their place
 * (`--prices`).
 */
export const listPrices: Prices = {
  date: "2026-03-01",
  source: "https://aws.amazon.com/ecr/pricing/",
  regions: {
    "*": {
      storage: 0.1,
      archive: 0.1,
      archiveBeyond: 0.07,
      archiveTier: 150_000,
      restore: 0.03,
      transferOut: 0.09,
      transferToRegion: 0.02,
    },
  },
};

/** The prices of a region; those of `*`, or of the first region, for one that the table does not name. */
export function pricesOf({ regions }: Prices, region: string): RegionPrices & { readonly isExact: boolean } {
  const exact = regions[region];
  const found = exact ?? regions["*"] ?? Object.values(regions)[0];
  if (found === undefined) throw new Error("a price table without a region passed the schema");
  return { ...found, isExact: exact !== undefined };
}

const gigabyte = 1_000_000_000;

/** What bytes in the standard storage class cost, in dollars a month. */
export function storageCost(bytes: number, { storage }: RegionPrices): number {
  return (bytes / gigabyte) * storage;
}

/** What bytes in the archive cost, in dollars a month. */
export function archiveCost(bytes: number, { archive, archiveBeyond, archiveTier }: RegionPrices): number {
  const gigabytes = bytes / gigabyte;
  return Math.min(gigabytes, archiveTier) * archive + Math.max(0, gigabytes - archiveTier) * archiveBeyond;
}

/**
 * What the archive saves for bytes that would be moved there, in dollars a month: nothing below the tier, and a
 * restoration costs more.
 */
export function archiveSaving(bytes: number, prices: RegionPrices): number {
  return storageCost(bytes, prices) - archiveCost(bytes, prices);
}
