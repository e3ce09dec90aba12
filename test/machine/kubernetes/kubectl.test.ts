import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openKubectl } from "../../../runner/kubernetes/kubectl.ts";
import { ensureTool } from "../../../sandbox/toolchain/ensure.ts";

let folder: string;
let server: Server;
let kubectl: string;
let calls: string[];
type Answers = Readonly<Record<string, { readonly status?: number; readonly body: object }>>;
let answers: Answers;

const status = (code: number, reason: string, message: string) => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    code,
    reason,
    message,
    details: { name: "ui", group: "argoproj.io", kind: "applications" },
  },
});

/** What kubectl asks before it asks for an object: the kinds that the cluster has. */
const discovery: Answers = {
  "/api": { body: { kind: "APIVersions", versions: ["v1"] } },
  "/apis": {
    body: {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: [
        {
          name: "argoproj.io",
          versions: [{ groupVersion: "argoproj.io/v1alpha1", version: "v1alpha1" }],
          preferredVersion: { groupVersion: "argoproj.io/v1alpha1", version: "v1alpha1" },
        },
      ],
    },
  },
  // kubectl asks for the namespace as well when an object is not found.
  "/api/v1/namespaces/argocd": {
    body: { kind: "Namespace", apiVersion: "v1", metadata: { name: "argocd" } },
  },
  "/api/v1": { body: { kind: "APIResourceList", groupVersion: "v1", resources: [] } },
  "/apis/argoproj.io/v1alpha1": {
    body: {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "argoproj.io/v1alpha1",
      resources: [
        {
          name: "applications",
          singularName: "application",
          namespaced: true,
          kind: "Application",
          verbs: ["get", "list", "patch"],
        },
      ],
    },
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-kubectl-"));
  const { signal } = new AbortController();
  kubectl = (await ensureTool("kubectl", { emit: () => {}, signal })).path;
  server = createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    if (path.includes("/applications/")) calls.push(`${request.method} ${path}`);
    const found =
      { ...discovery, ...answers }[path] ??
      status(404, "NotFound", "the server could not find the requested resource");
    response
      .writeHead(found.status ?? 200, { "content-type": "application/json" })
      .end(JSON.stringify(found.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = (name: string, url: string) => ({
    cluster: { name, cluster: { server: url } },
    context: { name, context: { cluster: name, user: "none" } },
  });
  const all = [config("test", `http://127.0.0.1:${port}`), config("away", "http://127.0.0.1:1")];
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: all.map(({ cluster }) => cluster),
    contexts: all.map(({ context }) => context),
    users: [{ name: "none", user: {} }],
  };
  await writeFile(join(folder, "config"), JSON.stringify(kubeconfig));
}, 120_000);

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  calls = [];
  answers = {};
});

const open = (context: string | undefined = "test", signal?: AbortSignal, program = kubectl) =>
  openKubectl({ context, kubeconfig: join(folder, "config") }, signal, program);
const path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/ui";
const get = ["get", "applications.argoproj.io", "ui", "--namespace", "argocd"];
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "no error",
    (error: { problems?: readonly { code: string }[]; name: string }) =>
      error.problems?.[0]?.code ?? error.name,
  );

describe("the real kubectl", () => {
  test("reads an object of a CRD as JSON", async () => {
    const object = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "ui", namespace: "argocd" },
    };
    answers = { [path]: { body: object } };
    expect(await open().json(get)).toMatchObject(object);
    // As the kind and the group that an Application's resources are named by.
    expect(await open().json(["get", "Application.argoproj.io", ...get.slice(2)])).toMatchObject(object);
    expect(calls).toEqual([`GET ${path}`, `GET ${path}`]);
  });

  test("is refused by name, kind and permission, each with its own error", async () => {
    answers = { [path]: status(404, "NotFound", 'applications.argoproj.io "ui" not found') };
    expect(await codeOf(open().json(get))).toBe("not-in-cluster");
    answers = {
      [path]: status(
        403,
        "Forbidden",
        'applications.argoproj.io "ui" is forbidden: User "ci" cannot get resource "applications" in API group "argoproj.io" in the namespace "argocd"',
      ),
    };
    expect(await codeOf(open().json(get))).toBe("cluster-refused");
    answers = { [path]: status(401, "Unauthorized", "Unauthorized") };
    expect(await codeOf(open().json(get))).toBe("cluster-refused");
    expect(await codeOf(open().json(["get", "kustomizations.kustomize.toolkit.fluxcd.io", "apps"]))).toBe(
      "kind-not-in-cluster",
    );
  });

  test("a cluster that does not answer, or is busy, is one to ask again", async () => {
    expect(await codeOf(open("away").json(get))).toBe("unreachable");
    answers = {
      [path]: status(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    };
    expect(await codeOf(open().json(get))).toBe("unreachable");
  });

  test("no such context, no such kubeconfig, no kubectl", async () => {
    expect(await codeOf(open("elsewhere").json(get))).toBe("no-cluster");
    const none = openKubectl({ kubeconfig: join(folder, "none") }, undefined, kubectl);
    expect(await codeOf(none.json(get))).toBe("no-cluster");
    expect(await codeOf(open("test", undefined, join(folder, "kubectl")).json(get))).toBe("kubectl-missing");
  });

  test("ends with the run", async () => {
    const controller = new AbortController();
    controller.abort();
    expect(await codeOf(open("test", controller.signal).json(get))).toBe("AbortError");
  });

  test("takes a name for a name, and not for a part of a command", async () => {
    const evil = "ui; touch /tmp/slipway-evil $(touch /tmp/slipway-evil)";
    expect(
      await codeOf(open().json(["get", "applications.argoproj.io", evil, "--namespace", "argocd"])),
    ).not.toBe("no error");
  });
});
