/**
 * What AWS's documents leave open, and what reports of real previews contradict each other about. Each
 * combination is a reading of the rules, and every answer of this room covers all of them.
 */
export interface Reading {
  /**
   * Whether a manifest that an index lists is selected and counted while the index is there. A preview of 26
   * pushes ranked 24 (DefangLabs/pulumi-defang#466); aws/containers-roadmap#2613 says that each manifest counts.
   */
  readonly countsChildren: boolean;
  /** Whether an artifact with a subject (a signature, an SBOM, a release record) is selected and counted. */
  readonly countsArtifacts: boolean;
  /**
   * Whether a rule counts the images that rules of higher priority select. The user guide: rules "can still
   * identify them as if they haven't been expired". A rule that removes them from its pool keeps more.
   */
  readonly countsClaimed: boolean;
}

const either = [true, false] as const;

/** Every reading. The first one counts the most. */
export const readings: readonly Reading[] = either.flatMap((countsClaimed) =>
  either.flatMap((countsChildren) =>
    either.map((countsArtifacts) => ({ countsChildren, countsArtifacts, countsClaimed })),
  ),
);

/** `platforms count, artifacts don't, images of higher rules count` */
export function readingName({ countsChildren, countsArtifacts, countsClaimed }: Reading): string {
  const verb = (counts: boolean) => (counts ? "count" : "don't");
  return `platforms ${verb(countsChildren)}, artifacts ${verb(countsArtifacts)}, images of higher rules ${verb(countsClaimed)}`;
}
