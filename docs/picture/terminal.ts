/** How a run of characters looks: the number of its SGR colour (31 to 37, 90 to 97), and its weight. */
export interface Style {
  readonly colour?: number;
  readonly bold?: boolean;
  readonly dim?: boolean;
}

/** Characters in a row that look the same. */
export interface Run {
  readonly text: string;
  readonly style: Style;
}

interface Cell {
  readonly character: string;
  readonly style: Style;
}

const plain: Style = {};
const sequence = /^\[(\??[0-9;]*)([A-Za-z])/;

/** A terminal that keeps everything that scrolled off; it knows the sequences that log-update writes. */
export interface Terminal {
  write(text: string): void;
  /** All rows from the first one written, each as runs. */
  rows(): Run[][];
}

/** @param columns width at which lines wrap */
export function createTerminal(columns: number): Terminal {
  const lines: Cell[][] = [[]];
  let row = 0;
  let column = 0;
  let style: Style = plain;

  const moveTo = (target: number) => {
    row = Math.max(0, target);
    while (lines.length <= row) lines.push([]);
  };
  const put = (character: string) => {
    if (column >= columns) {
      moveTo(row + 1);
      column = 0;
    }
    const line = lines[row] ?? [];
    while (line.length < column) line.push({ character: " ", style: plain });
    line[column] = { character, style };
    column += 1;
  };
  const control = (words: string, letter: string) => {
    const count = Number.parseInt(words, 10) || 1;
    if (letter === "A") moveTo(row - count);
    else if (letter === "B") moveTo(row + count);
    else if (letter === "G") column = count - 1;
    else if (letter === "K") lines[row]?.splice(words === "2" ? 0 : column);
    else if (letter === "m") style = styleAfter(style, words);
  };

  const type = (text: string) => {
    for (const character of text) {
      if (character === "\r") column = 0;
      else if (character === "\n") moveTo(row + 1);
      else if (character >= " ") put(character);
    }
  };
  /** The start of a sequence whose end is still to come. */
  let cut = "";

  return {
    write: (text) => {
      const [first = "", ...rest] = `${cut}${text}`.split("\u001b");
      cut = "";
      type(first);
      for (const [index, part] of rest.entries()) {
        const [whole, words = "", letter] = sequence.exec(part) ?? [];
        if (whole === undefined || letter === undefined) {
          if (index === rest.length - 1) cut = `\u001b${part}`;
          continue;
        }
        control(words, letter);
        type(part.slice(whole.length));
      }
    },
    rows: () => lines.map(runsOf),
  };
}

/** The style after a Select Graphic Rendition sequence (ECMA-48, 8.3.117). */
function styleAfter(before: Style, words: string): Style {
  let { colour, bold = false, dim = false } = before;
  for (const word of words.split(";")) {
    const code = Number.parseInt(word, 10) || 0;
    if (code === 0 || code === 39) colour = undefined;
    if (code === 0 || code === 22) bold = false;
    if (code === 0 || code === 22) dim = false;
    if (code === 1) bold = true;
    if (code === 2) dim = true;
    if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = code;
  }
  return { ...(colour === undefined ? {} : { colour }), ...(bold ? { bold } : {}), ...(dim ? { dim } : {}) };
}

function runsOf(line: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  for (const { character, style } of line) {
    const last = runs.at(-1);
    if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)) {
      runs[runs.length - 1] = { text: last.text + character, style };
    } else runs.push({ text: character, style });
  }
  return runs;
}
