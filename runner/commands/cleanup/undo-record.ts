import { type FileHandle, open, readFile } from "node:fs/promises";
import type { Repository } from "@aws-sdk/client-ecr";
import { z } from "zod";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";

/*
 * The record of a clean-up: lines of JSON, the head first. A line is on the disk before what it tells of is deleted, so
 * that a run which is killed leaves a record of all that may be gone.
 */

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const headSchema = z.object({
  version: z.literal(1),
  kind: z.literal("cleanup-undo"),
  stack: z.string(),
  account: z.string(),
  region: z.string(),
  registry: z.string(),
  /** Digest of the plan that was applied. */
  plan: digest,
});

const imageSchema = z.object({
  repository: z.string(),
  digest,
  tags: z.array(z.string()),
  mediaType: z.string().optional(),
  pushedAt: z.iso.datetime(),
  /** Digests that an index lists. */
  children: z.array(z.string()),
  subject: z.string().optional(),
  /** Digests of the artifacts that are attached to it. */
  referrers: z.array(z.string()),
  /** The manifest, byte for byte. */
  manifest: z.string(),
});

const repositorySchema = z.object({ deletedRepository: z.string(), settings: z.looseObject({}) });

export type UndoHead = z.output<typeof headSchema>;
export type UndoImage = z.output<typeof imageSchema>;

export interface UndoRecord {
  readonly head: UndoHead;
  /** One of each repository and digest, the last that was written. */
  readonly images: readonly UndoImage[];
  readonly repositories: readonly string[];
}

/** Writes a record. */
export interface UndoWriter {
  /** Ends when the lines are on the disk. */
  images(images: readonly UndoImage[]): Promise<void>;
  repository(name: string, settings: Repository): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a record to write to. A record of the same plan, which an interrupted run has begun, is continued.
 *
 * @throws UserError `cleanup-file` when the file is a record of another plan or anything else, or can't be written
 */
export async function openUndoRecord(file: string, head: UndoHead): Promise<UndoWriter> {
  const before = await readUndoRecord(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (before !== undefined && before.head.plan !== head.plan)
    throw notWritable(file, "is the record of another clean-up");
  let handle: FileHandle;
  try {
    handle = await open(file, "a", 0o600);
  } catch (error) {
    throw notWritable(file, `can't be written: ${firstLine(error)}`, error);
  }
  const write = async (lines: readonly object[]) => {
    await handle.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await handle.sync();
  };
  // Behind half a line that a killed run has left.
  if (before === undefined) await write([head]);
  else await handle.appendFile("\n");
  return {
    images: write,
    repository: (name, settings) => write([{ deletedRepository: name, settings }]),
    close: () => handle.close(),
  };
}

/**
 * Reads a record. Half a line, which a killed run leaves, tells of nothing that was deleted.
 *
 * @throws UserError `cleanup-undo-invalid`
 */
export async function readUndoRecord(file: string): Promise<UndoRecord> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw invalid(file, `can't be read: ${firstLine(error)}`, error);
  }
  const [first, ...rest] = text.split("\n").map(jsonOf);
  const head = headSchema.safeParse(first);
  if (!head.success) throw invalid(file, "is not the record of a clean-up", head.error);
  const images = new Map<string, UndoImage>();
  for (const line of rest) {
    const image = imageSchema.safeParse(line).data;
    if (image !== undefined) images.set(`${image.repository}@${image.digest}`, image);
  }
  return {
    head: head.data,
    images: [...images.values()],
    repositories: rest.flatMap((line) => repositorySchema.safeParse(line).data?.deletedRepository ?? []),
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

function invalid(file: string, message: string, cause: unknown): UserError {
  const fix = "name the file that slipway cleanup apply has written";
  return new UserError({ code: "cleanup-undo-invalid", where: file, message, fix }, { cause });
}

function notWritable(file: string, message: string, cause?: unknown): UserError {
  const fix = "name another file with --undo";
  return new UserError({ code: "cleanup-file", where: file, message, fix }, { cause });
}
