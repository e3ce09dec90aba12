import type { Deviation } from "./deviation.ts";

/** What the emulator is known to do otherwise than AWS. */
export interface KnownDeviation {
  /** `ecs:DescribeServices`, or `ecs:*`. */
  readonly call: string;
  readonly kind: Deviation["kind"];
  /** The member's path, or the end of it. */
  readonly path: string;
  /** Why it does no harm, or how Slipway lives with it. */
  readonly reason: string;
}

/**
 * Deviations of the emulator (MiniStack) in its answers. One that is not here fails the test that meets it.
 * A request of ours that deviates is never known: it is mended.
 */
export const knownDeviations: readonly KnownDeviation[] = [
  {
    call: "lambda:*",
    kind: "unknown-member",
    path: "ImageUri",
    reason: "AWS has it in GetFunction's Code only, and that is where it is read",
  },
  {
    call: "lambda:*",
    kind: "not-in-enum",
    path: "Runtime",
    reason: "empty, where AWS leaves it out for images; it is not read",
  },
  {
    call: "lambda:*",
    kind: "not-in-enum",
    path: "LastUpdateStatusReasonCode",
    reason: "empty, where AWS leaves it out; it is read for updates that failed only",
  },
  {
    call: "lambda:*",
    kind: "not-in-enum",
    path: "StateReasonCode",
    reason: "empty, or Updating, where AWS leaves it out; it is read for functions that failed only",
  },
];

/** Why a deviation is known; undefined when it is new. */
export function reasonFor(deviation: Deviation): string | undefined {
  if (deviation.side === "request") return undefined;
  return knownDeviations.find(
    ({ call, kind, path }) =>
      kind === deviation.kind &&
      (deviation.path === path || deviation.path.endsWith(`.${path}`)) &&
      (call === `${deviation.service}:*` || call === `${deviation.service}:${deviation.operation}`),
  )?.reason;
}
