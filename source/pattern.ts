import { posix } from "node:path";
import { goExpression, InvalidPattern } from "./go-expression.ts";

/** One line of an ignore file, as moby/patternmatcher understands it. */
export interface IgnorePattern {
  /** Whether the line begins with `!`, which includes again what earlier lines excluded. */
  readonly exception: boolean;
  /** Without `!`, cleaned as Go's `filepath.Clean` does. */
  readonly text: string;
  /** @throws InvalidPattern for what only Go's regular expressions refuse: `[z-a]`, `\\y` */
  matches(path: string): boolean;
}

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
  if (text === "") throw new InvalidPattern("an exception needs a pattern after !");
  checkSyntax(text);
  // As upstream: compiled when first needed. What is never tried is never refused.
  let compiled: ((path: string) => boolean) | undefined;
  return {
    exception,
    text,
    matches: (path) => {
      compiled ??= compile(text);
      return compiled(path);
    },
  };
}

/** Go's `filepath.Clean`. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

/**
 * What Go's `filepath.Match(text, ".")` refuses: an open or empty bracket, a backslash at the end. It looks
 * at the text up to the first `*`, and further only where that stands for a full stop.
 */
function checkSyntax(text: string): void {
  const [first, rest] = nextChunk(text);
  if (checkChunk(first)) checkChunk(nextChunk(rest)[0]);
}

/** A text without its stars at the beginning, up to the next star outside of brackets. */
function nextChunk(text: string): [chunk: string, rest: string] {
  const chunk = text.replace(/^\*+/, "");
  let inBrackets = false;
  for (let i = 0; i < chunk.length; i++) {
    const character = chunk[i];
    if (character === "\\") i++;
    else if (character === "[") inBrackets = true;
    else if (character === "]") inBrackets = false;
    else if (character === "*" && !inBrackets) return [chunk.slice(0, i), chunk.slice(i)];
  }
  return [chunk, ""];
}

/** Whether a part without a star matches `.`, once its syntax has been checked. */
function checkChunk(chunk: string): boolean {
  let operators = 0;
  let stop = false;
  for (let i = 0; i < chunk.length; i++, operators++) {
    if (chunk[i] === "[") {
      const end = endOfClass(chunk, i);
      stop = matchesStop(chunk.slice(i, end + 1));
      i = end;
      continue;
    }
    if (chunk[i] === "\\" && ++i >= chunk.length) throw new InvalidPattern("ends with a backslash");
    stop = chunk[i] === "." || (chunk[i] === "?" && chunk[i - 1] !== "\\");
  }
  return operators === 1 && stop;
}

function matchesStop(brackets: string): boolean {
  const negated = brackets.startsWith("[^");
  const members = brackets.slice(negated ? 2 : 1, -1);
  const ranges = members.matchAll(/\\?(.)(?:-\\?(.))?/gsu);
  const found = [...ranges].some(([, low = "", high = low]) => low <= "." && "." <= high);
  return found !== negated;
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
  if (character === undefined) throw new InvalidPattern("has a [ without a matching ]");
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
  // In Go's syntax, letter by letter what upstream compiles.
  let expression = "^";
  for (let i = 0, step = 0; i < characters.length; i++, step++) {
    const character = characters[i] as string;
    if (character === "*" && characters[i + 1] === "*") {
      i++;
      if (characters[i + 1] === "/") i++;
      if (i + 1 >= characters.length) {
        if (kind === "exact") kind = "prefix";
        else {
          expression += ".*";
          kind = "expression";
        }
      } else {
        expression += "(.*/)?";
        kind = "expression";
      }
      if (step === 0) kind = "suffix";
    } else if (character === "*" || character === "?") {
      expression += character === "*" ? "[^/]*" : "[^/]";
      kind = "expression";
    } else if (literal.has(character)) {
      expression += `\\${character}`;
    } else if (character === "\\") {
      // One at the end comes before the `$` that ends every expression, as it does upstream.
      if (i + 1 < characters.length) kind = "expression";
      expression += `\\${characters[++i] ?? ""}`;
    } else {
      if (character === "[" || character === "]") kind = "expression";
      expression += character;
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
    case "expression":
      return goExpression(`${expression}$`);
  }
}
