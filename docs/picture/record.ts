/**
 * Records a real `slipway demo` and draws it as docs/picture/demo.svg:
 *
 *     node docs/picture/record.ts
 *
 * Needs `script` of util-linux, which gives the demo a terminal. With `--keep FOLDER` the recording stays
 * there, and `--from FOLDER` draws one again.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { makeFilm, type Output } from "./film.ts";
import { drawFilm } from "./svg.ts";

const root = join(import.meta.dirname, "../..");
const picture = join(import.meta.dirname, "demo.svg");
const screen = { columns: 112, rows: 30, title: "npm run demo" };

/** Runs the demo on a terminal of the picture's size. `script` takes the command as one text: a constant. */
async function record(folder: string): Promise<void> {
  const demo = `stty cols ${screen.columns} rows ${screen.rows}; exec ./slipway demo`;
  const files = ["--log-out", join(folder, "output"), "--log-timing", join(folder, "timing")];
  await execa("script", ["--quiet", "--flush", "--return", ...files, "--command", demo], {
    cwd: root,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    env: { TERM: "xterm-256color", CI: undefined, NO_COLOR: undefined },
  });
}

/** The recording of `script`: a line of header, the output, a line of trailer; delays and lengths in bytes. */
async function readRecording(folder: string): Promise<Output[]> {
  const output = await readFile(join(folder, "output"));
  const timing = await readFile(join(folder, "timing"), "utf8");
  const decoder = new TextDecoder();
  let offset = output.indexOf("\n") + 1;
  let elapsed = 0;
  return timing.split("\n").flatMap((line) => {
    const [delay, length] = line.split(" ").map(Number);
    if (delay === undefined || length === undefined || Number.isNaN(length)) return [];
    elapsed += delay;
    const bytes = output.subarray(offset, offset + length);
    offset += length;
    return [{ seconds: elapsed, text: decoder.decode(bytes, { stream: true }) }];
  });
}

/** The clone as `~/slipway`, also where a narrow column has cut its path. */
function withoutRoot(text: string): string {
  const whole = text.replaceAll(root, "~/slipway");
  const beginnings = Array.from({ length: root.length - 2 }, (_, index) =>
    root.slice(0, root.length - index),
  );
  return beginnings.reduce((rest, beginning) => rest.replaceAll(`${beginning}…`, "~/slipway…"), whole);
}

const { values } = parseArgs({ options: { keep: { type: "string" }, from: { type: "string" } } });
const temporary = await mkdtemp(join(tmpdir(), "slipway-picture-"));
try {
  const folder = values.from ?? values.keep ?? temporary;
  await mkdir(folder, { recursive: true });
  if (values.from === undefined) await record(folder);
  const recording = await readRecording(folder);
  const prompt = { seconds: 0, text: "$ npm run demo\r\n\r\n" };
  const film = makeFilm([prompt, ...recording], {
    columns: screen.columns,
    framesPerSecond: 4,
    speed: 1.5,
    longestPause: 1.2,
    clean: withoutRoot,
  });
  await writeFile(picture, drawFilm(film, screen));
} finally {
  await rm(temporary, { recursive: true, force: true });
}
