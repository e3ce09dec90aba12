import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../../../runner/cli/run.ts";

/** A command that waits: until it is interrupted, or (with `stubborn`) whatever happens. */
const stubborn = process.argv.includes("stubborn");
await runCommand(
  { cwd: ".", output: "text", debug: false },
  { anywhere: true, command: "wait" },
  async ({ emit, signal }) => {
    emit({ kind: "notice", message: "waiting" });
    await sleep(120_000, undefined, stubborn ? {} : { signal });
    return { exitCode: 0, document: {}, text: "done" };
  },
);
