import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Content } from "../registry/contents.ts";

/*
 * What manifests say, by digest. A digest names its content, so an entry never grows stale; one whose manifest is
 * no longer in the repository is dropped when the file is written.
 */

const contentSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("index"),
    artifactType: z.string().optional(),
    children: z.array(z.object({ digest: z.string(), platform: z.string().optional() })),
  }),
  z.object({
    kind: z.literal("manifest"),
    type: z.string(),
    subject: z.string().optional(),
    blobs: z.array(z.object({ digest: z.string(), bytes: z.number() })),
  }),
]);

const fileSchema = z.object({ version: z.literal(1), manifests: z.record(z.string(), contentSchema) });

/**
 * The file for a repository.
 *
 * @param registry host of the registry
 */
export function cacheFile(registry: string, repository: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const name = `${encodeURIComponent(repository)}.json`;
  return join(cache, "slipway", "manifests", encodeURIComponent(registry), name);
}

/** What is remembered of a repository; nothing when the file is missing or damaged. */
export async function readCache(file: string): Promise<ReadonlyMap<string, Content>> {
  try {
    const { manifests } = fileSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return new Map(Object.entries(manifests) as [string, Content][]);
  } catch {
    return new Map();
  }
}

/** Writes what is known of a repository's manifests. A cache that can't be written costs calls, and nothing else. */
export async function writeCache(file: string, manifests: ReadonlyMap<string, Content>): Promise<void> {
  const known = [...manifests].filter(([, { kind }]) => kind !== "unknown");
  const text = JSON.stringify({ version: 1, manifests: Object.fromEntries(known) });
  const temporary = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch {
    // Read-only home directories are common in CI.
  }
}
