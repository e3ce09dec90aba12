import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { UserError } from "../config/problems/errors.ts";
import { runStep } from "../runner/report/events.ts";
import { resetPath } from "./ecr/paths.ts";
import { sandboxFolder } from "./folder.ts";
import { withSandboxLock } from "./lock.ts";
import { type OpenOptions, openSandbox } from "./open.ts";
import { baseImages } from "./parts/base-images.ts";
import { emulator, removeContainers } from "./parts/emulator.ts";
import type { Sandbox } from "./parts/part.ts";
import { ecrEndpoint } from "./state.ts";

/**
 * Empties the emulated account and Pulumi's state, as if nothing had ever been deployed; the parts keep
 * running. Of a sandbox that is down, what was kept for the next `up` is removed.
 */
export async function resetSandbox(options: OpenOptions): Promise<void> {
  const folder = sandboxFolder(options.root);
  await withSandboxLock(folder, { purpose: "sandbox reset", ...options }, async () => {
    const sandbox = await openSandbox(options);
    await runStep(options.emit, { id: "reset pulumi", title: "Empty Pulumi's state" }, async () => {
      await rm(folder.pulumiState, { recursive: true, force: true });
      await mkdir(folder.pulumiState, { recursive: true });
    });
    const running = await runStep(options.emit, { id: "reset emulator", title: "Empty the account" }, () =>
      emptyAccount(sandbox),
    );
    if (!running) return;
    await runStep(options.emit, { id: "reset base-images", title: baseImages.title }, async (step) => {
      await baseImages.start(sandbox, step);
    });
  });
}

/** @returns whether the emulator runs */
async function emptyAccount(sandbox: Sandbox): Promise<boolean> {
  const { folder, store } = sandbox;
  const record = store.current().parts[emulator.name];
  const running = record !== undefined && (await emulator.check(sandbox, record)).healthy;
  if (record !== undefined && running) {
    const { statusCode, body } = await request(`${record.address}/_ministack/reset`, {
      method: "POST",
      signal: AbortSignal.any([sandbox.signal, AbortSignal.timeout(60_000)]),
    });
    const text = await body.text();
    if (statusCode !== 200) {
      throw new UserError(
        {
          code: "reset-refused",
          where: record.log ?? record.address,
          message: `the emulator refused to reset: ${statusCode} ${text.slice(0, 200)}`,
          fix: "slipway sandbox down, then up",
        },
        { exitCode: 1 },
      );
    }
  }
  await removeContainers(sandbox);
  await rm(join(folder.emulator, "state"), { recursive: true, force: true });
  await forgetScans(sandbox);
  return running;
}

/** The scans and dates of images that are gone; a registry that is down finds none when it starts again. */
async function forgetScans({ folder, store, signal }: Sandbox): Promise<void> {
  const state = store.current();
  for (const file of ["scans.json", "ages.json"]) await rm(join(folder.ecr, file), { force: true });
  if (state.parts.registry === undefined) return;
  await request(`${ecrEndpoint(state)}${resetPath}`, {
    method: "POST",
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  }).then(
    ({ body }) => body.dump(),
    () => {},
  );
}
