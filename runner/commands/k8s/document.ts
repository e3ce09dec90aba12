import type { Where } from "../../session/where.ts";
import type { Method } from "./methods.ts";

/** A finding of `slipway k8s credentials --check`. */
export interface CredentialsCheck {
  readonly namespace: string;
  /** What was looked at: `secret ecr-pull`, `CronJob ecr-pull`. */
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly message: string;
  readonly fix?: string;
}

/** `slipway k8s credentials`. */
export interface CredentialsDocument extends Where {
  readonly version: 1;
  readonly kind: "k8s credentials";
  readonly registry: string;
  /** The ways, the best first. */
  readonly methods: readonly Method[];
  /** With `--method`: one YAML text of several documents. */
  readonly manifests?: string;
  /** With `--check`. */
  readonly checks?: readonly CredentialsCheck[];
}
