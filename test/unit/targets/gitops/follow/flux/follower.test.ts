import { expect, test } from "vitest";
import { UserError } from "../../../../../../config/problems/errors.ts";
import { fluxSchema } from "../../../../../../config/targets/gitops/follow.ts";
import type { Kubectl } from "../../../../../../runner/kubernetes/kubectl.ts";
import { followFlux } from "../../../../../../runner/targets/gitops/follow/flux/follower.ts";
import { fakeClock } from "../../../fakes.ts";
import { commit, delivered, repository } from "../builders.ts";
import { deployment, helmRelease, kustomization, source } from "./builders.ts";

function open(settings: object, answers: Readonly<Record<string, unknown>>) {
  const calls: string[] = [];
  const log: string[] = [];
  const find = (args: readonly string[]) => {
    const line = args.join(" ");
    calls.push(line);
    const found = Object.entries(answers).find(([start]) => line.startsWith(start));
    if (found === undefined) throw new UserError({ code: "cluster-refused", message: `may not ${line}` });
    return found[1];
  };
  const kubectl: Kubectl = {
    name: "cluster test",
    json: async (args) => find(args),
    text: async (args) => String(find(args)),
  };
  const { signal } = new AbortController();
  const options = { signal, clock: fakeClock(), log: (line: string) => log.push(line) };
  return { follower: followFlux(fluxSchema.parse(settings), options, kubectl), calls, log };
}

const objects = {
  "get kustomizations.kustomize.toolkit.fluxcd.io apps --namespace flux-system": kustomization(),
  "get gitrepositories.source.toolkit.fluxcd.io deploy --namespace flux-system": source(),
  "get helmreleases.helm.toolkit.fluxcd.io ui --namespace shop": helmRelease(),
  "get deployments.apps,statefulsets.apps,daemonsets.apps": { items: [deployment()] },
};

test("reads the Kustomization, its source, and the workloads with Flux's labels", async () => {
  const { follower, calls } = open({ kustomization: "apps" }, objects);
  const sighting = await follower.look();
  expect(sighting.revisions).toEqual([commit]);
  expect(sighting.judge(delivered())).toMatchObject({ kind: "running" });
  expect(calls.at(-1)).toBe(
    "get deployments.apps,statefulsets.apps,daemonsets.apps --all-namespaces --selector kustomize.toolkit.fluxcd.io/name=apps,kustomize.toolkit.fluxcd.io/namespace=flux-system",
  );
});

test("finds a HelmRelease's workloads by its labels, in its own namespace", async () => {
  const { follower, calls } = open({ helmRelease: "ui", helmReleaseNamespace: "shop" }, objects);
  expect((await follower.look()).judge(delivered())).toMatchObject({ kind: "running" });
  expect(calls.at(-1)).toContain("helm.toolkit.fluxcd.io/name=ui,helm.toolkit.fluxcd.io/namespace=shop");
});

test("looking changes nothing; a refresh asks the source first", async () => {
  const { follower, calls } = open({ kustomization: "apps" }, { ...objects, annotate: "" });
  await follower.look();
  expect(calls.filter((one) => !one.startsWith("get "))).toEqual([]);
  await follower.refresh("refresh");
  expect(
    calls.filter((one) => one.startsWith("annotate")).map((one) => one.split(" ").slice(1, 3).join(" ")),
  ).toEqual([
    "gitrepositories.source.toolkit.fluxcd.io deploy",
    "kustomizations.kustomize.toolkit.fluxcd.io apps",
  ]);
});

test("without the permission to ask, it says so once and goes on", async () => {
  const { follower, log } = open({ kustomization: "apps" }, objects);
  await follower.look();
  await follower.refresh("refresh");
  await follower.refresh("refresh");
  expect(log).toEqual([
    expect.stringMatching(/^Flux was not asked to reconcile, and does by its interval: may not annotate/),
  ]);
});

test("finds before the commit what would keep it from being seen", async () => {
  const faults = (more: object, branch = "main") =>
    open({ kustomization: "apps" }, { ...objects, ...more }).follower.faults({ repository, branch });
  expect(await faults({})).toEqual([]);
  expect(await faults({}, "prod")).toMatchObject([
    { message: "source deploy follows main, and the target commits to prod" },
  ]);
  const suspended = kustomization({}, { suspend: true });
  expect(
    await faults({
      "get kustomizations.kustomize.toolkit.fluxcd.io apps --namespace flux-system": suspended,
    }),
  ).toMatchObject([{ message: "apps is suspended" }]);
});
