import type { RetentionPreset, RetentionRule } from "../../config/stack/retention.ts";

/** The rules of each preset; docs/reference/retention.md explains their sources and differences. */
export const presets: Readonly<Record<RetentionPreset, readonly RetentionRule[]>> = {
  releases: [
    { images: { prefixes: ["v"] }, keepLast: 10 },
    { images: "untagged", expireAfterDays: 7 },
  ],
  development: [
    { images: { prefixes: ["pr-"] }, expireAfterDays: 3 },
    { images: { prefixes: ["dev-"] }, expireAfterDays: 14 },
    { images: "untagged", expireAfterDays: 7 },
  ],
  newest: [
    { images: { prefixes: ["scan"] }, expireAfterDays: 1 },
    { images: "any", keepLast: 10 },
  ],
  environments: [
    { images: "untagged", expireAfterDays: 1 },
    { images: { prefixes: ["prod-"] }, keepLast: 3 },
    { images: { prefixes: ["staging-", "main-"] }, keepLast: 5 },
    { images: { prefixes: ["feature-", "fix-", "dev-"] }, expireAfterDays: 7 },
    { images: "any", keepLast: 20 },
  ],
};
