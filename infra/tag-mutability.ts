/** A repository's two arguments about tags that may move. */
export interface TagMutability {
  readonly imageTagMutability: "IMMUTABLE_WITH_EXCLUSION" | "MUTABLE";
  readonly imageTagMutabilityExclusionFilters?: {
    readonly filter: string;
    readonly filterType: "WILDCARD";
  }[];
}

/**
 * How ECR is told which tags may move: in an immutable repository those that the filters match, in a
 * mutable one all.
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
