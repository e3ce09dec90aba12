/** A check that can stop a release, or keep it from counting as a success. */
export type GateName =
  /** `slipway:deploy.requireCleanTree`: nothing that was built is uncommitted. */
  | "clean tree"
  /** No release of a newer commit is replaced. */
  | "newest wins"
  /** A promoted image ran well on the stack that it comes from. */
  | "proven"
  /** The registry has the image with all its platforms. */
  | "image"
  /** `slipway:gates.findings`: the image has no findings that block, or none that what runs has not. */
  | "findings"
  /** `slipway:gates.image`: user, size, layers, secrets and base of the image. */
  | "image checks"
  /** `slipway:gates.dockerfile`: BuildKit's checks of what is built, and its stages. */
  | "dockerfile"
  /** `slipway:gates.signed`: one of the keys has signed the index and every platform. */
  | "signed"
  /** Everything that `slipway verify` checks. */
  | "pre-flight"
  | "one-off task"
  /** The tasks run exactly this digest, and keep running. */
  | "tasks"
  | "target health"
  | "deployment alarms"
  | "smoke check"
  /** A version of a function was invoked before any caller was sent to it. */
  | "check"
  /** The steps of a function's weighted shift, with their alarms and error counts. */
  | "shift";

/** A gate that a run asked, and its verdict. A gate that the run did not ask is left out. */
export interface Gate {
  readonly gate: GateName;
  /**
   * `overridden`: it failed, and a person overrode it. `undecided`: it could not tell, and let the release
   * pass.
   */
  readonly verdict: "passed" | "failed" | "overridden" | "undecided" | "not checked";
  readonly message?: string;
}
