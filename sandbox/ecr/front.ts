import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import { json } from "node:stream/consumers";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { ageImages } from "./ages/age-images.ts";
import { ageRequestSchema } from "./ages/request.ts";
import { type Ages, openAges } from "./ages/store.ts";
import { type Backend, openBackend, Refused } from "./backend.ts";
import { answerOperation, operationOf } from "./operations.ts";
import { agesPath, healthPath, resetPath } from "./paths.ts";
import { EcrError, sayJson } from "./protocol.ts";
import { putManifest, referrersPath, sayReferrers } from "./registry.ts";
import { readScannerProgram } from "./scanning/program.ts";
import { openScans, type Scanner } from "./scanning/scans.ts";

/** First byte of a TLS record that opens a handshake. */
const tlsHandshake = 0x16;

/**
 * What Slipway and every other client take for ECR: its API and its registry, in front of the emulator's.
 *
 * It adds what the emulator lacks: the scans of images, the referrers of an image, and a past. Everything else passes
 * it, calls to other services of AWS as well.
 *
 * It takes HTTPS and plain HTTP on one port. The emulator speaks HTTP. BuildKit, Docker and buildx speak HTTP to a
 * registry on localhost, but the registry client inside the image provider insists on HTTPS, and no setting of it
 * says otherwise.
 *
 * @returns the port it listens on, on loopback, once it does
 */
export async function openEcrFront(options: {
  readonly port: number;
  readonly backendPort: number;
  readonly key: string;
  readonly certificate: string;
  /** Folder that keeps the scans, and the dates that images were given. */
  readonly directory: string;
  readonly scanner: Scanner;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const backend = openBackend(options.backendPort);
  const scans = await openScans(options.directory, options.scanner);
  const ages = await openAges(options.directory);

  const http = createHttpServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (incoming, outgoing) => {
    const drop = () => incoming.socket.destroy();
    incoming.on("error", drop);
    outgoing.on("error", drop);
    const { method = "GET", url = "/" } = incoming;
    const serve = async () => {
      const operation = operationOf(incoming.headers);
      const asked = referrersPath(url);
      if (operation !== undefined)
        return answerOperation(operation, incoming, outgoing, { backend, scans, ages });
      if (asked !== undefined && method === "GET") return sayReferrers(asked, outgoing, backend);
      if (method === "PUT" && /^\/v2\/.+\/manifests\//.test(url))
        return putManifest(incoming, outgoing, backend);
      if (method === "POST" && url === agesPath) return giveAges(incoming, outgoing, { backend, ages });
      if (method === "POST" && url === resetPath) {
        await Promise.all([scans.clear(), ages.clear()]);
        outgoing.writeHead(204).end();
        return;
      }
      if (url === healthPath) {
        outgoing.writeHead(204).end();
        return;
      }
      await backend.pass(incoming, outgoing);
    };
    serve().catch((error: unknown) => {
      console.error(`${method} ${url}: ${String(error)}`);
      drop();
    });
  });

  const open = new Set<Socket>();
  const doors = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const isTls = first[0] === tlsHandshake;
      const client = isTls
        ? new TLSSocket(socket, { isServer: true, key: options.key, cert: options.certificate })
        : socket;
      client.on("error", () => socket.destroy());
      http.emit("connection", client);
      if (!isTls) socket.resume();
    });
  });
  return new Promise((resolve, reject) => {
    doors.once("error", reject);
    doors.listen(options.port, "127.0.0.1", () => {
      const address = doors.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : options.port,
        close: async () => {
          const closed = new Promise<void>((done) => doors.close(() => done()));
          for (const socket of open) socket.destroy();
          await scans.close();
          await closed;
        },
      });
    });
  });
}

/** Answers `sandbox age`: with the images and their dates, or with why there are none. */
async function giveAges(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  parts: { readonly backend: Backend; readonly ages: Ages },
): Promise<void> {
  try {
    const asked = ageRequestSchema.parse(await json(incoming));
    sayJson(outgoing, 200, await ageImages(asked, parts, Date.now() / 1000));
  } catch (error) {
    if (error instanceof Refused) sayJson(outgoing, 400, error.answer);
    else if (error instanceof EcrError) sayJson(outgoing, 400, { message: error.message });
    else if (error instanceof z.ZodError) sayJson(outgoing, 400, { message: z.prettifyError(error) });
    else throw error;
  }
}

if (import.meta.main) {
  const [port, backendPort, keyFile, certificateFile, directory] = process.argv.slice(2);
  if (
    port === undefined ||
    backendPort === undefined ||
    keyFile === undefined ||
    certificateFile === undefined ||
    directory === undefined
  ) {
    throw new Error("usage: front.ts PORT BACKEND-PORT KEY-FILE CERTIFICATE-FILE DIRECTORY");
  }
  await openEcrFront({
    port: Number(port),
    backendPort: Number(backendPort),
    key: readFileSync(keyFile, "utf8"),
    certificate: readFileSync(certificateFile, "utf8"),
    directory,
    scanner: readScannerProgram(directory, `localhost:${port}`),
  });
}
