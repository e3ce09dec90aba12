import { byProgram, type ProgramResult, type ProgramUse, pulumiProgram } from "./programs.ts";
import { median, medianRatio } from "./statistics.ts";

/** What a case is to reach. */
export type Target =
  | {
      readonly kind: "seconds";
      readonly most: number;
      /** Of the process and all that it starts, at the same time. */
      readonly mostMebibytes?: number;
    }
  /** Of the peer's time. */
  | {
      readonly kind: "ratio";
      readonly most: number;
      /** Of the Pulumi program's process. */
      readonly mostMebibytesOfProgram?: number;
    };

/** What is measured; `id` is a promise: scripts compare runs by it. */
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly target: Target;
  /** What it is held against, for people; none: there is nothing like it. */
  readonly peer?: string;
}

/** One side of one run. */
export interface Sample {
  readonly seconds: number;
  /** Of processors, by the process and all that it started and waited for; undefined when not measured. */
  readonly processorSeconds?: number;
  /** Of the process and all that it started, at the same time; undefined when it was not measured. */
  readonly peakBytes?: number;
  /** What each of its processes took. */
  readonly programs?: readonly ProgramUse[];
}

/** One run: both sides, right after one another. */
export interface Pair {
  readonly ours: Sample;
  readonly peer?: Sample;
}

/** A case's line, as `--json` prints it. */
export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly ours_s: number;
  readonly peer_s: number | null;
  readonly ratio: number | null;
  readonly target: string;
  readonly met: boolean;
  readonly peer: string | null;
  readonly runs: number;
  /** Processor seconds: medians of the runs, and the median of the pairs' ratios. */
  readonly ours_cpu_s: number | null;
  readonly peer_cpu_s: number | null;
  readonly cpu_ratio: number | null;
  readonly ours_peak_mib: number | null;
  readonly peer_peak_mib: number | null;
  /** Where the processor seconds went, as far as they were seen: a look every second at most. */
  readonly ours_programs: readonly ProgramResult[];
  readonly peer_programs: readonly ProgramResult[];
}

/** The medians of a case's runs, and whether they reach its target. */
export function judge({ id, title, target, peer }: Case, pairs: readonly Pair[]): CaseResult {
  const ours = pairs.map((pair) => pair.ours);
  const peers = pairs.flatMap((pair) => pair.peer ?? []);
  const seconds = median(ours.map((one) => one.seconds));
  const ratio =
    peers.length === 0
      ? null
      : medianRatio(
          ours.map((one) => one.seconds),
          peers.map((one) => one.seconds),
        );
  const programs = byProgram(ours.map((one) => one.programs ?? []));
  const reached = target.kind === "seconds" ? seconds : (ratio ?? Number.NaN);
  return {
    id,
    title,
    ours_s: round(seconds),
    peer_s: peers.length === 0 ? null : round(median(peers.map((one) => one.seconds))),
    ratio: ratio === null ? null : round(ratio),
    target: describeTarget(target),
    met: reached <= target.most && isWithinMemory(target, peakOf(ours), programs),
    peer: peer ?? null,
    runs: pairs.length,
    ours_cpu_s: processorOf(ours),
    peer_cpu_s: processorOf(peers),
    cpu_ratio: processorRatio(pairs),
    ours_peak_mib: peakOf(ours),
    peer_peak_mib: peakOf(peers),
    ours_programs: programs,
    peer_programs: byProgram(peers.map((one) => one.programs ?? [])),
  };
}

export function describeTarget(target: Target): string {
  const isRatio = target.kind === "ratio";
  const most = isRatio ? target.mostMebibytesOfProgram : target.mostMebibytes;
  const memory = most === undefined ? "" : `, ≤ ${most} MiB`;
  return isRatio ? `≤ ${target.most} × peer${memory}` : `≤ ${target.most} s${memory}`;
}

function isWithinMemory(target: Target, all: number | null, programs: readonly ProgramResult[]): boolean {
  const isRatio = target.kind === "ratio";
  const most = isRatio ? target.mostMebibytesOfProgram : target.mostMebibytes;
  const peak = isRatio ? (programs.find(({ name }) => name === pulumiProgram)?.peak_mib ?? null) : all;
  return most === undefined || (peak !== null && peak <= most);
}

function processorOf(samples: readonly Sample[]): number | null {
  const measured = samples.flatMap(({ processorSeconds = Number.NaN }) =>
    Number.isNaN(processorSeconds) ? [] : [processorSeconds],
  );
  return measured.length === 0 ? null : round(median(measured));
}

function processorRatio(pairs: readonly Pair[]): number | null {
  const both = pairs.flatMap(({ ours, peer }) => {
    const [own = Number.NaN, other = Number.NaN] = [ours.processorSeconds, peer?.processorSeconds];
    return Number.isNaN(own) || Number.isNaN(other) || other === 0 ? [] : [own / other];
  });
  return both.length === 0 ? null : round(median(both));
}

function peakOf(samples: readonly Sample[]): number | null {
  const peaks = samples.flatMap(({ peakBytes }) => peakBytes ?? []);
  return peaks.length === 0 ? null : Math.round(median(peaks) / 2 ** 20);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
