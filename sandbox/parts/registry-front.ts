import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** First byte of a TLS record that opens a handshake. */
const tlsHandshake = 0x16;

/**
 * A door to the emulator's registry that takes HTTPS and plain HTTP on one port.
 *
 * The emulator speaks HTTP. BuildKit, Docker and buildx speak HTTP to a registry on localhost, but the
 * registry client inside the image provider insists on HTTPS, and no setting of it says otherwise.
 *
 * @returns the port it listens on, on loopback, once it does
 */
export function openRegistryFront(options: {
  readonly port: number;
  readonly backendPort: number;
  readonly key: string;
  readonly certificate: string;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const client =
        first[0] === tlsHandshake
          ? new TLSSocket(socket, { isServer: true, key: options.key, cert: options.certificate })
          : socket;
      const backend = connect({ port: options.backendPort, host: "127.0.0.1" });
      const end = () => {
        client.destroy();
        backend.destroy();
      };
      client.on("error", end).on("close", end);
      backend.on("error", end).on("close", end);
      client.pipe(backend).pipe(client);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : options.port,
        close: () =>
          new Promise((closed) => {
            for (const socket of open) socket.destroy();
            server.close(() => closed());
          }),
      });
    });
  });
}

if (import.meta.main) {
  const [port, backendPort, keyFile, certificateFile] = process.argv.slice(2);
  if (
    port === undefined ||
    backendPort === undefined ||
    keyFile === undefined ||
    certificateFile === undefined
  ) {
    throw new Error("usage: front.ts PORT BACKEND-PORT KEY-FILE CERTIFICATE-FILE");
  }
  await openRegistryFront({
    port: Number(port),
    backendPort: Number(backendPort),
    key: readFileSync(keyFile, "utf8"),
    certificate: readFileSync(certificateFile, "utf8"),
  });
}
