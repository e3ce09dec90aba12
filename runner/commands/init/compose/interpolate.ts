/** A text with its variables replaced, or the first variable that has no value in the file. */
export type Interpolated = { readonly text: string } | { readonly missing: string };

/**
 * A compose file's text with each variable replaced by its default. No environment and no `.env` file is
 * read: what they hold on this machine says nothing about a deployment.
 * https://docs.docker.com/reference/compose-file/interpolation/
 */
export function interpolate(text: string): Interpolated {
  let filled = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    if (rest.startsWith("$$")) {
      filled += "$";
      at += 2;
      continue;
    }
    const plain = /^\$([A-Za-z_]\w*)/.exec(rest)?.[1];
    if (plain !== undefined) return { missing: plain };
    const end = rest.startsWith("${") ? closingBrace(rest) : -1;
    if (end < 0) {
      filled += rest[0];
      at += 1;
      continue;
    }
    const inside = braced(rest.slice(2, end));
    if ("missing" in inside) return inside;
    filled += inside.text;
    at += end + 1;
  }
  return { text: filled };
}

/** `NAME`, `NAME:-default`, `NAME-default`, `NAME:?error`, `NAME:+instead`: each as it is for a variable that is not set. */
function braced(inside: string): Interpolated {
  const [, name = inside, sign, other = ""] = /^([A-Za-z_]\w*)(?::?([-+?])([\s\S]*))?$/.exec(inside) ?? [];
  switch (sign) {
    case "-":
      return interpolate(other);
    case "+":
      return { text: "" };
    default:
      return { missing: name };
  }
}

/** Where the brace that the text begins with is closed; -1: nowhere. */
function closingBrace(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("${", at)) open += 1;
    else if (text[at] === "}" && --open === 0) return at;
  }
  return -1;
}
