import { GetLifecyclePolicyCommand, GetRepositoryPolicyCommand, type ImageDetail } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import type { StoredBlob } from "../../lifecycle/bytes.ts";
import type { StoredImage } from "../../lifecycle/image.ts";
import { type LifecyclePolicy, parsePolicy } from "../../lifecycle/policy.ts";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import { type Content, listDetails, readManifests } from "../registry/contents.ts";
import { cacheFile, readCache, writeCache } from "./manifest-cache.ts";

/** A manifest of a repository, with all that a lifecycle policy and a bill go by. */
export interface InventoryImage extends StoredImage {
  readonly kind: "index" | "manifest" | "unknown";
  /** Media type of the artifact or of its configuration; empty for an index, or if unknown. */
  readonly type: string;
  readonly blobs: readonly StoredBlob[];
}

/** What a repository holds, and the policy that it has. */
export interface Inventory {
  readonly repository: string;
  readonly images: readonly InventoryImage[];
  /** The policy in force; undefined if the repository has none, or nobody asked. */
  readonly policy: LifecyclePolicy | undefined;
}

interface Reader {
  readonly clients: Clients;
  /** Host of the registry, which the cache of manifests goes by. */
  readonly registry: string;
  readonly signal: AbortSignal;
}

/** Repositories that are read at the same time. */
const atOnce = 16;

/**
 * Reads repositories: DescribeImages for a thousand images at once, and the manifests that no earlier run has read. A
 * repository that does not exist is left out.
 *
 * @param wantsPolicy whether the policy in force is asked for as well: a call for each repository
 */
export async function readInventories(
  reader: Reader,
  repositories: readonly string[],
  wantsPolicy: (repository: string) => boolean = () => false,
): Promise<readonly Inventory[]> {
  const found = await pMap(
    repositories,
    (repository) => readInventory(reader, repository, wantsPolicy(repository)),
    { concurrency: atOnce, signal: reader.signal },
  );
  return found.filter((one) => one !== undefined);
}

async function readInventory(
  reader: Reader,
  repository: string,
  wantsPolicy: boolean,
): Promise<Inventory | undefined> {
  const [found, policy] = await Promise.all([
    readImages(reader, repository),
    wantsPolicy ? readPolicy(reader, repository) : undefined,
  ]);
  return found === undefined ? undefined : { ...found, policy };
}

/** What one repository holds; undefined when it does not exist. */
export async function readImages(
  reader: Reader,
  repository: string,
): Promise<Omit<Inventory, "policy"> | undefined> {
  const { clients, signal } = reader;
  const details = await listDetails(clients, repository, signal, { imageStatus: "ANY" });
  if (details === undefined) return undefined;
  const contents = await contentsOf(reader, repository, details);
  return {
    repository,
    images: details.flatMap((detail) => inventoryImage(detail, contents.get(detail.imageDigest ?? "")) ?? []),
  };
}

/** The policy that a repository has now; undefined when it has none, or does not exist. */
export async function readPolicy(
  { clients, signal }: Pick<Reader, "clients" | "signal">,
  repository: string,
): Promise<LifecyclePolicy | undefined> {
  try {
    const command = new GetLifecyclePolicyCommand({ repositoryName: repository });
    const { lifecyclePolicyText } = await clients.ecr.send(command, { abortSignal: signal });
    return lifecyclePolicyText === undefined ? undefined : parsePolicy(lifecyclePolicyText);
  } catch (error) {
    if (isAwsError(error, "LifecyclePolicyNotFoundException", "RepositoryNotFoundException"))
      return undefined;
    throw error;
  }
}

/** The text of the policy that says who may use a repository; undefined when it has none, or does not exist. */
export async function readRepositoryPolicy(
  { clients, signal }: Pick<Reader, "clients" | "signal">,
  repository: string,
): Promise<string | undefined> {
  try {
    const command = new GetRepositoryPolicyCommand({ repositoryName: repository });
    return (await clients.ecr.send(command, { abortSignal: signal })).policyText;
  } catch (error) {
    if (isAwsError(error, "RepositoryPolicyNotFoundException", "RepositoryNotFoundException"))
      return undefined;
    throw error;
  }
}

/** The manifests of a repository, from the cache and from the registry. ECR returns none of an archived image. */
async function contentsOf(
  { clients, registry, signal }: Reader,
  repository: string,
  details: readonly ImageDetail[],
): Promise<ReadonlyMap<string, Content>> {
  const file = cacheFile(registry, repository);
  const cached = await readCache(file);
  const known = new Map<string, Content>();
  const missing: string[] = [];
  for (const { imageDigest, imageStatus = "ACTIVE" } of details) {
    if (imageDigest === undefined) continue;
    const content = cached.get(imageDigest);
    if (content !== undefined) known.set(imageDigest, content);
    else if (imageStatus === "ACTIVE") missing.push(imageDigest);
  }
  if (missing.length === 0 && known.size === cached.size) return known;
  const read = missing.length === 0 ? [] : await readManifests(clients, repository, missing, signal);
  const all = new Map([...known, ...read]);
  await writeCache(file, all);
  return all;
}

function inventoryImage(detail: ImageDetail, content: Content | undefined): InventoryImage | undefined {
  const {
    imageDigest: digest,
    imageTags: tags = [],
    imagePushedAt: pushedAt,
    imageStatus = "ACTIVE",
  } = detail;
  if (digest === undefined || pushedAt === undefined) return undefined;
  const { lastRecordedPullTime: pulledAt, lastActivatedAt: activatedAt, lastArchivedAt } = detail;
  const archivedAt = imageStatus === "ARCHIVED" ? (lastArchivedAt ?? pushedAt) : undefined;
  return {
    digest,
    tags,
    pushedAt,
    ...(pulledAt && { pulledAt }),
    ...(activatedAt && { activatedAt }),
    ...(archivedAt && { archivedAt }),
    ...contentParts(digest, content, detail.imageSizeInBytes ?? 0),
  };
}

function contentParts(digest: string, content: Content | undefined, bytes: number) {
  switch (content?.kind) {
    case "index":
      return {
        kind: "index" as const,
        type: content.artifactType ?? "",
        children: content.children.map((child) => child.digest),
        blobs: [],
      };
    case "manifest":
      return {
        kind: "manifest" as const,
        type: content.type,
        children: [],
        blobs: content.blobs,
        ...(content.subject !== undefined && { subject: content.subject }),
      };
    default:
      // Nothing is known of its layers, so it counts with the size that ECR states.
      return { kind: "unknown" as const, type: "", children: [], blobs: [{ digest: `of ${digest}`, bytes }] };
  }
}
