import { createHash } from "node:crypto";
import pMap from "p-map";
import pRetry from "p-retry";
import { acceptedMediaTypes, normalizePlatform, parseManifest } from "../../builder/manifest.ts";
import { registryUrl, sourceTag } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";

/** An image in the registry, regardless of who built it. */
export interface KnownImage {
  /** `<registry>/<repository>:src-<hash>@<digest>`, the same as the Index resource's output. */
  readonly ref: string;
  /** Platform, as the catalogue writes it → digest of that platform's manifest. */
  readonly manifests: Readonly<Record<string, string>>;
}

/** The key for finding an image. */
export interface WantedImage {
  /** Name of the ECR repository. */
  readonly repository: string;
  readonly sourceHash: string;
  readonly platforms: readonly string[];
}

export interface RegistryLogin {
  /** Host (and port) of the registry. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** Requests at once: 200 services take thirteen round trips. */
const concurrency = 16;

const answerMilliseconds = 30_000;

/**
 * Asks the registry for the images of these sources, by the OCI distribution API and with the AWS
 * provider's own token, so that the program needs no credentials beside the provider's. One request an
 * image; ECR asks for ecr:BatchGetImage.
 *
 * @returns in the order asked for; undefined where there is no image, or none of every platform, or no repository yet
 * @throws UserError `registry-refused`, `registry-unreachable`
 */
export function findImages(
  login: RegistryLogin,
  wanted: readonly WantedImage[],
): Promise<(KnownImage | undefined)[]> {
  return pMap(wanted, (one) => findImage(login, one), { concurrency });
}

async function findImage(login: RegistryLogin, wanted: WantedImage): Promise<KnownImage | undefined> {
  const { host, username, password } = login;
  const { repository, sourceHash, platforms } = wanted;
  const tag = sourceTag(sourceHash);
  const answer = await ask(
    host,
    new URL(`v2/${repository}/manifests/${tag}`, registryUrl(host)),
    `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
  );
  // Of the tag and of the repository alike.
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refused(host, repository, answer);
  const digest = `sha256:${createHash("sha256").update(answer.body).digest("hex")}`;
  const manifests = manifestsOf(answer.body, digest, platforms);
  return manifests && { ref: `${host}/${repository}:${tag}@${digest}`, manifests };
}

/**
 * The digests of a service's platforms in a manifest or an index as the registry stores it; undefined
 * when it lacks one of them, or is no image.
 *
 * @param digest digest of the text itself
 */
export function manifestsOf(
  text: string,
  digest: string,
  platforms: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const parsed = tryParse(text);
  if (parsed === undefined) return undefined;
  // An Index of one platform is that platform's manifest itself, which does not name the platform.
  const [only = ""] = platforms;
  const found = parsed.kind === "index" ? parsed.manifests : { [normalizePlatform(only)]: digest };
  const entries = platforms.flatMap((platform) => {
    const manifest = found[normalizePlatform(platform)];
    return manifest === undefined ? [] : [[platform, manifest] as const];
  });
  return entries.length === platforms.length ? Object.fromEntries(entries) : undefined;
}

function tryParse(text: string) {
  try {
    return parseManifest(text);
  } catch {
    return undefined;
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request, and retries it when the network or the registry fails. */
async function ask(host: string, url: URL, authorization: string): Promise<Answer> {
  const headers = { accept: acceptedMediaTypes.join(", "), authorization };
  try {
    return await pRetry(
      async () => {
        const answer = await fetch(url, { headers, signal: AbortSignal.timeout(answerMilliseconds) });
        const body = await answer.text();
        if (answer.status >= 500 || answer.status === 429) throw new Error(`HTTP ${answer.status}`);
        return { status: answer.status, body };
      },
      { retries: 3, minTimeout: 200, factor: 2, randomize: true },
    );
  } catch (cause) {
    const { message, cause: deeper } = cause as Error;
    throw new UserError(
      {
        code: "registry-unreachable",
        where: host,
        message: `the registry refused to list its images: ${deeper instanceof Error ? deeper.message : message}`,
        fix: "check the network and the proxy, and run the command again",
      },
      { exitCode: 1, cause },
    );
  }
}

function refused(host: string, repository: string, { status, body }: Answer): UserError {
  return new UserError(
    {
      code: "registry-refused",
      where: `${host}/${repository}`,
      message: `the registry does not say which images it has: HTTP ${status} ${body.slice(0, 200)}`.trim(),
      fix: "allow the credentials of the AWS provider ecr:BatchGetImage on the repository",
    },
    { exitCode: 1 },
  );
}
