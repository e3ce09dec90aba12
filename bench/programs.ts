import { median } from "./statistics.ts";

/** What one process took. */
export interface ProgramUse {
  readonly name: string;
  readonly processorSeconds: number;
  readonly peakBytes: number;
}

/** A program's line in a case's result: medians over the runs. */
export interface ProgramResult {
  readonly name: string;
  /** How many processes of it a run has. */
  readonly processes: number;
  readonly cpu_s: number;
  /** Of the largest of these processes. */
  readonly peak_mib: number;
}

/** The process that runs a Pulumi program (`@pulumi/pulumi`'s `cmd/run`). */
export const pulumiProgram = "node: the Pulumi program";

/** Names what Node.js runs by its script, and the rest by its file, such as `pulumi` and `node: provider aws`. */
export function programName(words: readonly string[]): string {
  const [first = "", ...rest] = words;
  const file = first.slice(first.lastIndexOf("/") + 1);
  if (file !== "node" || rest.includes("-e")) return file;
  const script = rest.findIndex((word) => !word.startsWith("-"));
  const path = rest[script];
  if (path === undefined) return file;
  if (/\/cmd\/run\/(index\.js)?$/.test(path)) return pulumiProgram;
  if (path.endsWith("/provider/main.ts")) return `node: provider ${rest[script + 1] ?? ""}`.trimEnd();
  return `node: ${path.split("/").slice(-2).join("/")}`;
}

/** Adds up the processes of each program run by run, and takes the medians; the dearest first. */
export function byProgram(runs: readonly (readonly ProgramUse[])[]): ProgramResult[] {
  const names = new Set(runs.flatMap((run) => run.map(({ name }) => name)));
  const results = [...names].map((name) => {
    const each = runs.map((run) => run.filter((one) => one.name === name));
    const seconds = each.map((some) => some.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0));
    const peaks = each.map((some) => Math.max(0, ...some.map(({ peakBytes }) => peakBytes)));
    return {
      name,
      processes: Math.round(median(each.map((some) => some.length))),
      cpu_s: Math.round(median(seconds) * 100) / 100,
      peak_mib: Math.round(median(peaks) / 2 ** 20),
    };
  });
  return results.filter(({ processes }) => processes > 0).toSorted((a, b) => b.cpu_s - a.cpu_s);
}
