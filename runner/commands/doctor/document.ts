/** `slipway doctor`. */
export interface DoctorDocument {
  readonly version: 1;
  readonly kind: "doctor";
  readonly stack: string | undefined;
  readonly checks: readonly Check[];
}

export interface Check {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  /** The result, on one line. */
  readonly message: string;
  readonly fix?: string;
}
