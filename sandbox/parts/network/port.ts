import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import getPort from "get-port";
import type { Sandbox } from "../part.ts";

/**
 * Below the ports that the kernel hands to outgoing connections (32768 and up on Linux): one of those could
 * be in the way just when a part that was down, or has crashed, wants its port back.
 */
const [firstPort, lastPort] = [20_000, 31_999];

/**
 * Ports for a sandbox's parts, in the order to try them. It begins at a place of the sandbox's own, so that
 * two that come up at once do not want the same.
 */
export function portsFor(id: string): number[] {
  const count = lastPort - firstPort + 1;
  const offset = Number.parseInt(id.slice(0, 6), 16) % count;
  return Array.from({ length: count }, (_, step) => firstPort + ((offset + step) % count));
}

/**
 * The port of a part: the one it had, when that is still free, so that addresses in stack files and
 * images stay valid; otherwise any free one, and a warning. Written down before it is used.
 */
export async function freePort({ store, emit, folder }: Sandbox, part: string): Promise<number> {
  const kept = store.current().ports[part];
  if (kept !== undefined && (await becomesFree(kept))) return kept;
  const others = Object.values(store.current().ports);
  const port = await getPort({ host: "127.0.0.1", port: portsFor(folder.id), exclude: others });
  await store.update((state) => ({ ...state, ports: { ...state.ports, [part]: port } }));
  if (kept !== undefined) {
    emit({
      kind: "warning",
      code: "port-taken",
      message: `Another process has taken port ${kept} of the sandbox's ${part}, which now uses ${port}`,
      fix: "deploy again: deployed resources refer to the old address",
    });
  }
  return port;
}

/** Whether a port is free, or becomes so: what has just died may hold its port for a moment. */
async function becomesFree(port: number): Promise<boolean> {
  for (let look = 1; look <= 10; look++) {
    if (await isFree(port)) return true;
    await delay(200);
  }
  return false;
}

/** Whether this port of loopback can be listened on. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
