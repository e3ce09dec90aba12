import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { git } from "./git-server.ts";

/** Argo CD's API as far as a follower asks it, over a real git repository that it compares and syncs. */
export interface ArgocdServer {
  readonly url: string;
  /** Requests, as `GET /applications/ui?refresh=normal`. */
  readonly calls: string[];
  /** What the Application becomes after a sync. */
  health: "Healthy" | "Degraded";
  /** Called before each answer about an Application; `looks` counts those since the last comparison. */
  before: (looks: number) => void;
  close(): void;
}

interface Place {
  readonly bare: string;
  /** The address that the Application names. */
  readonly repository: string;
  readonly path: string;
}

const time = (second: number) =>
  new Date(Date.UTC(2026, 10, 28, 10, 0, second)).toISOString().replace(".000", "");

/**
 * Serves one Application. It compares when a refresh is asked for, then syncs, look by look: OutOfSync, a sync
 * that runs, Progressing, and its health.
 */
export async function serveArgocd({ bare, repository, path }: Place, token: string): Promise<ArgocdServer> {
  const head = () => git(bare, "rev-parse", "main").trim();
  const imagesAt = (revision: string) =>
    [...git(bare, "cat-file", "blob", `${revision}:${path}`).matchAll(/image: "?([^\s"]+)/g)].map(
      ([, image]) => image,
    );
  let compared = head();
  let synced = compared;
  let looks = 9;
  let second = 1;
  const stateOf = () => {
    const isSynced = looks >= 3;
    if (isSynced) synced = compared;
    const isThrough = looks >= 4;
    const phase = looks === 2 ? "Running" : "Succeeded";
    return {
      sync: { status: isSynced ? "Synced" : "OutOfSync", revision: compared },
      health: { status: !isSynced ? "Healthy" : isThrough ? own.health : "Progressing" },
      operationState: {
        phase,
        message: phase === "Running" ? "one or more tasks are running" : "successfully synced",
        startedAt: time(second),
        ...(phase === "Running" ? {} : { finishedAt: time(second) }),
        syncResult: { revision: looks >= 2 ? compared : synced },
      },
      reconciledAt: time(second + (isSynced ? 1 : 0)),
      resources: [
        {
          group: "apps",
          version: "v1",
          kind: "Deployment",
          namespace: "shop",
          name: "ui",
          status: isSynced ? "Synced" : "OutOfSync",
          health: { status: isThrough ? own.health : "Progressing", message: "" },
        },
      ],
      summary: { images: imagesAt(synced) },
    };
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    own.calls.push(`${request.method} ${url.pathname.replace("/api/v1", "")}${url.search}`);
    const send = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`) return send(401, { message: "invalid session" });
    if (url.pathname.endsWith("/resource-tree")) return send(200, { nodes: [] });
    if (url.pathname !== "/api/v1/applications/ui-dev") return send(403, { message: "permission denied" });
    own.before(looks);
    if (url.searchParams.has("refresh")) {
      second += 2;
      if (compared !== head()) {
        compared = head();
        looks = 0;
      }
    }
    looks += 1;
    return send(200, {
      metadata: { name: "ui-dev", namespace: "argocd" },
      spec: {
        project: "default",
        source: { repoURL: repository, path: "apps/ui", targetRevision: "main" },
        destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
        syncPolicy: { automated: {} },
      },
      status: stateOf(),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own: ArgocdServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    health: "Healthy",
    before: () => {},
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return own;
}
