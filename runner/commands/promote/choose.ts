import { sourceTag } from "../../../config/names.ts";
import type { Problem } from "../../../config/problems/errors.ts";
import { suggestReleases } from "../../history/image.ts";
import type { ServiceReleases } from "../../history/read.ts";
import { findReleases, isSuccessful, runningRelease } from "../../release/history.ts";
import type { EarlierRelease } from "../../release/record.ts";

/** The criteria that choose a service's image. */
export interface PromotedBy {
  /** A release's id, a tag, or the prefix of a commit or digest; undefined: what runs. */
  readonly release: string | undefined;
  /** Hash of the local source, to choose its image. */
  readonly sourceHash?: string | undefined;
  /** Whether to accept an image without a successful release. */
  readonly unproven: boolean;
}

/** The release to promote, or the reason why there is none. */
export function choosePromoted(
  {
    service,
    repository,
    releases,
    running,
  }: Omit<ServiceReleases, "service"> & { service: { name: string } },
  { release: asked, sourceHash, unproven }: PromotedBy,
  stack: string,
): EarlierRelease | Problem {
  const where = `${repository}, stack ${stack}`;
  const matching =
    sourceHash !== undefined
      ? releases.filter((release) => release.sourceHash === sourceHash)
      : asked === undefined
        ? []
        : findReleases(releases, asked);
  const found =
    sourceHash === undefined && asked === undefined
      ? runningRelease(releases, running)
      : (matching.find(isSuccessful) ?? matching[0]);
  const proven = releases.filter(isSuccessful);
  if (found === undefined && sourceHash !== undefined) {
    return {
      code: "not-deployed",
      where,
      value: sourceTag(sourceHash),
      message: `the local source of ${service.name} was never deployed to ${stack}, so no release proves that it runs`,
      fix: `deploy this commit there first: slipway deploy ${service.name} --stack ${stack}; or build it for the other stack without proof: slipway deploy ${service.name} --stack <stack>`,
    };
  }
  if (found === undefined) {
    return {
      code: asked === undefined ? "no-release" : "unknown-release",
      where,
      ...(asked === undefined ? {} : { value: asked }),
      message:
        asked === undefined
          ? `what ${service.name} runs is not a recorded release`
          : `${service.name} has no release with this id, tag, commit or digest`,
      fix: suggestReleases(proven, "that succeeded", "--release"),
    };
  }
  if (unproven || proven.some(({ image }) => image === found.image)) return found;
  return {
    code: "unproven",
    where,
    value: found.id,
    message: `this image of ${service.name} has no successful release on ${stack} (${found.outcome})`,
    fix: `${suggestReleases(proven, "that succeeded", "--release")}; or promote it anyway with --unproven`,
  };
}
