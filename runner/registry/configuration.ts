import { z } from "zod";
import type { Clients } from "../aws/clients.ts";
import { getBlob } from "./blob.ts";
import type { RegistryConnection } from "./connection.ts";
import { getManifest } from "./lookup.ts";

const manifestSchema = z.object({
  config: z.object({ digest: z.string(), size: z.number() }),
  layers: z.array(z.object({ digest: z.string(), size: z.number() })),
});

/**
 * What Slipway reads of an image's configuration.
 * https://github.com/opencontainers/image-spec/blob/main/config.md; Docker adds Healthcheck.
 */
const configurationSchema = z.object({
  config: z
    .object({
      User: z.string().nullish(),
      Env: z.array(z.string()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }).nullish(),
  history: z
    .array(
      z.object({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

/** One platform's image as its manifest and configuration describe it. */
export interface ImageContent {
  /** Layers, the lowest first; bytes as they are pulled, compressed. `diffId`: digest of the uncompressed layer. */
  readonly layers: readonly { readonly digest: string; readonly bytes: number; readonly diffId?: string }[];
  /** Layers and configuration together, compressed. */
  readonly bytes: number;
  /** As USER of the Dockerfile has it; empty: root. */
  readonly user: string;
  /** `NAME=value` */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The command of HEALTHCHECK; undefined without one, or with NONE. */
  readonly healthcheck: readonly string[] | undefined;
  /** Instructions, the first one first, with the time of each (ISO 8601) if it is known. */
  readonly history: readonly { readonly by: string; readonly at?: string }[];
}

/** Reads manifest and configuration as the registry has them. @throws ZodError, SyntaxError */
export function parseImageContent(manifest: string, configuration: string): ImageContent {
  const { config, layers } = manifestSchema.parse(JSON.parse(manifest));
  const read = configurationSchema.parse(JSON.parse(configuration));
  const test = read.config?.Healthcheck?.Test ?? [];
  const diffIds = read.rootfs?.diff_ids ?? [];
  return {
    layers: layers.map(({ digest, size }, index) => {
      const diffId = diffIds[index];
      return { digest, bytes: size, ...(diffId === undefined ? {} : { diffId }) };
    }),
    bytes: layers.reduce((sum, { size }) => sum + size, config.size),
    user: read.config?.User ?? "",
    environment: read.config?.Env ?? [],
    labels: read.config?.Labels ?? {},
    healthcheck: test.length === 0 || test[0] === "NONE" ? undefined : test,
    history: (read.history ?? []).map(({ created, created_by: by }) => ({
      by: by ?? "",
      ...(created == null ? {} : { at: created }),
    })),
  };
}

/** Bytes of the largest configuration that is read: one of a thousand layers has some hundred kilobytes. */
const mostBytes = 4 * 1024 * 1024;

/**
 * One platform's image, without a pull of its layers: its manifest, and the configuration blob.
 *
 * @returns undefined when the registry does not have it, or it is not an image
 * @throws UserError `pull-refused`
 */
export async function readContent(
  clients: Clients,
  registry: RegistryConnection,
  repository: string,
  digest: string,
): Promise<ImageContent | undefined> {
  const stored = await getManifest(clients, repository, { imageDigest: digest }, registry.signal);
  const parsed = stored && manifestSchema.safeParse(JSON.parse(stored.text)).data;
  if (stored === undefined || parsed === undefined) return undefined;
  const bytes = await getBlob(registry, repository, parsed.config, mostBytes);
  return bytes && parseImageContent(stored.text, Buffer.from(bytes).toString("utf8"));
}
