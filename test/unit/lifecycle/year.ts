import type { StoredImage } from "../../../lifecycle/image.ts";
import { daysAgo } from "./arbitrary.ts";

/** What a repository of a synthetic year is made of. */
export interface Year {
  readonly platforms: number;
  /** Images a day. */
  readonly perDay: number;
  /** The days that it lasted. Default: 365. */
  readonly days?: number;
}

/** An image of the year, by what a promise can be about. */
export interface YearImage {
  readonly digest: string;
  /** The version tag's beginning: `v`, `pr-`, `main-`, … */
  readonly kind: string;
  readonly age: number;
  readonly isKept: boolean;
}

const kinds = ["main-", "pr-", "dev-", "feature-", "fix-", "staging-", "prod-", "v", "scan"];

/**
 * A busy repository as a year of Slipway leaves it, without any policy: images of every kind in turn, each an index
 * (or one manifest) with its source tag, evidence and the record of what it was built from; a release record for
 * each third image; caches that newer ones have replaced; keep tags on an old image that still runs, and on one
 * that a rollback would go back to.
 */
export function yearOf({ platforms, perDay, days = 365 }: Year): {
  readonly images: readonly StoredImage[];
  readonly pushed: readonly YearImage[];
} {
  const stored: StoredImage[] = [];
  const pushed: YearImage[] = [];
  const count = Math.floor(days * perDay);
  for (let index = 0; index < count; index += 1) {
    const age = (count - index - 0.3) / perDay;
    const pushedAt = daysAgo(age);
    const kind = kinds[index % kinds.length] as string;
    const digest = `sha256:image${index}`;
    const keep = index === Math.floor(count / 10) ? ["inuse-prod-ecs-shop.ui"] : [];
    const good = index === Math.floor(count / 20) ? ["lastgood-prod-ecs-shop.ui"] : [];
    const children =
      platforms === 1 ? [] : Array.from({ length: platforms }, (_, one) => `sha256:platform${one}-${index}`);
    const attach = (name: string) => ({
      digest: `sha256:${name}${index}`,
      tags: [],
      pushedAt,
      children: [],
      subject: digest,
    });
    stored.push(
      { digest, tags: [`src-${index}`, `${kind}${index}`, ...keep, ...good], pushedAt, children },
      ...children.map((child) => ({ digest: child, tags: [], pushedAt, children: [] })),
      attach("source"),
      attach("sbom"),
      attach("signature"),
      { digest: `sha256:cache${index}`, tags: [], pushedAt, children: [] },
      ...(index % 3 === 0 ? [attach("record")] : []),
    );
    pushed.push({ digest, kind, age, isKept: keep.length + good.length > 0 });
  }
  stored.push({ digest: "sha256:head", tags: ["inuse-releases.prod"], pushedAt: daysAgo(200), children: [] });
  return { images: stored, pushed };
}
