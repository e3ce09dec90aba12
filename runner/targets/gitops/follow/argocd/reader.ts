import type { Delivered } from "../verdict.ts";
import type { Application, ApplicationResource } from "./application.ts";

/** Ways to read Applications: kubectl, or Argo CD's own API. */
export interface ApplicationReader {
  read(): Promise<readonly Application[]>;
  refresh(application: Application, kind: "refresh" | "hard refresh"): Promise<void>;
  /** Why a sync window keeps Argo CD from syncing now; undefined when none does. */
  closedWindow(application: Application): Promise<string | undefined>;
  /**
   * The health of resources whose health the Application does not keep (Argo CD 3), as far as it can be read.
   */
  healths(application: Application): Promise<readonly ApplicationResource[]>;
  /** Reasons of pods, events and log lines of an Application that is not well. */
  podEvidence(
    application: Application,
    suspects: readonly ApplicationResource[],
    delivered: Delivered,
  ): Promise<readonly string[]>;
}
