import {
  type Document,
  isMap,
  isPair,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLParseError,
} from "yaml";
import type { ErrorCode } from "../../../../config/problems/codes.ts";
import { UserError } from "../../../../config/problems/errors.ts";

/** A file of manifests: its text, and the documents in it. */
export interface Manifest {
  /** Path in the repository, as it is named in messages. */
  readonly file: string;
  readonly text: string;
  readonly documents: readonly Document.Parsed[];
  /** `apps/ui.yaml:12:9` */
  place(offset: number): string;
  /** The line of a position, from 1. */
  lineOf(offset: number): number;
}

/** Words of git-lfs's pointer files. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const lfsPointer = "version https://git-lfs.github.com/spec/";

/**
 * Reads the bytes of a file of manifests as text that can be written back byte by byte.
 *
 * @throws UserError `manifest-refused` for what is not UTF-8, and for a pointer of Git LFS
 */
export function decodeManifest(bytes: Uint8Array, file: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw refusal({ where: file, message: "is not text in UTF-8", fix: "save the file as UTF-8" });
  }
  if (!text.startsWith(lfsPointer)) return text;
  throw refusal({
    where: file,
    message: "is stored with Git LFS, so the repository has only a pointer of it",
    fix: "take the file out of Git LFS: git lfs untrack, then commit it again",
  });
}

/**
 * Parses a file of manifests.
 *
 * @throws UserError `manifest-refused` for a Helm template, a key that a map has twice, and what is not YAML
 */
export function parseManifest(text: string, file: string): Manifest {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    // A merge key is told from other keys by its name: what it brings in is never edited.
    merge: false,
    logLevel: "silent",
  });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const manifest = { file, text, documents, lineOf, place };
  const errors = documents.flatMap((document) => document.errors);
  const [error] = errors;
  const template = templateAt(text, documents, error);
  if (template !== undefined) throw templateRefusal(place(template));
  if (error !== undefined) throw refusal({ where: place(error.pos[0]), ...describeError(error, text) });
  return manifest;
}

/** A refusal to edit a file. */
export function refusal(problem: {
  readonly code?: ErrorCode;
  readonly where: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly message: string;
  readonly fix: string;
}): UserError {
  return new UserError({ code: "manifest-refused", ...problem });
}

export function templateRefusal(where: string, key?: string): UserError {
  return refusal({
    where,
    ...(key === undefined ? {} : { key }),
    message: "is a Helm template, whose image comes from values",
    fix: "name the values file of the stage, with helm: and the key that holds the image",
  });
}

/** Where a Helm template begins. `{{ .Values.image }}` is YAML to a parser: a map whose key is a map. */
function templateAt(
  text: string,
  documents: readonly Document.Parsed[],
  error: YAMLParseError | undefined,
): number | undefined {
  if (error !== undefined) {
    const action = /^[^#"'\n]*\{\{/m.exec(text);
    return action === null ? undefined : action.index + action[0].length - 2;
  }
  let found: number | undefined;
  for (const document of documents) {
    visit(document, {
      Map: (_, map) => {
        const [first] = map.items;
        if (map.flow !== true || !isPair(first) || !isMap(first.key) || first.key.flow !== true)
          return undefined;
        found = map.range?.[0];
        return visit.BREAK;
      },
    });
  }
  return found;
}

function describeError({ code, message, pos }: YAMLParseError, text: string) {
  if (code === "DUPLICATE_KEY") {
    const value = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(pos[0]))?.[0].trim();
    return { value, message: "this map already has the key", fix: "remove one of the two, or rename it" };
  }
  if (code === "TAB_AS_INDENT") {
    return { message: "this line is indented with a tab", fix: "indent with spaces" };
  }
  const first = message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
  return { message: `is not YAML: ${first}`, fix: "correct the file in the manifest repository" };
}
