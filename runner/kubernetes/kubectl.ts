import { execFile } from "node:child_process";
import { isAbort } from "../../config/problems/abort.ts";
import { explainKubectl, kubectlMissing } from "./refusal.ts";

/** Where a cluster is: both default to what kubectl itself takes (KUBECONFIG, its current context, a pod's account). */
export interface ClusterAddress {
  readonly context?: string | undefined;
  readonly kubeconfig?: string | undefined;
}

/** kubectl, on one cluster. */
export interface Kubectl {
  /**
   * What `kubectl ARGS --output json` prints.
   *
   * @throws UserError when kubectl is missing, or refuses: no context, no permission, no such object or kind, no
   * answer of the cluster (`unreachable`)
   */
  json(args: readonly string[]): Promise<unknown>;
  /** What `kubectl ARGS` prints. */
  text(args: readonly string[], input?: string): Promise<string>;
  /** The cluster in a few words, for messages. */
  readonly name: string;
}

/** A call that the API server does not answer in this time is asked again. */
const requestSeconds = 20;

/**
 * Opens kubectl on a cluster. Slipway has no Kubernetes client of its own: kubectl knows every way to sign in
 * (exec plug-ins of EKS, GKE, OIDC), and those who follow a cluster have it.
 *
 * @param program tests give another one
 */
export function openKubectl(
  { context, kubeconfig }: ClusterAddress,
  signal?: AbortSignal,
  program = "kubectl",
): Kubectl {
  const name = context === undefined ? "the cluster of the current context" : `cluster ${context}`;
  const where = [
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
    `--request-timeout=${requestSeconds}s`,
  ];
  const text: Kubectl["text"] = (args, input) =>
    new Promise((resolve, reject) => {
      const [verb = "", ...rest] = args;
      const child = execFile(
        program,
        [verb, ...where, ...rest],
        {
          encoding: "utf8",
          maxBuffer: 2 ** 28,
          // A plug-in that asks for a password would wait for ever.
          timeout: (requestSeconds + 20) * 1000,
          ...(signal === undefined ? {} : { signal }),
        },
        (error, stdout, stderr) => {
          if (error === null) return resolve(stdout);
          if (isAbort(error)) return reject(error);
          if (error.code === "ENOENT") return reject(kubectlMissing(error));
          const said = error.killed === true ? `no answer within ${requestSeconds + 20} s` : stderr;
          reject(explainKubectl(said, { cluster: name, args, cause: error }));
        },
      );
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
  return {
    name,
    text,
    json: async (args) => JSON.parse(await text([...args, "--output", "json"])) as unknown,
  };
}
