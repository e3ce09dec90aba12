import type { Film, Shot } from "./film.ts";
import type { Run, Style } from "./terminal.ts";

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
}

const cell = { width: 7.8, height: 17 };
const margin = 14;
const bar = 30;
/** How long the last picture stays before the film begins again. */
const restSeconds = 6;

/** Viewers join blanks, and some ignore `white-space: pre`. */
const noBreakSpace = "\u00a0";

const colours: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#76e3ea",
  90: "#8b949e",
};

/**
 * An SVG that plays a film and starts again at its end. The window brings its own dark background, so it is
 * readable on a dark and on a light page. A viewer without animation shows the last picture.
 */
export function drawFilm(film: Film, screen: Screen): string {
  const width = Math.ceil(screen.columns * cell.width + 2 * margin);
  const height = screen.rows * cell.height + 2 * margin + bar;
  const end = film.seconds + restSeconds;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(screen.title)}">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3}
.d{fill:#8b949e}.b{font-weight:bold}
${Object.entries(colours)
  .map(([code, colour]) => `.c${code}{fill:${colour}}`)
  .join("")}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>
<g fill="#30363d"><circle cx="20" cy="17" r="6"/><circle cx="40" cy="17" r="6"/><circle cx="60" cy="17" r="6"/></g>
<text class="d" x="${width / 2}" y="22" text-anchor="middle">${escaped(screen.title)}</text>
<clipPath id="s"><rect y="${bar}" width="${width}" height="${height - bar - 4}"/></clipPath>
<rect width="1" height="1" opacity="0"><animate id="f" attributeName="x" from="0" to="0" begin="0s;f.end" dur="${seconds(end)}"/></rect>
<g clip-path="url(#s)"><g transform="translate(${margin} ${top(lastHeight(film), screen)})">
${scroll(film, screen, end)}
${film.shots.map(drawShot).join("\n")}
</g></g>
</svg>
`;
}

function lastHeight(film: Film): number {
  return film.heights.at(-1)?.rows ?? 0;
}

/** Where the first row lies when so many are written: the newest stay in the window. */
function top(rows: number, screen: Screen): number {
  return bar + margin - Math.max(0, rows - screen.rows) * cell.height;
}

function scroll(film: Film, screen: Screen, end: number): string {
  const steps = film.heights.map(({ at, rows }) => ({ at, y: top(rows, screen) }));
  const changes = steps.filter(({ y }, index) => index === 0 || steps[index - 1]?.y !== y);
  const times = changes.map(({ at }, index) => (index === 0 ? 0 : at / end));
  const values = changes.map(({ y }) => `${margin} ${y}`);
  return `<animateTransform attributeName="transform" type="translate" calcMode="discrete" begin="f.begin" dur="${seconds(end)}" values="${values.join(";")}" keyTimes="${times.map((time) => short(time, 4)).join(";")}"/>`;
}

/** A row is hidden until its time comes; one that is gone at the end is hidden before and after. */
function drawShot({ row, runs, from, to }: Shot): string {
  const y = row * cell.height + 13;
  const visible =
    to === undefined
      ? `<set attributeName="visibility" to="hidden" begin="f.begin" dur="${seconds(Math.max(from, 0.01))}"/>`
      : `<set attributeName="visibility" to="visible" begin="f.begin+${seconds(from)}" dur="${seconds(to - from)}"/>`;
  const hidden = to === undefined ? "" : ' visibility="hidden"';
  const { x, spans } = layOut(runs);
  return `<text x="${short(x * cell.width, 1)}" y="${y}"${hidden}>${spans}${visible}</text>`;
}

/** Leading blanks become the place of the first character. */
function layOut(runs: readonly Run[]): { readonly x: number; readonly spans: string } {
  const text = runs.map((run) => run.text).join("");
  const x = text.length - text.trimStart().length;
  let skip = x;
  const spans = runs.map((run) => {
    const rest = run.text.slice(skip);
    skip = Math.max(0, skip - run.text.length);
    return rest === "" ? "" : span(rest, run.style);
  });
  return { x, spans: spans.join("").trimEnd() };
}

function span(text: string, { colour, bold, dim }: Style): string {
  const classes = [
    ...(dim ? ["d"] : colour !== undefined && colour in colours ? [`c${colour}`] : []),
    ...(bold ? ["b"] : []),
  ];
  return classes.length === 0
    ? escaped(text)
    : `<tspan class="${classes.join(" ")}">${escaped(text)}</tspan>`;
}

function escaped(text: string): string {
  return text
    .replaceAll(" ", noBreakSpace)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function seconds(value: number): string {
  return `${short(value, 2)}s`;
}

function short(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
