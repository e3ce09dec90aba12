import { hasCode } from "../aws/errors.ts";

/**
 * What a call read, or undefined when the cluster does not let us or does not have it. For calls that only
 * improve a message.
 */
export function ifReadable<T>(call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (
      hasCode(
        error,
        "cluster-refused",
        "not-in-cluster",
        "kind-not-in-cluster",
        "kubectl-failed",
        "unreachable",
      )
    )
      return undefined;
    throw error;
  });
}
