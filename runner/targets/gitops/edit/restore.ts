import type { ChangedLine } from "./edit.ts";

/**
 * Takes an edit back in a text that others may have changed since, elsewhere: each line that the edit left is
 * replaced by the one before it, or removed if the edit added it.
 *
 * @param lines of the edit, from first to last
 * @returns undefined when a line is no longer there, or there more than once and elsewhere
 */
export function restoreLines(text: string, lines: readonly ChangedLine[]): string | undefined {
  const all = text.split("\n");
  const content = (line: string | undefined) => line?.replace(/\r$/, "");
  const positions: number[] = [];
  for (const { line, after } of lines) {
    const last = positions.at(-1) ?? -1;
    const there = all.flatMap((one, index) => (index > last && content(one) === after ? [index] : []));
    const found = there.includes(line - 1) ? line - 1 : there.length === 1 ? there[0] : undefined;
    if (found === undefined) return undefined;
    positions.push(found);
  }
  const kept = all.flatMap((one, index) => {
    const changed = lines[positions.indexOf(index)];
    if (positions.includes(index) && changed !== undefined) {
      if (changed.before === undefined) return [];
      return [`${changed.before}${one.endsWith("\r") ? "\r" : ""}`];
    }
    return [one];
  });
  return kept.join("\n");
}
