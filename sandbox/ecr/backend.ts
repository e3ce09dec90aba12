import { type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { targetPrefix } from "./protocol.ts";

/** A manifest as the registry keeps it. */
export interface StoredManifest {
  readonly mediaType: string;
  readonly text: string;
}

/** The emulator, behind the front. */
export interface Backend {
  /** Passes a request on as it comes, and the answer back; with `body`, the request has this one. */
  pass(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    changes?: { readonly body?: Buffer; readonly headers?: (status: number) => OutgoingHttpHeaders },
  ): Promise<void>;
  /** One of ECR's operations, on behalf of whoever signed a request. @throws Refused as the emulator refuses it */
  call(operation: string, input: object, authorization: string): Promise<unknown>;
  manifest(repository: string, digest: string): Promise<StoredManifest | undefined>;
  blob(repository: string, digest: string): Promise<unknown>;
}

/** An answer of the emulator's that is an error: it goes to the client as it is. */
export class Refused extends Error {
  readonly status: number;
  readonly answer: unknown;

  constructor(status: number, answer: unknown) {
    super(JSON.stringify(answer));
    this.name = "Refused";
    this.status = status;
    this.answer = answer;
  }
}

export function openBackend(port: number): Backend {
  const send = (
    options: { readonly method: string; readonly path: string; readonly headers: OutgoingHttpHeaders },
    write: (onwards: ReturnType<typeof request>) => void,
  ) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      // No connection is kept: the emulator ends idle ones, and a request must not meet one that is just ending.
      const onwards = request({ host: "127.0.0.1", port, agent: false, ...options }, resolve);
      onwards.on("error", reject);
      write(onwards);
    });
  const get = async (path: string) => {
    const answer = await send({ method: "GET", path, headers: { accept: "*/*" } }, (onwards) =>
      onwards.end(),
    );
    if (answer.statusCode === 200) return answer;
    answer.resume();
    return undefined;
  };
  return {
    async pass(incoming, outgoing, { body, headers } = {}) {
      const { method = "GET", url: path = "/" } = incoming;
      const { expect: _, connection: __, ...passed } = incoming.headers;
      const answer = await send({ method, path, headers: passed }, (onwards) => {
        incoming.on("aborted", () => onwards.destroy());
        if (body === undefined) incoming.pipe(onwards);
        else onwards.end(body);
      });
      const status = answer.statusCode ?? 502;
      const { connection: ___, ...answered } = answer.headers;
      outgoing.writeHead(status, { ...answered, ...headers?.(status) });
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    },

    async call(operation, input, authorization) {
      const headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `${targetPrefix}${operation}`,
        authorization,
      };
      const answer = await send({ method: "POST", path: "/", headers }, (onwards) =>
        onwards.end(JSON.stringify(input)),
      );
      const document = await json(answer);
      if (answer.statusCode !== 200) throw new Refused(answer.statusCode ?? 502, document);
      return document;
    },

    async manifest(repository, digest) {
      const answer = await get(`/v2/${repository}/manifests/${digest}`);
      if (answer === undefined) return undefined;
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      return {
        mediaType: answer.headers["content-type"] ?? "",
        text: Buffer.concat(chunks).toString("utf8"),
      };
    },

    async blob(repository, digest) {
      const answer = await get(`/v2/${repository}/blobs/${digest}`);
      return answer === undefined ? undefined : json(answer);
    },
  };
}
