import { isAlias, isScalar, type Node, parseDocument, Scalar } from "yaml";
import { aliasRefusal, type Found } from "./find.ts";
import { type Manifest, refusal, templateRefusal } from "./manifest.ts";

/** A change of a text: what stands between two positions becomes another text. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A change of one scalar, and what the file then has at its place. */
export interface ScalarEdit extends Splice {
  /** The scalar's place: see `Found.at`. */
  readonly at: string;
  readonly value: string;
}

/**
 * The text of a scalar that can be edited.
 *
 * @returns undefined for a value that is left out, or null
 * @throws UserError `manifest-refused` for an alias, a shared anchor, a tag, a list or map, and a template
 */
export function textOf(manifest: Manifest, { node, offset, at }: Found, key: string): string | undefined {
  const { place } = manifest;
  if (isAlias(node)) throw aliasRefusal(manifest, offset, node.source, key);
  if (node === null) return undefined;
  if (!isScalar(node)) {
    throw refusal({
      where: place(offset),
      key,
      message: "is a list or a map, not a text",
      fix: "name the key of the text itself in services.yaml",
    });
  }
  if (node.anchor !== undefined && isShared(manifest, node, at)) {
    throw refusal({
      where: place(offset),
      key,
      value: `&${node.anchor}`,
      message: "has an anchor that aliases elsewhere refer to, so an edit would change those places as well",
      fix: "write the value out where the aliases are",
    });
  }
  if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:")) {
    throw refusal({
      where: place(offset),
      key,
      value: node.tag,
      message: "has a tag of its own",
      fix: "remove the tag in the manifest repository",
    });
  }
  if (node.value === null) return undefined;
  const text = (isPlain(node) ? (node.source ?? String(node.value)) : String(node.value)).trim();
  if (text.includes("{{")) throw templateRefusal(place(offset), key);
  return text;
}

/** Whether aliases of the document refer to a node's anchor. */
function isShared({ documents, text }: Manifest, { anchor }: Scalar, at: string): boolean {
  const [start, end] = documents[Number(at.split("/")[0])]?.range ?? [0, text.length];
  return new RegExp(`\\*${escaped(anchor ?? "")}(?![^\\s,\\]}])`).test(text.slice(start, end));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function isPlain({ type }: Scalar): boolean {
  return type === undefined || type === Scalar.PLAIN;
}

/** Replaces a scalar by a text, in the style that it is written in. */
export function replaceScalar({ text }: Manifest, { node, offset, at }: Found, value: string): ScalarEdit {
  const scalar = node as Scalar | null;
  const [start, end] = (scalar as Node | null)?.range ?? [offset, offset];
  switch (scalar?.type) {
    case Scalar.QUOTE_DOUBLE:
      return { at, value, start, end, text: `"${value}"` };
    case Scalar.QUOTE_SINGLE:
      return { at, value, start, end, text: `'${value}'` };
    case Scalar.BLOCK_FOLDED:
    case Scalar.BLOCK_LITERAL: {
      const body = bodyOf(text, start, end);
      return { at, value, ...body, text: value };
    }
    default: {
      const written = asPlain(value);
      // A value that is left out begins right behind its colon.
      const gap = start === end && /[:\-?]/.test(text[start - 1] ?? "") ? " " : "";
      const comment = start === end && text[end] === "#" ? " " : "";
      return { at, value, start, end, text: `${gap}${written}${comment}` };
    }
  }
}

/** The text of a block scalar without its header, its indentation and its line ends. */
function bodyOf(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
  const header = text.indexOf("\n", start) + 1;
  const body = text.slice(header, end);
  const first = body.search(/\S/);
  return { start: header + Math.max(first, 0), end: header + body.trimEnd().length };
}

/** A text as a plain scalar; in double quotes where a reader of YAML 1.1 or 1.2 could take it for no text. */
export function asPlain(value: string): string {
  return isTextWhenPlain(value) ? value : `"${value}"`;
}

/**
 * Whether every reader takes a plain scalar for this text. Of the seven-digit beginnings of commits, one in
 * eighteen is a number to YAML: only digits, or `12e4567`. https://yaml.org/type/
 */
export function isTextWhenPlain(value: string): boolean {
  if (!/^[A-Za-z0-9_./][A-Za-z0-9_./:@+-]*$/.test(value) || value.endsWith(":")) return false;
  // Whatever begins like a number: 1.1 has octals, underscores, base 60 and dates that the parser may not know.
  if (/^[-+.]?\d[\d_.,:eExXoObBa-fA-F+-]*$/.test(value) || /^\.(inf|nan)$/i.test(value)) return false;
  if (/^(y|n|yes|no|on|off|true|false|null|nil|none)$/i.test(value)) return false;
  return (["1.1", "1.2"] as const).every((version) => {
    const document = parseDocument(value, { version, logLevel: "silent" });
    return document.errors.length === 0 && document.toJS() === value;
  });
}
