import { loadavg } from "node:os";
import { formatTable } from "../runner/report/table.ts";
import type { CaseResult } from "./result.ts";

/** The machine while it ran: times mean little without. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memory_gib: number;
  /** Over one minute, at the beginning, at the end, and the highest before a case. */
  readonly load: { readonly start: number; readonly end: number; readonly highest: number };
}

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

/** The results as a table; with programs, another one of what each program took. */
export function showResults(cases: readonly CaseResult[], machine: Machine, withPrograms = false): string {
  const seconds = (value: number | null) => (value === null ? "" : `${value.toFixed(2)} s`);
  const mebibytes = (value: number | null) => (value === null ? "" : `${value} MiB`);
  const rows = cases.map((one) => [
    one.id,
    one.title,
    seconds(one.ours_s),
    seconds(one.peer_s),
    one.ratio === null ? "" : one.ratio.toFixed(2),
    one.target,
    one.met ? "met" : "MISSED",
    String(one.runs),
    seconds(one.ours_cpu_s),
    seconds(one.peer_cpu_s),
    one.cpu_ratio === null ? "" : one.cpu_ratio.toFixed(2),
    mebibytes(one.ours_peak_mib),
    mebibytes(one.peer_peak_mib),
  ]);
  const head = [
    "Case",
    "",
    "Slipway",
    "Peer",
    "Ratio",
    "Target",
    "",
    "Runs",
    "Processor",
    "Peer's",
    "Ratio",
    "Memory",
    "Peer's",
  ];
  const { load } = machine;
  const peers = cases.flatMap(({ id, peer }) => (peer === null ? [] : [`  ${id}: ${peer}`]));
  return [
    `${machine.processors} processors (${machine.model}), ${machine.memory_gib} GiB; load ${load.start} at the beginning, ${load.end} at the end, ${load.highest} at most`,
    "",
    formatTable([head, ...rows]),
    ...(peers.length === 0 ? [] : ["", "Peers:", ...peers]),
    ...(withPrograms ? ["", showPrograms(cases)] : []),
  ].join("\n");
}

function showPrograms(cases: readonly CaseResult[]): string {
  const rows = cases.flatMap(({ id, ours_programs, peer_programs }) => {
    const sides = [
      ["Slipway", ours_programs],
      ["peer", peer_programs],
    ] as const;
    return sides.flatMap(([side, programs]) =>
      programs.map((one) => [
        id,
        side,
        one.name,
        String(one.processes),
        `${one.cpu_s.toFixed(2)} s`,
        `${one.peak_mib} MiB`,
      ]),
    );
  });
  return formatTable([["Case", "", "Program", "Processes", "Processor", "Memory of one"], ...rows]);
}
