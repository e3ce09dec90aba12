import type { Delivered, Verdict } from "./verdict.ts";

/** What deploys the manifests, as a delivery is followed: Argo CD or Flux. */
export interface Follower {
  /** In a few words: `Argo CD, Application ui-dev`. */
  readonly name: string;
  /** Reads the objects once. */
  look(): Promise<Sighting>;
  /**
   * Asks for a comparison with the repository now. A hard one does not use what was rendered before. Best
   * effort: without the permission, it comes by itself.
   */
  refresh(kind: "refresh" | "hard refresh"): Promise<void>;
  /**
   * What would keep it from ever seeing a commit there: another repository or branch, something suspended.
   * Read-only.
   *
   * @throws UserError when the cluster can't be read
   */
  faults(place: Pick<Delivered, "repository" | "branch">): Promise<readonly Fault[]>;
  /** Why what was seen last is not well: failing resources, reasons of pods, events, last log lines. */
  evidence(delivered: Delivered): Promise<readonly string[]>;
}

/** What is wrong before anything was committed. */
export interface Fault {
  readonly message: string;
  readonly fix: string;
}

/** One look at the objects. */
export interface Sighting {
  /** Revisions of the manifest repository that the objects name. */
  readonly revisions: readonly string[];
  judge(delivered: Delivered): Verdict;
}
