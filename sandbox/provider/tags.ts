import type { AwsContext } from "./context.ts";

export type Tags = Readonly<Record<string, string>>;

/** The tags that a resource gets: its own, over the provider's default tags. */
export function allTags(tags: Tags | undefined, context: Pick<AwsContext, "defaultTags">): Tags {
  return { ...context.defaultTags, ...tags };
}

/** What has to be set and what has to go to get from one set of tags to another. */
export function tagChanges(before: Tags | undefined, after: Tags): { set: Tags; remove: string[] } {
  const set = Object.entries(after).filter(([key, value]) => before?.[key] !== value);
  return {
    set: Object.fromEntries(set),
    remove: Object.keys(before ?? {}).filter((key) => !(key in after)),
  };
}

/** Tags as most services take them: `[{Key, Value}]`. */
export function asKeyValues(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags as most services give them. */
export function fromKeyValues(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
