import { createServer } from "node:net";
import getPort from "get-port";
import type { Sandbox } from "./part.ts";

/**
 * The port of a part: the one it had, when that is still free, so that addresses in stack files and
 * images stay valid; otherwise any free one, and a warning. Written down before it is used.
 */
export async function freePort({ store, emit }: Sandbox, part: string): Promise<number> {
  const kept = store.current().ports[part];
  if (kept !== undefined && (await isFree(kept))) return kept;
  const others = Object.values(store.current().ports);
  const port = await getPort({ host: "127.0.0.1", exclude: others });
  await store.update((state) => ({ ...state, ports: { ...state.ports, [part]: port } }));
  if (kept !== undefined) {
    emit({
      kind: "warning",
      code: "port-taken",
      message: `Port ${kept}, which the sandbox's ${part} had, is taken by another process; it has ${port} now`,
      fix: "deploy again: what was deployed before refers to the old address",
    });
  }
  return port;
}

/** Whether this port of loopback can be listened on. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
