import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BatchGetImageCommand, type ImageIdentifier } from "@aws-sdk/client-ecr";
import { execa } from "execa";
import type { Clients } from "../../../runner/aws/clients.ts";
import { type Blob, blobOf, digestOf, getBlob } from "../../../runner/registry/blob.ts";
import type { RegistryConnection } from "../../../runner/registry/connection.ts";
import { putBlob, putManifest } from "../../../runner/registry/push.ts";

/** What differs in the image that the tag moves to. */
export type Change = "another layer" | "another index";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

interface Manifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Configuration {
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/**
 * Moves the tag of an image for several platforms by a push, so that a build can pull what it stands for: to an image
 * with one more layer, or to the same one by another index.
 */
export async function moveTag(
  clients: Clients,
  registry: RegistryConnection,
  { repository, tag }: { readonly repository: string; readonly tag: string },
  change: Change,
): Promise<void> {
  const read = async (imageId: ImageIdentifier): Promise<unknown> => {
    const at = { repositoryName: repository, imageIds: [imageId] };
    const { images = [] } = await clients.ecr.send(new BatchGetImageCommand(at));
    return JSON.parse(images[0]?.imageManifest ?? "");
  };
  const push = async (manifest: Index | Manifest, reference?: string): Promise<Descriptor> => {
    const { mediaType } = manifest;
    const text = JSON.stringify(manifest);
    const digest = digestOf(text);
    await putManifest(registry, repository, reference ?? digest, { mediaType, text });
    return { mediaType, digest, size: Buffer.byteLength(text) };
  };
  const index = (await read({ imageTag: tag })) as Index;
  if (change === "another index") {
    await push({ ...index, annotations: { "slipway.test": change } } as Index, tag);
    return;
  }
  const tar = await archiveOf("security-fix");
  const manifests = await Promise.all(
    index.manifests.map(async (child) => {
      const manifest = (await read({ imageDigest: child.digest })) as Manifest;
      const old = await getBlob(registry, repository, manifest.config, 1_000_000);
      const { history: _, ...configuration } = JSON.parse(
        Buffer.from(old ?? []).toString("utf8"),
      ) as Configuration & { history: unknown };
      const diffIds = [...configuration.rootfs.diff_ids, digestOf(tar)];
      const rootfs = { ...configuration.rootfs, diff_ids: diffIds };
      const config = blobOf(manifest.config.mediaType, JSON.stringify({ ...configuration, rootfs }));
      const bytes = gzipSync(tar);
      const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
      const layer: Blob = { mediaType, bytes, digest: digestOf(bytes) };
      await Promise.all([putBlob(registry, repository, layer), putBlob(registry, repository, config)]);
      const layers = [...manifest.layers, descriptorOf(layer)];
      return { ...child, ...(await push({ ...manifest, config: descriptorOf(config), layers })) };
    }),
  );
  await push({ ...index, manifests }, tag);
}

function descriptorOf({ mediaType, digest, bytes }: Blob): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** A layer with one file. */
async function archiveOf(file: string): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-layer-"));
  try {
    await writeFile(join(directory, file), "mended\n");
    const { stdout } = await execa("tar", ["--create", "--directory", directory, file], {
      encoding: "buffer",
    });
    return stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
