import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is always whole, and has what was written last. */
export interface KeptFile {
  /** Writes the document as it is now, after what was given before. @throws Error when it can't be written */
  write(document: unknown): Promise<void>;
  /** Waits for what is being written. Never rejects. */
  settled(): Promise<void>;
}

/** @param file path; its folder is made when the first document is written */
export function keptFile(file: string): KeptFile {
  let written: Promise<void> = Promise.resolve();
  return {
    write(document) {
      const text = JSON.stringify(document);
      written = written
        .catch(() => {})
        .then(async () => {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(`${file}.new`, text);
          await rename(`${file}.new`, file);
        });
      return written;
    },
    settled: () => written.catch(() => {}),
  };
}
