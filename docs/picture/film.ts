import { createTerminal, type Run } from "./terminal.ts";

/** What a program wrote, and when. */
export interface Output {
  readonly seconds: number;
  readonly text: string;
}

/** A row that looked the same from one moment of the film to another. */
export interface Shot {
  /** Row from the first one that was ever written. */
  readonly row: number;
  readonly runs: readonly Run[];
  readonly from: number;
  /** Undefined: to the end of the film. */
  readonly to?: number;
}

export interface Film {
  readonly shots: readonly Shot[];
  /** The rows that had been written by then. */
  readonly heights: readonly { readonly at: number; readonly rows: number }[];
  readonly seconds: number;
}

export interface FilmOptions {
  readonly columns: number;
  /** How often the picture may change. */
  readonly framesPerSecond: number;
  /** How many times faster than the run the film is. */
  readonly speed: number;
  /** The longest time in the run, in seconds, that the film shows of a screen that does not change. */
  readonly longestPause: number;
  /** Takes out of the text what is only this machine's. */
  clean(text: string): string;
}

/** Spinners turn and times count up: neither is worth a frame. */
const restless = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|\d+(\.\d+)? s\b/g;

/** Plays a recording into rows with the time that each was to be seen. */
export function makeFilm(recording: readonly Output[], options: FilmOptions): Film {
  const terminal = createTerminal(options.columns);
  const shots: Shot[] = [];
  const heights: { at: number; rows: number }[] = [];
  let open: { row: number; runs: readonly Run[]; key: string; from: number }[] = [];
  let at = 0;
  let quiet = 0;
  let shownAt = Number.NEGATIVE_INFINITY;
  let last = "";

  const cleaned = (run: Run): Run => ({ ...run, text: options.clean(run.text) });
  const show = (rows: readonly (readonly Run[])[]) => {
    shownAt = at;
    const now = rows.map((runs, row) => ({ row, runs, key: JSON.stringify(runs) }));
    const next = now.map((line) => {
      const before = open[line.row];
      return before?.key === line.key ? before : { ...line, from: at };
    });
    for (const before of open) {
      if (next[before.row] !== before && before.from < at) shots.push({ ...shot(before), to: at });
    }
    open = next;
    const rowsNow = rows.length;
    if (heights.at(-1)?.rows !== rowsNow) heights.push({ at, rows: rowsNow });
  };

  for (const [index, { seconds, text }] of recording.entries()) {
    const gap = seconds - (recording[index - 1]?.seconds ?? 0);
    const shown = Math.max(0, Math.min(gap, options.longestPause - quiet));
    quiet += gap;
    at += shown / options.speed;
    terminal.write(text);
    const rows = trimmed(terminal.rows()).map((runs) => runs.map(cleaned));
    const settled = JSON.stringify(rows).replaceAll(restless, "");
    if (settled !== last) quiet = 0;
    last = settled;
    if (at - shownAt >= 1 / options.framesPerSecond || index === recording.length - 1) show(rows);
  }
  return { shots: [...shots, ...open.map(shot)].filter(({ runs }) => runs.length > 0), heights, seconds: at };
}

function shot({ row, runs, from }: Shot): Shot {
  return { row, runs, from };
}

/** Without the empty rows at the end. */
function trimmed(rows: readonly (readonly Run[])[]): readonly (readonly Run[])[] {
  return rows.slice(0, rows.findLastIndex((runs) => runs.some(({ text }) => text.trim() !== "")) + 1);
}
