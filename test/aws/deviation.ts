/** Where a request or an answer is not as AWS describes it. */
export interface Deviation {
  readonly service: string;
  readonly operation: string;
  readonly side: "request" | "answer";
  /** Members from the top, lists as `[]`, keys of maps as `{}`: `services[].deployments[].rolloutState`. */
  readonly path: string;
  readonly kind: DeviationKind;
  /** What is there, and what AWS says. */
  readonly detail: string;
}

export type DeviationKind =
  | "unknown-operation"
  | "unknown-member"
  | "missing-member"
  | "wrong-type"
  | "not-in-enum"
  | "length"
  | "pattern"
  | "range"
  | "unknown-error"
  /** Each part is right, and AWS documents that they don't go together. */
  | "combination"
  | "unreadable";

/** One line for people. */
export function describeDeviation({ service, operation, side, path, kind, detail }: Deviation): string {
  return `${service}:${operation} ${side} ${path === "" ? "(whole)" : path}: ${kind}: ${detail}`;
}
