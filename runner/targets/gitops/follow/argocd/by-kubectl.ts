import { z } from "zod";
import type { ArgocdSettings } from "../../../../../config/targets/gitops/follow.ts";
import { ifReadable } from "../../../../kubernetes/attempt.ts";
import { collectPodEvidence } from "../../../../kubernetes/evidence.ts";
import { type Kubectl, openKubectl } from "../../../../kubernetes/kubectl.ts";
import { listOf, workloadSchema } from "../../../../kubernetes/objects.ts";
import { healthOf } from "../../../../kubernetes/workload.ts";
import type { Clock } from "../../../poll.ts";
import { isOurImage } from "../verdict.ts";
import { type Application, applicationSchema } from "./application.ts";
import type { ApplicationReader } from "./reader.ts";
import { isWorkload, nameOf } from "./resources.ts";
import { closedWindowOf, windowSchema } from "./windows.ts";

const kind = "applications.argoproj.io";

/** Reads Applications as objects of the cluster that Argo CD runs in. */
export function readByKubectl(
  settings: ArgocdSettings,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
  kubectl: Kubectl = openKubectl(settings, signal),
): ApplicationReader {
  const { namespace, application: name, selector } = settings;
  const projects = new Map<string, readonly z.output<typeof windowSchema>[]>();
  const windowsOf = async (project: string) => {
    const known = projects.get(project);
    if (known !== undefined) return known;
    const args = ["get", "appprojects.argoproj.io", project, "--namespace", namespace];
    // Reading the project only explains why nothing happens.
    const read = await ifReadable(kubectl.json(args));
    const windows = projectSchema.safeParse(read).data?.spec.syncWindows ?? [];
    projects.set(project, windows);
    return windows;
  };
  return {
    async read() {
      const which = name === undefined ? ["--selector", selector ?? ""] : [name];
      const found = await kubectl.json(["get", kind, ...which, "--namespace", namespace]);
      return name === undefined
        ? listOf(applicationSchema).parse(found).items
        : [applicationSchema.parse(found)];
    },
    async refresh({ metadata }, how) {
      const value = how === "hard refresh" ? "hard" : "normal";
      const annotation = `argocd.argoproj.io/refresh=${value}`;
      await kubectl.text([
        "annotate",
        kind,
        metadata.name,
        annotation,
        "--namespace",
        namespace,
        "--overwrite",
      ]);
    },
    async closedWindow(application) {
      const windows = await windowsOf(application.spec.project ?? "default");
      return closedWindowOf(windows, application, new Date(clock.now()));
    },
    async healths(application) {
      if (!isHere(application)) return [];
      const workloads = (application.status.resources ?? []).filter(isWorkload);
      const read = await Promise.all(
        workloads.slice(0, 20).map(async (one) => {
          const type = one.group === undefined ? one.kind : `${one.kind}.${one.group}`;
          const where = one.namespace === undefined ? [] : ["--namespace", one.namespace];
          const found = await ifReadable(kubectl.json(["get", type, one.name, ...where]));
          const workload = workloadSchema.safeParse(found).data;
          return workload === undefined ? [] : [{ ...one, health: { ...healthOf(workload) } }];
        }),
      );
      return read.flat();
    },
    async podEvidence(application, suspects, delivered) {
      if (!isHere(application)) {
        const { server, name: cluster } = application.spec.destination ?? {};
        return [`its pods are in ${cluster ?? server ?? "another cluster"}, which kubectl does not ask`];
      }
      const namespaces = Map.groupBy(
        suspects,
        (one) => one.namespace ?? application.spec.destination?.namespace ?? "default",
      );
      const all = await Promise.all(
        [...namespaces].slice(0, 3).map(([where, some]) =>
          collectPodEvidence(kubectl, {
            namespace: where,
            objects: some.map(nameOf),
            isOurs: (image) => isOurImage(image, delivered),
          }),
        ),
      );
      return all.flat();
    },
  };
}

const projectSchema = z.object({ spec: z.object({ syncWindows: z.array(windowSchema).optional() }) });

/** Whether the Application deploys to the cluster that Argo CD itself runs in. */
function isHere({ spec }: Application): boolean {
  const { server, name } = spec.destination ?? {};
  return name === "in-cluster" || server === "https://kubernetes.default.svc";
}
