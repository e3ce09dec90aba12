import { createRequire } from "node:module";

/** A pattern that makes Docker refuse the build. */
export class InvalidPattern extends Error {}

/**
 * A test for a regular expression in Go's syntax (RE2). An expression that JavaScript reads the same way
 * runs natively, which is several times as fast. For any other, such as one with `\z`, `\Q` or
 * `[[:alpha:]]`, the port of RE2 is loaded.
 * https://github.com/google/re2/wiki/Syntax
 *
 * @throws InvalidPattern when Go refuses the expression
 */
export function goExpression(text: string): (path: string) => boolean {
  const native = inJavaScript(text);
  if (native !== undefined) {
    const expression = new RegExp(native, "u");
    return (path) => expression.test(path);
  }
  const { RE2JS } = createRequire(import.meta.url)("re2js") as typeof import("re2js");
  try {
    const expression = RE2JS.compile(text);
    return (path) => expression.matcher(path).find();
  } catch {
    throw new InvalidPattern("is not a pattern");
  }
}

/**
 * Brackets that mean the same in both: letters, digits and plain punctuation, and ranges from low to high.
 */
const plainBrackets = /^\[\^?(?:[0-9]-[0-9]|[a-z]-[a-z]|[A-Z]-[A-Z]|[A-Za-z0-9_,~@#%=/: ]|\\[.+()|{}$])+\]/;

/** The expression as JavaScript writes it; undefined when the two languages could differ. */
function inJavaScript(text: string): string | undefined {
  let native = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === "\\") {
      const escaped = text[++i] ?? "";
      if (!/^[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/.test(escaped)) return undefined;
      native += /[\^$\\.*+?()[\]{}|/]/.test(escaped) ? `\\${escaped}` : escaped;
    } else if (character === "[") {
      const brackets = plainBrackets.exec(text.slice(i))?.[0];
      if (brackets === undefined || !isAscending(brackets)) return undefined;
      native += brackets;
      i += brackets.length - 1;
    } else if (character === "]" || (character === "^" && i > 0)) {
      return undefined;
    } else if (character === ".") {
      native += "[^\\n]";
    } else native += character;
  }
  return native;
}

function isAscending(brackets: string): boolean {
  return [...brackets.matchAll(/(.)-(.)/g)].every(([, low = "", high = ""]) => low <= high);
}
