import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { argocdSchema } from "../../../../config/targets/gitops/follow.ts";
import { readByApi } from "../../../../runner/targets/gitops/follow/argocd/by-api.ts";
import { application, delivered, reference, resource } from "../../../unit/targets/gitops/follow/builders.ts";

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

let server: Server;
let address: string;
let calls: { readonly url: string; readonly authorization: string | undefined }[];
/** By the path below `/api/v1/applications`. */
let answers: Readonly<Record<string, Answer>>;

beforeEach(async () => {
  calls = [];
  server = createServer((request, response) => {
    const url = request.url ?? "";
    calls.push({ url, authorization: request.headers.authorization });
    const path = url.split("?", 1)[0]?.replace("/api/v1/applications", "") ?? "";
    const { status = 200, body } = answers[path] ?? {
      status: 404,
      body: { code: 5, message: "not found", error: "not found" },
    };
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const { signal } = new AbortController();
const open = (settings: object = { application: "ui-dev" }, token: string | undefined = "secret-token") =>
  readByApi(argocdSchema.parse({ ...settings, server: address }), address, {
    signal,
    environment: { ARGOCD_AUTH_TOKEN: token },
  });

describe("Argo CD's API", () => {
  test("is asked for one Application, for several, and for a refresh, with the token", async () => {
    answers = { "/ui-dev": { body: application() }, "": { body: { items: [application(), application()] } } };
    expect(await open().read()).toHaveLength(1);
    expect(await open({ selector: "app=ui,stage=dev" }).read()).toHaveLength(2);
    await open().refresh(application(), "hard refresh");
    expect(calls.map(({ url }) => url)).toEqual([
      "/api/v1/applications/ui-dev?appNamespace=argocd",
      "/api/v1/applications?appNamespace=argocd&selector=app%3Dui%2Cstage%3Ddev",
      "/api/v1/applications/ui-dev?appNamespace=argocd&refresh=hard",
    ]);
    expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer secret-token"]),
    );
  });

  test("no Application with the labels is an empty list, and not an error", async () => {
    answers = { "": { body: { metadata: {}, items: null } } };
    expect(await open({ selector: "app=none" }).read()).toEqual([]);
  });

  test("says which window is closed", async () => {
    const window = { kind: "deny", schedule: "0 22 * * *", duration: "8h", manualSync: true };
    answers = { "/ui-dev/syncwindows": { body: { activeWindows: [window], assignedWindows: [window] } } };
    expect(await open().closedWindow(application())).toBe('deny "0 22 * * *" for 8h');
    const allow = { kind: "allow", schedule: "0 9 * * 1-5", duration: "8h" };
    answers = { "/ui-dev/syncwindows": { body: { assignedWindows: [allow] } } };
    expect(await open().closedWindow(application())).toBe('outside of allow "0 9 * * 1-5" for 8h');
    answers = { "/ui-dev/syncwindows": { body: { canSync: true, assignedWindows: [allow] } } };
    expect(await open().closedWindow(application())).toBeUndefined();
    answers = { "/ui-dev/syncwindows": { body: { canSync: true } } };
    expect(await open().closedWindow(application())).toBeUndefined();
  });

  test("reads the health of the tree, and why a pod does not run, in any cluster", async () => {
    const pod = {
      metadata: { name: "ui-7d9-a", namespace: "shop" },
      spec: { containers: [{ name: "ui", image: reference }] },
      status: {
        phase: "Running",
        containerStatuses: [
          {
            name: "ui",
            ready: false,
            restartCount: 2,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 1, reason: "Error" } },
          },
        ],
      },
    };
    const node = {
      version: "v1",
      kind: "Pod",
      namespace: "shop",
      name: "ui-7d9-a",
      uid: "u-1",
      images: [reference],
    };
    const rollout = { group: "argoproj.io", kind: "Rollout", namespace: "shop", name: "ui" };
    answers = {
      "/ui-dev/resource-tree": {
        body: {
          nodes: [
            { ...node, health: { status: "Degraded", message: "back-off" } },
            { ...rollout, health: { status: "Suspended", message: "CanaryPauseStep" } },
          ],
        },
      },
      "/ui-dev/resource": { body: { manifest: JSON.stringify(pod) } },
      "/ui-dev/events": {
        body: {
          items: [
            {
              type: "Warning",
              reason: "BackOff",
              message: "Back-off restarting",
              involvedObject: { kind: "Pod", name: "ui-7d9-a" },
            },
          ],
        },
      },
      "/ui-dev/logs": {
        body: '{"result":{"content":"starting"}}\n{"result":{"content":"no DATABASE_URL"}}\n{"result":{"last":true}}\n',
      },
    };
    expect(await open().healths(application())).toMatchObject([
      { kind: "Pod" },
      { kind: "Rollout", health: { status: "Suspended" } },
    ]);
    expect(await open().podEvidence(application(), [resource("Rollout", "ui")], delivered())).toEqual([
      "pod ui-7d9-a, ui: CrashLoopBackOff (it ended: Error, exit code 1, 2 restarts)",
      "Pod/ui-7d9-a: BackOff: Back-off restarting",
      "last log lines of ui-7d9-a, ui:",
      "  starting",
      "  no DATABASE_URL",
    ]);
    expect(calls.find(({ url }) => url.includes("/logs"))?.url).toContain("previous=true");
  });

  test.each([
    [401, { message: "invalid session" }, "cluster-refused", "Argo CD answered 401: invalid session"],
    [403, { error: "permission denied" }, "cluster-refused", "Argo CD answered 403: permission denied"],
    [404, { message: "not found" }, "not-in-cluster", "Argo CD answered 404: not found"],
    [429, "", "throttled", "Argo CD answered 429"],
    [503, "<html>", "unreachable", "Argo CD answered 503"],
    [307, "", "cluster-refused", "Argo CD answered 307"],
    [
      200,
      "<html>a sign-in page</html>",
      "cluster-refused",
      expect.stringContaining("does not answer as Argo CD does"),
    ],
  ])("an answer %s is an error with a fix", async (status, body, code, message) => {
    answers = { "/ui-dev": { status, body } };
    const error = await open()
      .read()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ problems: [{ code, message, fix: expect.any(String) }] });
    expect(JSON.stringify(error)).not.toContain("secret-token");
  });

  test("no token, and no answer", async () => {
    answers = {};
    await expect(open({ application: "ui-dev" }, "").read()).rejects.toMatchObject({
      problems: [{ message: "the environment variable ARGOCD_AUTH_TOKEN has no token for Argo CD" }],
    });
    expect(calls).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
    await expect(open().read()).rejects.toMatchObject({ problems: [{ code: "unreachable" }] });
    server = createServer().listen(0, "127.0.0.1");
  });
});
