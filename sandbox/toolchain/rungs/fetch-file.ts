import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import prettyBytes from "pretty-bytes";
import { request } from "../reach.ts";

/**
 * Downloads a file and holds it to its SHA-256.
 *
 * @throws Error when the answer is not 200 or the checksum differs.
 */
export async function fetchFile(
  from: { readonly url: string; readonly sha256: string },
  to: string,
  options: { readonly signal: AbortSignal; readonly progress: (message: string) => void },
): Promise<void> {
  const response = await request(from.url, { signal: options.signal });
  if (!response.ok || response.body === null) throw new Error(`${from.url} answered ${response.status}`);
  const total = Number(response.headers.get("content-length") ?? 0);
  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      options.progress(`${prettyBytes(bytes)}${total === 0 ? "" : ` of ${prettyBytes(total)}`}`);
      done(undefined, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(to), {
    signal: options.signal,
  });
  const digest = hash.digest("hex");
  if (digest !== from.sha256) {
    throw new Error(
      `${from.url} has the checksum ${digest}, not ${from.sha256} as published: it is not used`,
    );
  }
}
