import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Engine } from "./engine.ts";

const exportSchema = z.looseObject({ deployment: z.looseObject({ pending_operations: z.unknown() }) });

/**
 * Drops the notes that a killed run left about what it was doing. Called after an update that has
 * succeeded, and so has created or changed all of it again: the notes say nothing any more, and the
 * engine would go on warning about them for ever.
 *
 * The state is exported and imported with its secrets encrypted.
 */
export async function forgetPendingOperations(
  engine: Engine,
  directory: string,
  stack: string,
): Promise<void> {
  const exported = await engine.run(["stack", "export", "--stack", stack], directory, {});
  const { deployment, ...rest } = exportSchema.parse(JSON.parse(exported.stdout));
  const { pending_operations: _forgotten, ...kept } = deployment;
  const folder = join(directory, ".slipway");
  const file = join(folder, `state.${process.pid}.json`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(file, JSON.stringify({ ...rest, deployment: kept }), { mode: 0o600 });
    await engine.run(["stack", "import", "--stack", stack, "--file", file], directory, {});
  } finally {
    await rm(file, { force: true });
  }
}
