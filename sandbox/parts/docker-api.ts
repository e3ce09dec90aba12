import { Agent, request } from "undici";
import { answerMilliseconds } from "./part.ts";

/** The few calls to a Docker daemon that the sandbox needs. */
export interface DockerApi {
  /** Its version; undefined when it does not answer. */
  version(): Promise<string | undefined>;
  /** Ids of containers, running or not; those with the label `name=value` when one is given. */
  containers(label?: string): Promise<readonly string[]>;
  /** Removes a container with its volumes, running or not. */
  remove(container: string): Promise<void>;
  close(): Promise<void>;
}

/** Whether a daemon at this address is on this machine, so that both see the same loopback. */
export function isLocalDocker(host: string): boolean {
  return /^unix:\/\/\/|^tcp:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
}

/** A Docker daemon by its address, `unix:///…` or `tcp://…`. */
export function dockerApi(host: string): DockerApi {
  const socket = host.startsWith("unix://") ? host.slice("unix://".length) : undefined;
  const base = socket === undefined ? host.replace(/^tcp:/, "http:") : "http://docker";
  const agent = new Agent({ connect: socket === undefined ? {} : { socketPath: socket } });
  const call = async (method: "GET" | "DELETE", path: string, timeout = answerMilliseconds) => {
    const { statusCode, body } = await request(`${base}${path}`, {
      method,
      dispatcher: agent,
      signal: AbortSignal.timeout(timeout),
    });
    const text = await body.text();
    if (statusCode >= 400 && statusCode !== 404) throw new Error(`Docker: ${method} ${path}: ${text}`);
    return text;
  };
  return {
    async version() {
      const text = await call("GET", "/version").catch(() => undefined);
      if (text === undefined) return undefined;
      const version = (JSON.parse(text) as { Version?: unknown }).Version;
      return typeof version === "string" ? version : undefined;
    },
    async containers(label) {
      const filters = encodeURIComponent(JSON.stringify(label === undefined ? {} : { label: [label] }));
      const text = await call("GET", `/containers/json?all=1&filters=${filters}`);
      return (JSON.parse(text) as { Id: string }[]).map((container) => container.Id);
    },
    async remove(container) {
      await call("DELETE", `/containers/${container}?force=1&v=1`, 30_000);
    },
    close: () => agent.close(),
  };
}
