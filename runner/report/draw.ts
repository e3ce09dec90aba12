import type { Colours } from "./colours.ts";
import { formatDuration } from "./duration.ts";
import { childrenOf, rootsOf, type StepView, type View } from "./view.ts";

export interface Canvas {
  /** Columns of the terminal. */
  readonly width: number;
  /** Lines that there is room for; finished steps give way first. */
  readonly height: number;
  /** The clock that steps started on, in milliseconds. */
  readonly now: number;
  readonly colours: Colours;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const spinnerMilliseconds = 80;

/** The steps as lines, each no wider than the canvas. */
export function drawView(view: View, canvas: Canvas): string[] {
  const all = rootsOf(view).flatMap((root) => drawStep(view, root, 0, canvas, () => true));
  if (all.length <= canvas.height) return all;
  const unfinished = (step: StepView) => step.state === "running" || step.state === "failed";
  const fewer = rootsOf(view).flatMap((root) => drawStep(view, root, 0, canvas, unfinished));
  return fewer.slice(0, Math.max(1, canvas.height));
}

function drawStep(
  view: View,
  step: StepView,
  depth: number,
  canvas: Canvas,
  shown: (step: StepView) => boolean,
): string[] {
  if (!shown(step)) return [];
  const { dim } = canvas.colours;
  const indent = "  ".repeat(depth);
  const time = formatDuration(step.milliseconds ?? canvas.now - step.startedAt);
  // A step that took no time worth a mention says only that it is done.
  const shownTime = step.state !== "running" && (step.milliseconds ?? 0) < 50 ? "" : ` ${time}`;
  const room = canvas.width - 1 - indent.length - 2 - shownTime.length;
  const title = cut(step.title, room);
  const left = room - title.length - 2;
  const message = step.message === undefined || left < 8 ? "" : `  ${cut(oneLine(step.message), left)}`;
  const line = `${indent}${mark(step, canvas)} ${title}${tint(step, message, canvas)}${dim(shownTime)}`;
  const last =
    step.lastLine === undefined
      ? []
      : [`${indent}  ${dim(cut(step.lastLine, canvas.width - 3 - indent.length))}`];
  const children = childrenOf(view, step.id);
  return [line, ...last, ...children.flatMap((child) => drawStep(view, child, depth + 1, canvas, shown))];
}

function mark(step: StepView, { now, colours }: Canvas): string {
  switch (step.state) {
    case "running":
      return colours.cyan(spinner[Math.floor(now / spinnerMilliseconds) % spinner.length] ?? "");
    case "done":
      return colours.green("✔");
    case "failed":
      return colours.red("✖");
    case "skipped":
      return colours.dim("○");
    case "cancelled":
      return colours.yellow("◼");
  }
}

function tint(step: StepView, message: string, { colours }: Canvas): string {
  return step.state === "failed" ? colours.red(message) : colours.dim(message);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** At most so many characters, the last one an ellipsis when something is left out. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
