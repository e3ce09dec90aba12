import { createHash } from "node:crypto";
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  ECRClient,
  GetRepositoryPolicyCommand,
  type ImageDetail,
  type ImageFailureCode,
  type ImageIdentifier,
  PutImageCommand,
} from "@aws-sdk/client-ecr";
import type { AwsStub } from "aws-sdk-client-mock";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, notFound } from "./fixtures.ts";

interface Held {
  readonly digest: string;
  readonly text: string;
  readonly mediaType: string;
  readonly pushedAt: Date;
  tags: string[];
}

/** A registry in memory, as ECR answers for it: one repository, which images, which tags. */
export interface FakeRegistry {
  readonly mock: AwsStub<never, never, never>;
  /** Pushes a manifest; returns its digest. Each push is a minute after the one before. */
  push(manifest: object, ...tags: string[]): string;
  tagsOf(digest: string): string[];
  calls(command: "BatchDeleteImage" | "BatchGetImage" | "DescribeImages" | "PutImage"): number;
  /** Whether it holds an image of this digest. */
  has(digest: string): boolean;
  /** Digests whose layers are gone: none of them can be put again. */
  readonly withoutLayers: Set<string>;
}

const firstPush = Date.UTC(2026, 4, 1, 12);

/** @param pageSize images that DescribeImages gives at once */
export function fakeRegistry(repository: string, pageSize = 1000): FakeRegistry {
  const held: Held[] = [];
  const mock = mockClient(ECRClient);
  let pushes = 0;
  const heldOf = (text: string, mediaType: string, tags: readonly string[]): Held => ({
    digest: digestOf(text),
    text,
    mediaType,
    pushedAt: new Date(firstPush + pushes++ * 60_000),
    tags: [...tags],
  });
  const here = (input: { repositoryName?: string | undefined }) => {
    if (input.repositoryName !== repository) throw awsError("RepositoryNotFoundException");
  };
  const find = ({ imageDigest, imageTag }: ImageIdentifier) =>
    held.find((one) =>
      imageDigest === undefined ? one.tags.includes(imageTag ?? "") : one.digest === imageDigest,
    );
  mock.on(GetRepositoryPolicyCommand).rejects(awsError("RepositoryPolicyNotFoundException"));
  mock.on(BatchGetImageCommand).callsFake(async (input: BatchGetImageCommand["input"]) => {
    here(input);
    const ids = input.imageIds ?? [];
    return {
      images: ids.flatMap((id) => {
        const one = find(id);
        if (one === undefined) return [];
        const { digest: imageDigest, text: imageManifest, mediaType: imageManifestMediaType } = one;
        return [{ imageId: { ...id, imageDigest }, imageManifest, imageManifestMediaType }];
      }),
      failures: ids
        .filter((id) => find(id) === undefined)
        .flatMap((imageId) => notFound.failures.map((failure) => ({ ...failure, imageId }))),
    };
  });
  mock.on(DescribeImagesCommand).callsFake(async (input: DescribeImagesCommand["input"]) => {
    here(input);
    const detail = (one: Held): ImageDetail => ({
      imageDigest: one.digest,
      imageTags: one.tags,
      imagePushedAt: one.pushedAt,
      imageManifestMediaType: one.mediaType,
    });
    if (input.imageIds !== undefined) {
      const images = input.imageIds.flatMap((id) => find(id) ?? []);
      if (images.length === 0) throw awsError("ImageNotFoundException");
      return { imageDetails: images.map(detail) };
    }
    const from = Number(input.nextToken ?? 0);
    const next = from + pageSize;
    return {
      imageDetails: held.slice(from, next).map(detail),
      ...(next < held.length ? { nextToken: String(next) } : {}),
    };
  });
  const withoutLayers = new Set<string>();
  mock.on(PutImageCommand).callsFake(async (input: PutImageCommand["input"]) => {
    here(input);
    const text = input.imageManifest ?? "";
    const digest = input.imageDigest ?? digestOf(text);
    const known = held.find((one) => one.digest === digest);
    const tag = input.imageTag;
    if (known !== undefined && (tag === undefined || known.tags.includes(tag)))
      throw awsError("ImageAlreadyExistsException");
    if (known === undefined && withoutLayers.has(digest)) throw awsError("LayersNotFoundException");
    const { manifests = [] } = JSON.parse(text || "{}") as { manifests?: { digest: string }[] };
    if (known === undefined && manifests.some((one) => find({ imageDigest: one.digest }) === undefined))
      throw awsError("ReferencedImagesNotFoundException");
    for (const one of held) one.tags = one.tags.filter((each) => each !== tag);
    const tags = tag === undefined ? [] : [tag];
    if (known !== undefined) known.tags.push(...tags);
    else held.push(heldOf(text, input.imageManifestMediaType ?? "", tags));
    return {};
  });
  // Nothing says in which order ECR looks at the images of one call: an index that goes in it still counts.
  mock.on(BatchDeleteImageCommand).callsFake(async (input: BatchDeleteImageCommand["input"]) => {
    here(input);
    const before = held.map(({ text }) => text);
    const failures: { imageId: ImageIdentifier; failureCode: ImageFailureCode; failureReason: string }[] = [];
    const imageIds: ImageIdentifier[] = [];
    for (const imageId of input.imageIds ?? []) {
      const one = find(imageId);
      const isListed = before.some((text) => listedIn(text).includes(one?.digest ?? ""));
      if (one === undefined)
        failures.push({ imageId, failureCode: "ImageNotFound", failureReason: "Requested image not found" });
      else if (isListed) {
        const failureReason = "Requested image referenced by manifest list";
        failures.push({ imageId, failureCode: "ImageReferencedByManifestList", failureReason });
      } else {
        held.splice(held.indexOf(one), 1);
        imageIds.push({ imageDigest: one.digest });
      }
    }
    return { imageIds, failures };
  });
  return {
    mock: mock as unknown as FakeRegistry["mock"],
    push(manifest, ...tags) {
      const mediaType = (manifest as { mediaType?: string }).mediaType ?? "";
      const one = heldOf(JSON.stringify(manifest), mediaType, tags);
      held.push(one);
      return one.digest;
    },
    has: (digest) => find({ imageDigest: digest }) !== undefined,
    withoutLayers,
    tagsOf: (digest) => find({ imageDigest: digest })?.tags ?? [],
    calls: (command) =>
      mock.calls().filter((call) => call.firstArg.constructor.name === `${command}Command`).length,
  };
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** Digests of children, if it is an index. */
function listedIn(text: string): string[] {
  const { manifests = [] } = JSON.parse(text) as { manifests?: { digest: string }[] };
  return manifests.map(({ digest }) => digest);
}

/** A blob's digest by a name. */
export const blob = (name: string) => `sha256:${createHash("sha256").update(name).digest("hex")}`;

/** One platform's manifest: layers by name and size. */
export function platformManifest(layers: Readonly<Record<string, number>>, configBytes = 100) {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: blob(`config of ${JSON.stringify(layers)}`),
      size: configBytes,
    },
    layers: Object.entries(layers).map(([name, size]) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: blob(name),
      size,
    })),
  };
}

/** An index of manifests by platform: `linux/amd64`. */
export function indexOf(manifests: Readonly<Record<string, string>>) {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: Object.entries(manifests).map(([platform, digest]) => {
      const [os, architecture] = platform.split("/");
      return {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest,
        size: 480,
        platform: { os, architecture },
      };
    }),
  };
}
