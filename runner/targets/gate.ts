/** What can have a say in whether a release comes to run, or is taken for a success. */
export type GateName =
  /** `slipway:deploy.requireCleanTree`: nothing that was built is uncommitted. */
  | "clean tree"
  /** No release of a newer commit is replaced. */
  | "newest wins"
  /** A promoted image ran well where it comes from. */
  | "proven"
  /** The registry has the image with all its platforms. */
  | "image"
  /** All that `slipway verify` checks. */
  | "pre-flight"
  | "one-off task"
  /** The tasks run the very digest, and stay. */
  | "tasks"
  | "target health"
  | "deployment alarms"
  | "smoke check"
  /** A version of a function was invoked before anybody was sent to it. */
  | "check"
  /** The steps of a function's weighted shift, with their alarms and error counts. */
  | "shift";

/** A gate that was really asked in a run, and what it said. One that was not asked is not there. */
export interface Gate {
  readonly gate: GateName;
  /** `overridden`: it was against it, and a person was for it. `undecided`: it could not tell, and let it pass. */
  readonly verdict: "passed" | "failed" | "overridden" | "undecided" | "not checked";
  readonly message?: string;
}
