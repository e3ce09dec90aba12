import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs the engine with a folder of its own for temporary files, and removes that afterwards: Pulumi's
 * language host leaves the pipes that it talks to a program by, one folder for each run.
 *
 * @param work gets the folder, for the engine's TMPDIR
 */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-engine-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
