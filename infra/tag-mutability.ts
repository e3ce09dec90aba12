/** A repository's two arguments about tags that may move. */
export interface TagMutability {
  readonly imageTagMutability: "IMMUTABLE_WITH_EXCLUSION" | "MUTABLE";
  readonly imageTagMutabilityExclusionFilters?: {
    readonly filter: string;
    readonly filterType: "WILDCARD";
  }[];
}

/**
 * The repository's arguments for the tags that may move: all in a mutable repository, those that the filters
 * match in an immutable one.
 */
export function tagMutability(setting: "immutable" | "mutable", moving: readonly string[]): TagMutability {
  if (setting === "mutable") return { imageTagMutability: "MUTABLE" };
  return {
    imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
    // Sorted, so that their order in the settings means nothing.
    imageTagMutabilityExclusionFilters: [...new Set(moving)]
      .sort()
      .map((filter) => ({ filter, filterType: "WILDCARD" })),
  };
}
