import { posix } from "node:path";

/** One line of an ignore file, as moby/patternmatcher understands it. */
export interface IgnorePattern {
  /** Lines that begin with `!` let in again what lines before them left out. */
  readonly exception: boolean;
  /** Without `!`, cleaned as Go's `filepath.Clean` does. */
  readonly text: string;
  matches(path: string): boolean;
}

/** A line that Docker refuses, and with it the whole build. */
export class InvalidPattern extends Error {}

/**
 * Reads one pattern. A port of moby/patternmatcher 0.6 with its special cases, which decide what is
 * in an image: https://github.com/moby/patternmatcher/blob/v0.6.1/patternmatcher.go.
 *
 * @throws InvalidPattern
 */
export function readPattern(line: string): IgnorePattern {
  const cleaned = cleanPath(line);
  const exception = cleaned.startsWith("!");
  const text = exception ? cleaned.slice(1) : cleaned;
  if (text === "") throw new InvalidPattern("an exception needs a pattern after its !");
  checkSyntax(text);
  return { exception, text, matches: compile(text) };
}

/** Go's `filepath.Clean`. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

/** What Go's `filepath.Match` refuses: an open or empty bracket, a backslash at the end. */
function checkSyntax(text: string): void {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && ++i >= text.length) throw new InvalidPattern("ends with a backslash");
    if (text[i] !== "[" || text[i - 1] === "\\") continue;
    i = endOfClass(text, i);
  }
}

function endOfClass(text: string, open: number): number {
  let i = open + 1;
  if (text[i] === "^") i++;
  for (let members = 0; ; members++) {
    if (text[i] === "]" && members > 0) return i;
    i = endOfMember(text, i);
    if (text[i] === "-") i = endOfMember(text, i + 1);
  }
}

function endOfMember(text: string, start: number): number {
  const i = text[start] === "\\" ? start + 1 : start;
  const character = text[i];
  if (character === undefined) throw new InvalidPattern("has a [ without its ]");
  if (i === start && (character === "-" || character === "]")) {
    throw new InvalidPattern(`has a ${character} where brackets need a character`);
  }
  return i + 1;
}

/** What needs escaping in a regular expression and means nothing in a pattern. */
const literal = new Set(".+()|{}$");

function compile(text: string): (path: string) => boolean {
  const characters = [...text];
  let kind: "exact" | "prefix" | "suffix" | "expression" = "exact";
  let expression = "^";
  let inClass = false;
  for (let i = 0, step = 0; i < characters.length; i++, step++) {
    const character = characters[i] as string;
    if (character === "*" && characters[i + 1] === "*") {
      i++;
      if (characters[i + 1] === "/") i++;
      if (i + 1 >= characters.length) {
        if (kind === "exact") kind = "prefix";
        else {
          expression += "[^\\n]*";
          kind = "expression";
        }
      } else {
        expression += "(?:[^\\n]*/)?";
        kind = "expression";
      }
      if (step === 0) kind = "suffix";
    } else if (character === "*" || character === "?") {
      expression += character === "*" ? "[^/]*" : "[^/]";
      // Upstream does not know of brackets here: what it puts in ends those that are open.
      inClass = false;
      kind = "expression";
    } else if (literal.has(character)) {
      expression += `\\${character}`;
    } else if (character === "\\") {
      const escaped = characters[++i];
      // Go's bell; other letters mean the same in both.
      expression += escaped === "a" ? "\\x07" : `\\${escaped}`;
      kind = "expression";
    } else if (character === "[" || character === "]") {
      expression += character === "]" && !inClass ? "\\]" : character === "[" && inClass ? "\\[" : character;
      inClass = character === "[";
      kind = "expression";
    } else {
      expression += character === "/" ? "\\/" : character;
    }
  }
  switch (kind) {
    case "exact":
      return (path) => path === text;
    case "prefix":
      return (path) => path.startsWith(text.slice(0, -2));
    case "suffix": {
      const suffix = text.slice(2);
      return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
    }
    case "expression": {
      const compiled = regularExpression(`${expression}$`);
      return (path) => compiled.test(path);
    }
  }
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch {
    throw new InvalidPattern("is not a pattern");
  }
}
