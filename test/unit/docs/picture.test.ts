import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFilm, type Output } from "../../../docs/picture/film.ts";
import { drawFilm } from "../../../docs/picture/svg.ts";
import { createTerminal } from "../../../docs/picture/terminal.ts";

const screen = { columns: 20, rows: 2, title: "a run" };
const options = {
  columns: 20,
  framesPerSecond: 10,
  speed: 1,
  longestPause: 1,
  clean: (text: string) => text,
};

function textOf(columns: number, ...written: readonly string[]): string[] {
  const terminal = createTerminal(columns);
  for (const text of written) terminal.write(text);
  return terminal.rows().map((runs) => runs.map(({ text }) => text).join(""));
}

function film(...recording: readonly Output[]) {
  return makeFilm(recording, options);
}

describe("the terminal", () => {
  test("draws again what log-update draws again", () => {
    expect(
      textOf(20, "old\r\nlines\r\n", "\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2K\u001b[Gnew"),
    ).toEqual(["new", "", ""]);
  });

  test("wraps at its width, and takes a sequence that comes in two pieces", () => {
    expect(textOf(4, "abcdef\u001b[3", "1mg")).toEqual(["abcd", "efg"]);
  });

  test("keeps colours, bold and dim apart", () => {
    const terminal = createTerminal(20);
    terminal.write("\u001b[1m\u001b[32mok\u001b[39m\u001b[22m\u001b[2m 1 s\u001b[22m!");
    expect(terminal.rows()).toEqual([
      [
        { text: "ok", style: { colour: 32, bold: true } },
        { text: " 1 s", style: { dim: true } },
        { text: "!", style: {} },
      ],
    ]);
  });
});

describe("the film", () => {
  test("shows a row from its time on, and one that was replaced until then", () => {
    const { shots, seconds } = film({ seconds: 0, text: "one" }, { seconds: 0.5, text: "\rtwo" });
    expect(seconds).toBe(0.5);
    expect(shots).toEqual([
      { row: 0, runs: [{ text: "one", style: {} }], from: 0, to: 0.5 },
      { row: 0, runs: [{ text: "two", style: {} }], from: 0.5 },
    ]);
  });

  test("cuts a pause short, also where only a spinner turned in it", () => {
    const spinning = ["⠋", "⠙", "⠹"].map((frame, index) => ({ seconds: 5 * index, text: `\r${frame} move` }));
    expect(film(...spinning, { seconds: 11, text: "\r✔ move" }).seconds).toBeLessThanOrEqual(2);
  });
});

describe("the picture", () => {
  test("begins again at its end, scrolls, and shows the last screen where nothing moves", () => {
    const svg = drawFilm(film({ seconds: 0, text: "a\r\nb\r\n" }, { seconds: 1, text: "<c>" }), screen);
    expect(svg).toContain('begin="0s;f.end"');
    expect(svg).toContain('values="14 44;14 27"');
    expect(svg).toContain('translate(14 27)"');
    expect(svg).toContain("&lt;c&gt;<set");
    expect(svg).not.toContain('visibility="hidden"><');
  });

  test("of the demo is small, tells the whole story, and names no folder of a machine", async () => {
    const svg = await readFile(join(import.meta.dirname, "../../../docs/picture/demo.svg"), "utf8");
    expect(Buffer.byteLength(svg)).toBeLessThan(200_000);
    for (const part of ["npm\u00a0run\u00a0demo", "rolled\u00a0back", "Where\u00a0the\u00a0time\u00a0went"]) {
      expect(svg).toContain(part);
    }
    expect(svg).not.toMatch(/\/(home|root|work|tmp|Users)\//);
  });
});
