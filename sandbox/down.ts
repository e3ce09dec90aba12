import { access, rm } from "node:fs/promises";
import { runStep } from "../runner/report/events.ts";
import { sandboxFolder } from "./folder.ts";
import { withSandboxLock } from "./lock.ts";
import { type OpenOptions, openSandbox } from "./open.ts";
import { everyPart } from "./parts/all.ts";
import type { Part, Sandbox } from "./parts/part.ts";
import { markedProcesses } from "./process/marked.ts";
import { stopProcesses } from "./process/stop.ts";

/**
 * Stops everything that the sandbox runs, and undoes what it did to the machine. What was deployed is
 * kept in its folder for the next `up`. Fine when nothing, or half of it, is up, and when the folder has
 * been removed by hand: what runs is found by its marks and names.
 */
export async function takeDown(options: OpenOptions): Promise<{ readonly wasUp: boolean }> {
  const folder = sandboxFolder(options.root);
  const nothing =
    (await access(folder.directory).then(
      () => false,
      () => true,
    )) && (await markedProcesses(folder.id)).length === 0;
  if (nothing) return { wasUp: false };
  return withSandboxLock(folder, { purpose: "sandbox down", ...options }, async () => {
    const sandbox = await openSandbox(options);
    const wasUp = Object.keys(sandbox.store.current().parts).length > 0;
    await stopParts(sandbox, everyPart());
    // Anything else that a killed `up` may have left.
    await stopProcesses(await markedProcesses(folder.id), 2);
    await rm(folder.runtime, { recursive: true, force: true });
    return { wasUp };
  });
}

/**
 * Stops parts, those that others need last. One that can't be stopped does not keep the others; the
 * first error is thrown at the end.
 */
export async function stopParts(sandbox: Sandbox, parts: readonly Part[]): Promise<void> {
  const errors: unknown[] = [];
  const waves = wavesOf(parts);
  for (const wave of waves) {
    await Promise.all(
      wave.map((part) =>
        stopPart(sandbox, part).catch((error: unknown) => {
          errors.push(error);
        }),
      ),
    );
  }
  if (errors.length > 0) throw errors[0];
}

async function stopPart(sandbox: Sandbox, part: Part): Promise<void> {
  const record = sandbox.store.current().parts[part.name];
  await runStep(sandbox.emit, { id: `stop ${part.name}`, title: `Stop ${part.name}` }, async (step) => {
    await part.stop(sandbox);
    if (record === undefined) step.conclude("skipped", "was not up");
  });
  await sandbox.store.update((state) => ({
    ...state,
    parts: Object.fromEntries(Object.entries(state.parts).filter(([name]) => name !== part.name)),
  }));
}

/** Groups of parts to stop one group after the other: each before what it needs. */
export function wavesOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  const waves: Part[][] = [];
  let left = [...parts];
  while (left.length > 0) {
    // Docker goes after all that may still have containers in it.
    const needed = new Set(
      left.flatMap((part) => (part.name === "emulator" ? ["docker", ...part.needs] : part.needs)),
    );
    const wave = left.filter((part) => !needed.has(part.name));
    waves.push(wave);
    left = left.filter((part) => !wave.includes(part));
  }
  return waves;
}
