import { readFile } from "node:fs/promises";
import type { Problem } from "../problems/errors.ts";

/** A file's text, or the problem that prevents reading it. Undefined if the file does not exist. */
export type TextFile = { readonly text: string } | { readonly problem: Problem } | undefined;

/**
 * Reads a text file with or without a byte order mark, with any line ends, and through symbolic links.
 *
 * @param absolute absolute path
 * @param where name of the file in messages
 */
export async function readTextFile(absolute: string, where: string): Promise<TextFile> {
  try {
    return decodeText(await readFile(absolute), where);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const message = unreadable[code];
    if (message === undefined) throw error;
    return { problem: { code: "unreadable-file", where, ...message } };
  }
}

/** What is wrong with a link that leads to no file, however long it is followed. */
export const linkCircle = "is a symbolic link that leads back to itself";

const unreadable: Readonly<Record<string, Pick<Problem, "message" | "fix"> | undefined>> = {
  EISDIR: { message: "is a folder, not a file", fix: "remove the folder, and create the file" },
  EACCES: { message: "can't be read: permission denied", fix: "make it readable" },
  EPERM: { message: "can't be read: permission denied", fix: "make it readable" },
  ELOOP: { message: linkCircle, fix: "point the link at the file" },
};

/** The text of UTF-8 bytes, without a byte order mark. */
export function decodeText(
  bytes: Uint8Array,
  where: string,
): { readonly text: string } | { readonly problem: Problem } {
  const encoding = encodingOf(bytes);
  try {
    if (encoding === "UTF-8") return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return {
    problem: {
      code: "wrong-encoding",
      where,
      message: encoding === "UTF-8" ? "is not UTF-8 text" : `is encoded in ${encoding}, not in UTF-8`,
      // PowerShell is what writes UTF-16.
      fix:
        encoding === "UTF-8" ? "save it as UTF-8" : "save it as UTF-8 (PowerShell: Out-File -Encoding utf8)",
    },
  };
}

function encodingOf([first, second]: Uint8Array): "UTF-8" | "UTF-16" {
  const isMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isMark || first === 0 || second === 0 ? "UTF-16" : "UTF-8";
}
