import { z } from "zod";
import { UserError } from "../../../../../config/problems/errors.ts";
import type { ArgocdSettings } from "../../../../../config/targets/gitops/follow.ts";
import { ifReadable } from "../../../../kubernetes/attempt.ts";
import { eventSchema, podSchema } from "../../../../kubernetes/objects.ts";
import { containersToRead, podFaults, warningsOf } from "../../../../kubernetes/pods.ts";
import { isOurImage } from "../verdict.ts";
import { type Application, applicationSchema, resourceSchema } from "./application.ts";
import { askArgocd } from "./call.ts";
import type { ApplicationReader } from "./reader.ts";
import { nameOf } from "./resources.ts";
import { describe } from "./windows.ts";

/** Reads Applications through Argo CD's own API, which also reaches the clusters that it deploys to. */
export function readByApi(
  settings: ArgocdSettings,
  server: string,
  {
    signal,
    environment = process.env,
  }: { readonly signal: AbortSignal; readonly environment?: NodeJS.ProcessEnv },
): ApplicationReader {
  const { namespace, application: name, selector = "", tokenEnvironment } = settings;
  const token = environment[tokenEnvironment];
  const call = (path: string, query: Readonly<Record<string, string>> = {}) => {
    if (token === undefined || token === "") throw noToken(server, tokenEnvironment);
    return askArgocd({ server, token, path, query, signal });
  };
  const of = ({ metadata }: Pick<Application, "metadata">, rest = "") =>
    `applications/${encodeURIComponent(metadata.name)}${rest}`;
  const appNamespace = { appNamespace: namespace };
  return {
    async read() {
      if (name === undefined) {
        const found = listSchema.parse(await call("applications", { ...appNamespace, selector }));
        return found.items ?? [];
      }
      return [applicationSchema.parse(await call(of({ metadata: { name } }), appNamespace))];
    },
    async refresh(application, how) {
      await call(of(application), { ...appNamespace, refresh: how === "hard refresh" ? "hard" : "normal" });
    },
    async closedWindow(application) {
      const answer = windowsSchema.safeParse(
        await ifReadable(call(of(application, "/syncwindows"), appNamespace)),
      );
      const { canSync, activeWindows, assignedWindows } = answer.data ?? {};
      // Argo CD leaves out what is false.
      if (answer.data === undefined || canSync === true || (assignedWindows ?? []).length === 0)
        return undefined;
      const closing = activeWindows?.filter(({ kind }) => kind === "deny") ?? [];
      return closing.length > 0
        ? closing.map(describe).join(", ")
        : `outside of ${(assignedWindows ?? [])
            .filter(({ kind }) => kind === "allow")
            .map(describe)
            .join(", ")}`;
    },
    async healths(application) {
      return (await treeOf(application)).filter(({ health }) => health !== undefined);
    },
    async podEvidence(application, _suspects, delivered) {
      const pods = (await treeOf(application)).filter(({ kind }) => kind === "Pod");
      const ours = pods.filter(({ images = [] }) => images.some((image) => isOurImage(image, delivered)));
      const unwell = (ours.length > 0 ? ours : pods).filter(({ health }) => health?.status !== "Healthy");
      const lines = await Promise.all(unwell.slice(0, 3).map((pod) => evidenceOfPod(application, pod)));
      return lines.flat();
    },
  };

  async function treeOf(application: Application) {
    const read = await ifReadable(call(of(application, "/resource-tree"), appNamespace));
    return treeSchema.safeParse(read).data?.nodes ?? [];
  }

  async function evidenceOfPod(application: Application, node: TreeNode): Promise<readonly string[]> {
    const where = { ...appNamespace, namespace: node.namespace ?? "", resourceName: node.name };
    const [resource, events] = await Promise.all([
      ifReadable(call(of(application, "/resource"), { ...where, version: "v1", group: "", kind: "Pod" })),
      ifReadable(
        call(of(application, "/events"), {
          ...appNamespace,
          resourceNamespace: node.namespace ?? "",
          resourceName: node.name,
          resourceUID: node.uid ?? "",
        }),
      ),
    ]);
    const { manifest } = manifestSchema.safeParse(resource).data ?? {};
    const pod = manifest === undefined ? undefined : podSchema.safeParse(JSON.parse(manifest)).data;
    const { items } = eventsSchema.safeParse(events).data ?? {};
    const logs = await Promise.all(
      (pod === undefined ? [] : containersToRead(pod)).map(({ name: container, previous }) =>
        logsOf(application, node, container, previous),
      ),
    );
    const faults =
      pod === undefined
        ? [`${nameOf(node)}: ${node.health?.message ?? node.health?.status}`]
        : podFaults(pod);
    return [...faults, ...warningsOf(items ?? [], undefined, 4), ...logs.flat()];
  }

  async function logsOf(
    application: Application,
    node: TreeNode,
    container: string,
    previous: boolean,
  ): Promise<readonly string[]> {
    const read = await ifReadable(
      call(of(application, "/logs"), {
        ...appNamespace,
        namespace: node.namespace ?? "",
        podName: node.name,
        container,
        tailLines: "20",
        ...(previous ? { previous: "true" } : {}),
      }),
    );
    const lines = (Array.isArray(read) ? read : [read]).flatMap((entry) => {
      const content = logSchema.safeParse(entry).data?.result.content;
      return content === undefined || content.trim() === "" ? [] : `  ${content.trimEnd()}`;
    });
    return lines.length === 0 ? [] : [`last log lines of ${node.name}, ${container}:`, ...lines];
  }
}

const listSchema = z.object({ items: z.array(applicationSchema).nullish() });
const nodeSchema = resourceSchema.extend({
  uid: z.string().optional(),
  images: z.array(z.string()).optional(),
});
type TreeNode = z.output<typeof nodeSchema>;
const treeSchema = z.object({ nodes: z.array(nodeSchema).optional() });
const plainWindowSchema = z.object({
  kind: z.string().default("deny"),
  schedule: z.string().default(""),
  duration: z.string().default(""),
  timeZone: z.string().optional(),
});
const windowsSchema = z.object({
  canSync: z.boolean().optional(),
  activeWindows: z.array(plainWindowSchema).nullish(),
  assignedWindows: z.array(plainWindowSchema).nullish(),
});
const manifestSchema = z.object({ manifest: z.string().optional() });
const eventsSchema = z.object({ items: z.array(eventSchema).nullish() });
const logSchema = z.object({ result: z.object({ content: z.string().optional() }) });

function noToken(server: string, name: string): UserError {
  return new UserError(
    {
      code: "cluster-refused",
      where: server,
      message: `the environment variable ${name} has no token for Argo CD`,
      fix: `set ${name} to a token of an account with the apiKey capability (argocd account generate-token), or name another variable in follow.argocd.tokenEnvironment`,
    },
    { exitCode: 1 },
  );
}
