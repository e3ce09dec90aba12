import { expect, test } from "vitest";
import { UserError } from "../../../../../../config/problems/errors.ts";
import { argocdSchema } from "../../../../../../config/targets/gitops/follow.ts";
import type { Kubectl } from "../../../../../../runner/kubernetes/kubectl.ts";
import { readByKubectl } from "../../../../../../runner/targets/gitops/follow/argocd/by-kubectl.ts";
import { fakeClock } from "../../../fakes.ts";
import { application, delivered, reference, resource } from "../builders.ts";

/** kubectl that answers by what its arguments begin with. */
function kubectlOf(answers: Readonly<Record<string, unknown>>) {
  const calls: string[] = [];
  const find = (args: readonly string[]) => {
    const line = args.join(" ");
    calls.push(line);
    const found = Object.entries(answers).find(([start]) => line.startsWith(start));
    if (found === undefined) throw new UserError({ code: "not-in-cluster", message: `no ${line}` });
    return found[1];
  };
  const kubectl: Kubectl = {
    name: "cluster test",
    json: async (args) => find(args),
    text: async (args) => String(find(args)),
  };
  return { kubectl, calls };
}

const { signal } = new AbortController();
const reader = (settings: object, answers: Readonly<Record<string, unknown>>) => {
  const { kubectl, calls } = kubectlOf(answers);
  const clock = fakeClock();
  return { calls, reader: readByKubectl(argocdSchema.parse(settings), { signal, clock }, kubectl) };
};

test("reads one Application by its name, and several by their labels", async () => {
  const one = reader({ application: "ui-dev" }, { "get applications.argoproj.io ui-dev": application() });
  expect((await one.reader.read()).map(({ metadata }) => metadata.name)).toEqual(["ui-dev"]);
  expect(one.calls).toEqual(["get applications.argoproj.io ui-dev --namespace argocd"]);
  const several = reader(
    { selector: "app=ui" },
    { "get applications.argoproj.io --selector app=ui": { items: [application()] } },
  );
  expect(await several.reader.read()).toHaveLength(1);
});

test("asks for a refresh by an annotation", async () => {
  const { reader: found, calls } = reader({ application: "ui-dev" }, { annotate: "" });
  await found.refresh(application(), "hard refresh");
  expect(calls).toEqual([
    "annotate applications.argoproj.io ui-dev argocd.argoproj.io/refresh=hard --namespace argocd --overwrite",
  ]);
});

test("reads the project's windows once, and does without where it may not", async () => {
  const windows = [{ kind: "allow", schedule: "0 0 1 1 *", duration: "1m", applications: ["*"] }];
  const one = reader(
    { application: "ui-dev" },
    { "get appprojects.argoproj.io default": { spec: { syncWindows: windows } } },
  );
  expect(await one.reader.closedWindow(application())).toBe('outside of allow "0 0 1 1 *" for 1m');
  await one.reader.closedWindow(application());
  expect(one.calls).toHaveLength(1);
  expect(await reader({ application: "ui-dev" }, {}).reader.closedWindow(application())).toBeUndefined();
});

test("reads the health that Argo CD 3 does not keep", async () => {
  const rollout = {
    kind: "Rollout",
    metadata: { name: "ui", namespace: "shop", generation: 4 },
    spec: { replicas: 3 },
    status: { observedGeneration: "4", phase: "Paused", message: "CanaryPauseStep" },
  };
  const app = application({ resources: [resource("Rollout", "ui"), resource("Service", "ui")] });
  const { reader: found, calls } = reader(
    { application: "ui-dev" },
    { "get Rollout.argoproj.io ui": rollout },
  );
  expect(await found.healths(app)).toMatchObject([
    { kind: "Rollout", health: { status: "Suspended", message: "CanaryPauseStep" } },
  ]);
  expect(calls).toEqual(["get Rollout.argoproj.io ui --namespace shop"]);
});

test("explains a failure by pods, events and log lines; our pods first", async () => {
  const container = (state: object, more: object = {}) => ({ name: "ui", ready: false, state, ...more });
  const pod = (name: string, image: string, status: object) => ({
    metadata: { name, namespace: "shop", ownerReferences: [{ kind: "ReplicaSet", name: "ui-7d9" }] },
    spec: { containers: [{ name: "ui", image }] },
    status: { phase: "Running", containerStatuses: [status] },
  });
  const pods = {
    items: [
      pod("other-1", "redis:7", container({ waiting: { reason: "ImagePullBackOff" } })),
      pod("ui-7d9-a", reference, {
        ...container({ waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } }),
        restartCount: 3,
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      }),
    ],
  };
  const event = (kind: string, name: string, message: string, lastTimestamp: string) => ({
    type: "Warning",
    reason: "BackOff",
    message,
    lastTimestamp,
    involvedObject: { kind, name },
  });
  const events = {
    items: [
      event("Pod", "ui-7d9-a", "Back-off restarting failed container", "2026-11-28T10:02:00Z"),
      event("ReplicaSet", "ui-7d9", "quota", "2026-11-28T10:01:00Z"),
      event("Pod", "other-1", "not ours", "2026-11-28T10:03:00Z"),
    ],
  };
  const { reader: found } = reader(
    { application: "ui-dev" },
    { "get pods": pods, "get events": events, "logs ui-7d9-a": "starting\nError: no DATABASE_URL\n" },
  );
  const lines = await found.podEvidence(application(), [resource("Deployment", "ui")], delivered());
  expect(lines).toEqual([
    "pod ui-7d9-a, ui: CrashLoopBackOff: back-off 40s (it ended: Error, exit code 1, 3 restarts)",
    "ReplicaSet/ui-7d9: BackOff: quota",
    "Pod/ui-7d9-a: BackOff: Back-off restarting failed container",
    "last log lines of ui-7d9-a, ui:",
    "  starting",
    "  Error: no DATABASE_URL",
  ]);
});

test("says so when it may not read pods, or they are elsewhere", async () => {
  const here = await reader({ application: "ui-dev" }, { "get events": { items: [] } }).reader.podEvidence(
    application(),
    [resource("Deployment", "ui")],
    delivered(),
  );
  expect(here[0]).toMatch(/^pods of namespace shop can't be read: /);
  const away = application({}, { destination: { server: "https://10.0.0.1", namespace: "shop" } });
  expect(await reader({ application: "ui-dev" }, {}).reader.podEvidence(away, [], delivered())).toEqual([
    "its pods are in https://10.0.0.1, which kubectl does not ask",
  ]);
});
