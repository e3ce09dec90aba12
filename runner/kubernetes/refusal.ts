import { UserError } from "../../config/problems/errors.ts";

/** A call of kubectl that failed. */
export interface FailedKubectl {
  /** As messages name it: `cluster prod`. */
  readonly cluster: string;
  readonly args: readonly string[];
  readonly cause: unknown;
}

/** kubectl is not on the PATH. */
export function kubectlMissing(cause: unknown): UserError {
  return new UserError(
    {
      code: "kubectl-missing",
      message: "kubectl was not found, and Slipway reads clusters with it",
      fix: "install kubectl and put it on the PATH; Argo CD can be read without it: set follow.argocd.server",
    },
    { cause },
  );
}

/** What the API server, or what is between it and us, says when it does not answer. */
const noAnswer =
  /connection refused|was refused|no such host|i\/o timeout|context deadline exceeded|no route to host|network is unreachable|TLS handshake timeout|unable to connect to the server|connection reset|EOF$|no answer within|ServiceUnavailable|currently unable to handle|InternalError|etcdserver|http2: client connection lost/i;

/**
 * Turns what kubectl said into a problem with its fix. `unreachable` and `throttled` are codes that a wait
 * repeats; all others end it.
 */
export function explainKubectl(stderr: string, { cluster, args, cause }: FailedKubectl): UserError {
  const said = lastLine(stderr);
  const where = `kubectl ${args.slice(0, 3).join(" ")}`;
  const exitCode = 1;
  const problem = (code: Parameters<typeof one>[0], message: string, fix: string) =>
    new UserError(one(code, message, fix), { exitCode, cause });
  const one = (
    code:
      | "unreachable"
      | "throttled"
      | "no-cluster"
      | "cluster-refused"
      | "kind-not-in-cluster"
      | "not-in-cluster"
      | "kubectl-failed",
    message: string,
    fix: string,
  ) => ({ code, where, message, fix });

  if (/context .* does not exist|context was not found|no context exists/i.test(said)) {
    return problem(
      "no-cluster",
      `kubectl does not know the cluster: ${said}`,
      "correct context and kubeconfig of follow, or add the context (aws eks update-kubeconfig --name CLUSTER --alias CONTEXT)",
    );
  }
  // Without a kubeconfig, kubectl asks localhost:8080.
  if (
    /localhost:8080|current-context is not set|stat .*: no such file|invalid configuration|couldn't get current server/i.test(
      said,
    )
  ) {
    return problem(
      "no-cluster",
      `kubectl has no cluster to ask: ${said}`,
      "set context or kubeconfig of follow, or KUBECONFIG (aws eks update-kubeconfig --name CLUSTER)",
    );
  }
  if (
    /Unauthorized|must be logged in|provide credentials|getting credentials|exec plugin|token.*expired/i.test(
      said,
    )
  ) {
    return problem(
      "cluster-refused",
      `${cluster} does not accept the credentials: ${said}`,
      "sign in again; on EKS, give the role an access entry (aws eks create-access-entry)",
    );
  }
  if (/forbidden/i.test(said)) {
    const [, user = "the user", verb = "read", resource = "it"] =
      /User "([^"]+)" cannot (\w+) resource "([^"]+)"/.exec(said) ?? [];
    return problem(
      "cluster-refused",
      `${cluster} does not allow it: ${said}`,
      `let ${user} ${verb} ${resource} with a Role and a RoleBinding (docs/how-to/kubernetes.md has them)`,
    );
  }
  if (
    /the server doesn't have a resource type|no matches for kind|could not find the requested resource/i.test(
      said,
    )
  ) {
    return problem(
      "kind-not-in-cluster",
      `${cluster} has no such kind of object: ${said}`,
      "check that context names the cluster that Argo CD or Flux runs in, and that its CRDs are installed",
    );
  }
  if (/NotFound|not found/i.test(said)) {
    return problem(
      "not-in-cluster",
      `${cluster} has no such object: ${said}`,
      "correct the name, the namespace and the context",
    );
  }
  if (/TooManyRequests|too many requests|Throttled/i.test(said)) {
    return problem("throttled", `${cluster} throttles requests: ${said}`, "try again later");
  }
  if (noAnswer.test(said)) {
    return problem(
      "unreachable",
      `${cluster} does not respond: ${said}`,
      "check the network and the VPN, and that the API server's endpoint is open to this machine",
    );
  }
  return problem(
    "kubectl-failed",
    `kubectl failed on ${cluster}: ${said === "" ? "without a message" : said}`,
    "run the command of the message by hand",
  );
}

/** kubectl repeats itself before it gives up; the last line has the reason. */
function lastLine(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(W|I|E)\d{4} /.test(line) && !/^Warning:/.test(line));
  const told =
    lines.findLast((line) => /^(error|Error from server|Unable to connect)/i.test(line)) ??
    lines.at(-1) ??
    "";
  return told.replace(/^error: /i, "");
}
