import pMap from "p-map";
import { normalizePlatform } from "../../builder/manifest.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image } from "./image.ts";
import { getManifest, parseStored } from "./lookup.ts";

/** One platform of an image in the registry. */
export interface VerifiedPlatform {
  readonly platform: string;
  readonly digest: string;
  readonly mediaType: string | undefined;
  readonly layers: number;
  /** What a pull transfers: layers and configuration, compressed. */
  readonly bytes: number;
}

/**
 * Checks after a push that the registry has what was pushed: the digest, and a manifest for each
 * platform.
 *
 * @param platforms platforms that the service is built for
 * @throws UserError `image-incomplete` with everything that is missing
 */
export async function verifyImage(
  clients: Clients,
  image: Image,
  platforms: readonly string[],
  signal: AbortSignal,
): Promise<readonly VerifiedPlatform[]> {
  const { repository, digest } = image;
  const problem = (message: string): Problem => ({
    code: "image-incomplete",
    where: `${repository}@${digest}`,
    message,
    fix: "run the command again to push what is missing",
  });
  const stored = await getManifest(clients, repository, { imageDigest: digest }, signal);
  if (stored === undefined) {
    throw new UserError(problem("the image is not in the registry"), { exitCode: 1 });
  }

  const parsed = parseStored(repository, stored);
  const inRegistry: Readonly<Record<string, string>> =
    parsed.kind === "index" ? parsed.manifests : image.manifests;
  const wanted = [...new Set(platforms.map(normalizePlatform))];
  const missing = wanted
    .filter((platform) => inRegistry[platform] === undefined)
    .map((platform) => problem(`it has no manifest for ${platform}`));

  const found = await pMap(
    Object.entries(inRegistry),
    async ([platform, child]): Promise<VerifiedPlatform | Problem> => {
      const manifest =
        child === digest ? stored : await getManifest(clients, repository, { imageDigest: child }, signal);
      if (manifest === undefined) return problem(`its manifest for ${platform}, ${child}, is missing`);
      const content = parseStored(repository, manifest);
      if (content.kind === "index") return problem(`its manifest for ${platform} is itself an index`);
      const { layers, bytes } = content;
      return { platform, digest: child, mediaType: manifest.mediaType, layers, bytes };
    },
    { concurrency: 4, signal },
  );
  const problems = [...missing, ...found.filter((one) => "code" in one)];
  if (problems.length > 0) throw new UserError(problems, { exitCode: 1 });
  return found.filter((one): one is VerifiedPlatform => !("code" in one));
}
