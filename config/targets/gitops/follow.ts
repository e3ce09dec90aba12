import { z } from "zod";

/** Names as Kubernetes takes them for its objects. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const namespaceName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** A name before Slipway has replaced ${stack}. */
const named = (form: RegExp, what: string) =>
  z
    .string()
    .min(1)
    .refine((text) => form.test(text.replaceAll("${stack}", "stack")), `is not the name of ${what}`);

const cluster = {
  context: z
    .string()
    .min(1)
    .optional()
    .describe("Context of the kubeconfig; default: its current context. Slipway replaces ${stack}"),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a kubeconfig; default: where kubectl looks. Slipway replaces ${stack}"),
};

const timeoutSeconds = z
  .int()
  .positive()
  .max(86_400)
  .default(900)
  .describe("Time limit from the commit to the end of the rollout; sync windows count");

export const argocdSchema = z
  .strictObject({
    application: named(objectName, "an Application")
      .optional()
      .describe("Name of the Application; Slipway replaces ${stack}"),
    selector: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Label selector of the Applications, which Slipway follows as one step: app=ui,stage=${stack}. Write either application or selector",
      ),
    namespace: named(namespaceName, "a namespace")
      .default("argocd")
      .describe("Namespace of the Applications"),
    server: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Address of Argo CD's API; default: Slipway reads the Applications with kubectl"),
    tokenEnvironment: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not the name of an environment variable")
      .default("ARGOCD_AUTH_TOKEN")
      .describe("Name of the environment variable with the token for server"),
    ...cluster,
    timeoutSeconds,
  })
  .refine(
    ({ application, selector }) => (application === undefined) !== (selector === undefined),
    "needs either application or selector",
  )
  .refine(
    ({ server, context, kubeconfig }) =>
      server === undefined || (context === undefined && kubeconfig === undefined),
    "takes either server, or context and kubeconfig",
  )
  .describe("Argo CD's Applications that deploy the manifests");

export const fluxSchema = z
  .strictObject({
    kustomization: named(objectName, "a Kustomization")
      .optional()
      .describe("Name of the Kustomization that applies the manifests; Slipway replaces ${stack}"),
    helmRelease: named(objectName, "a HelmRelease")
      .optional()
      .describe("Name of the HelmRelease that runs the image; Slipway replaces ${stack}"),
    namespace: named(namespaceName, "a namespace")
      .default("flux-system")
      .describe("Namespace of the Kustomization, and of the HelmRelease without a namespace of its own"),
    helmReleaseNamespace: named(namespaceName, "a namespace")
      .optional()
      .describe("Namespace of the HelmRelease; default: namespace"),
    ...cluster,
    timeoutSeconds,
  })
  .refine(
    ({ kustomization, helmRelease }) => kustomization !== undefined || helmRelease !== undefined,
    "needs kustomization, helmRelease or both",
  )
  .describe("Flux's objects that deploy the manifests");

/** `follow` of a GitOps target. */
export const followSchema = z
  .union([z.literal("none"), z.strictObject({ argocd: argocdSchema }), z.strictObject({ flux: fluxSchema })])
  .default("none")
  .describe(
    "What deploys the manifests, which Slipway follows to the end of the rollout; none: Slipway commits, and proves nothing",
  );

export type FollowSettings = z.output<typeof followSchema>;
export type ArgocdSettings = z.output<typeof argocdSchema>;
export type FluxSettings = z.output<typeof fluxSchema>;

/**
 * `follow` as one stack sees it.
 *
 * @param forStack replaces ${stack} with the name of the stack
 */
export function resolveFollow(follow: FollowSettings, forStack: (text: string) => string): FollowSettings {
  if (follow === "none") return follow;
  return "argocd" in follow
    ? { argocd: resolveTexts(follow.argocd, forStack) }
    : { flux: resolveTexts(follow.flux, forStack) };
}

function resolveTexts<T extends object>(settings: T, forStack: (text: string) => string): T {
  const entries = Object.entries(settings).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === "string" ? forStack(value) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
