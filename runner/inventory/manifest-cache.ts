import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Content } from "../registry/contents.ts";

/*
 * What manifests say, by digest. A digest names its content, so an entry never grows stale; one whose manifest is
 * no longer in the repository is dropped when the file is written.
 */

const fileSchema = z.object({ version: z.literal(1), manifests: z.custom<object>(isObject) });

/** A hundred thousand manifests are read in one run: these tests copy nothing, as a schema would. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isContent(value: unknown): value is Content {
  if (!isObject(value)) return false;
  const { kind, type, artifactType, subject, children, blobs } = value;
  if (kind === "index")
    return isOptionalText(artifactType) && Array.isArray(children) && children.every(isChild);
  if (kind !== "manifest" || typeof type !== "string" || !isOptionalText(subject)) return false;
  return Array.isArray(blobs) && blobs.every(isBlob);
}

function isChild(value: unknown): boolean {
  return isObject(value) && typeof value.digest === "string" && isOptionalText(value.platform);
}

function isBlob(value: unknown): boolean {
  return isObject(value) && typeof value.digest === "string" && typeof value.bytes === "number";
}

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
    const known = Object.entries(manifests) as [string, unknown][];
    return known.every((one): one is [string, Content] => isContent(one[1])) ? new Map(known) : new Map();
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
