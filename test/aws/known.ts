import type { Deviation } from "./deviation.ts";

/** What the emulator is known to do otherwise than AWS. */
export interface KnownDeviation {
  /** `ecs:DescribeServices`, or `ecs:*`. */
  readonly call: string;
  /**
   * Where the emulator has answered what a request sends back as it was. The request's deviation is known only
   * when this answer has deviated before in the same run. Left out: the deviation is an answer's.
   */
  readonly copyOf?: string;
  readonly kind: Deviation["kind"];
  /** The member's path, or the end of it. */
  readonly path: string;
  /** Why it does no harm, or how Slipway lives with it. */
  readonly reason: string;
}

/**
 * Deviations of the emulator (MiniStack). One that is not here fails the test that meets it. A request that
 * deviates by Slipway's own doing is never known: it is mended.
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
  ...["pidMode", "ipcMode"].flatMap((path): KnownDeviation[] => [
    {
      call: "ecs:*",
      kind: "not-in-enum",
      path,
      reason: "empty, where AWS leaves it out; a revision is a copy, whatever it says",
    },
    {
      call: "ecs:RegisterTaskDefinition",
      copyOf: `taskDefinition.${path}`,
      kind: "not-in-enum",
      path,
      reason: "the copy of the emulator's empty one",
    },
  ]),
  {
    call: "ecs:*",
    kind: "not-in-enum",
    path: "stopCode",
    reason: "empty while a task runs, where AWS leaves it out; it is read for tasks that stopped only",
  },
  {
    call: "elasticloadbalancing:DescribeTargetHealth",
    kind: "unknown-member",
    path: "HealthStatus",
    reason: "not read: TargetHealth.State is",
  },
  ...["defaultNetworkAclId", "defaultSecurityGroupId", "mainRouteTableId"].map(
    (path): KnownDeviation => ({
      call: "ec2:DescribeVpcs",
      kind: "unknown-member",
      path,
      reason: "AWS has other calls for it; only the stand-in provider asks, and does not read it",
    }),
  ),
  {
    call: "events:ListRules",
    kind: "unknown-member",
    path: "CreatedBy",
    reason: "AWS has it in DescribeRule only; it is not read",
  },
  {
    call: "ec2:CreateSecurityGroup",
    kind: "unknown-member",
    path: "return",
    reason: "an older form of the answer; it is not read",
  },
];

/**
 * Why a deviation is known; undefined when it is new.
 *
 * @param answered what the emulator's answers have deviated in before, in the same run
 */
export function reasonFor(deviation: Deviation, answered: readonly Deviation[] = []): string | undefined {
  return knownDeviations.find(
    ({ call, copyOf, kind, path }) =>
      deviation.side === (copyOf === undefined ? "answer" : "request") &&
      kind === deviation.kind &&
      (deviation.path === path || deviation.path.endsWith(`.${path}`)) &&
      (call === `${deviation.service}:*` || call === `${deviation.service}:${deviation.operation}`) &&
      (copyOf === undefined || answered.some((one) => one.side === "answer" && one.path === copyOf)),
  )?.reason;
}
