import { shortDigest } from "../../../registry/image.ts";

/** One image that a commit sets. */
export interface CommittedImage {
  readonly service: string;
  /** `registry/repository@sha256:…`, as the manifests have it; undefined where they name none again. */
  readonly reference: string | undefined;
  /** Undefined for a reference by tag alone. */
  readonly digest: string | undefined;
  /** The commit of its source, when it is known. */
  readonly revision: string | undefined;
}

/**
 * The message of a commit. The trailers tell which image each service got, from which source, on which stack:
 * the history can be read back by `git log --format='%(trailers)'`.
 * https://git-scm.com/docs/git-interpret-trailers
 *
 * @param set in any order; the message has them by name
 * @param why `deploy`, or what is put back and why
 * @param branch of a pull request, by which its commits are known as Slipway's
 */
export function commitMessage(
  set: readonly CommittedImage[],
  stack: string | undefined,
  why: "deploy" | "put back",
  branch?: string,
): string {
  // Services join a commit as they are ready for it: the same deployment has the same message.
  const images = set.toSorted((a, b) => (a.service < b.service ? -1 : 1));
  const names = images.map(({ service }) => service);
  const what = names.length > 3 ? `${names.length} services` : names.join(", ");
  const where = stack === undefined ? "" : ` on ${stack}`;
  const [only] = images;
  const to = images.length === 1 && only?.digest !== undefined ? ` to ${shortDigest(only.digest)}` : "";
  const subject = why === "deploy" ? `Deploy ${what}${where}${to}` : `Put ${what} back${where}${to}`;
  const trailers = images.flatMap(({ service, reference, revision }) =>
    reference === undefined
      ? []
      : [`Slipway-Image: ${service} ${reference}${revision === undefined ? "" : ` ${revision}`}`],
  );
  return [
    subject,
    "",
    ...(stack === undefined ? [] : [`Slipway-Stack: ${stack}`]),
    ...names.map((name) => `Slipway-Service: ${name}`),
    ...trailers,
    ...(branch === undefined ? [] : [`${branchTrailer}: ${branch}`]),
    "",
  ].join("\n");
}

const branchTrailer = "Slipway-Branch";

/** Whether Slipway made a commit for the branch of a pull request. */
export function isMadeFor(message: string, branch: string): boolean {
  return message.split("\n").includes(`${branchTrailer}: ${branch}`);
}
