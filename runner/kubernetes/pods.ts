import type { ClusterEvent, Pod } from "./objects.ts";

type ContainerStatus = NonNullable<Pod["status"]["containerStatuses"]>[number];

/** A container with log lines that tell something. */
interface LogPlace {
  readonly name: string;
  /** The lines are of the run before this one. */
  readonly previous: boolean;
}

/** Reasons of a waiting container that are normal while it starts. */
const starting = ["ContainerCreating", "PodInitializing"];

/** Why a pod does not run as it should, one line a container; none when it does. */
export function podFaults(pod: Pod): readonly string[] {
  const { metadata, status } = pod;
  const name = `pod ${metadata.name}`;
  const unscheduled = status.conditions?.find(
    ({ type, status: met }) => type === "PodScheduled" && met === "False",
  );
  if (unscheduled !== undefined) return [`${name}: ${unscheduled.reason}: ${unscheduled.message}`];
  if (status.phase === "Failed")
    return [`${name}: ${[status.reason ?? "Failed", status.message].filter(Boolean).join(": ")}`];
  return containersOf(pod).flatMap((container) => {
    const fault = containerFault(container);
    return fault === undefined ? [] : [`${name}, ${container.name}: ${fault}`];
  });
}

/** The containers of a pod that have something to tell in their logs, and whether it is an earlier run's. */
export function containersToRead(pod: Pod): readonly LogPlace[] {
  return containersOf(pod).flatMap((container): readonly LogPlace[] => {
    const { state, lastState, ready, restartCount = 0, name } = container;
    if (state?.waiting !== undefined) {
      return lastState?.terminated !== undefined && restartCount > 0 ? [{ name, previous: true }] : [];
    }
    const failed = state?.terminated !== undefined && state.terminated.exitCode !== 0;
    return failed || ready === false ? [{ name, previous: false }] : [];
  });
}

function containersOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}

function containerFault({ state, lastState, ready, restartCount = 0 }: ContainerStatus): string | undefined {
  const waiting = state?.waiting;
  if (waiting?.reason !== undefined && !starting.includes(waiting.reason)) {
    const before = lastState?.terminated;
    const ended = before === undefined ? "" : ` (it ended: ${endOf(before)}, ${restartCount} restarts)`;
    return `${waiting.reason}${waiting.message === undefined ? "" : `: ${waiting.message}`}${ended}`;
  }
  if (state?.terminated !== undefined && state.terminated.exitCode !== 0) return endOf(state.terminated);
  if (ready === false && state?.running !== undefined) {
    return restartCount > 0 ? `not ready, after ${restartCount} restarts` : "not ready";
  }
  return undefined;
}

function endOf({
  reason,
  exitCode,
  message,
}: {
  reason?: string | undefined;
  exitCode?: number | undefined;
  message?: string | undefined;
}): string {
  const parts = [reason, exitCode === undefined ? undefined : `exit code ${exitCode}`, message];
  return parts.filter((part) => part !== undefined && part !== "").join(", ");
}

/** Warnings among events, the newest last, each text once. */
export function warningsOf(
  events: readonly ClusterEvent[],
  objects: ReadonlySet<string> | undefined,
  most: number,
): readonly string[] {
  const lines = events
    .filter(
      ({ type, involvedObject }) =>
        type === "Warning" &&
        (objects === undefined || objects.has(`${involvedObject.kind}/${involvedObject.name}`)),
    )
    .toSorted((one, other) => timeOf(one) - timeOf(other))
    .map(
      ({ involvedObject, reason, message }) =>
        `${involvedObject.kind}/${involvedObject.name}: ${reason}: ${message?.trim()}`,
    );
  return [...new Set(lines)].slice(-most);
}

function timeOf({ lastTimestamp, eventTime, metadata }: ClusterEvent): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? "") || 0;
}
