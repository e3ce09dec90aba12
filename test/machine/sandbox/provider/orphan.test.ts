import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const provider = join(import.meta.dirname, "../../../../sandbox/provider/main.ts");

/** Starts a provider as the engine does, says its process id and goes on until it is killed. */
const engine = `
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, [${JSON.stringify(provider)}, "aws", "127.0.0.1:1"], { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.once("data", () => process.stdout.write(String(child.pid)));
  setInterval(() => {}, 1000);
`;

test("a provider ends by itself when the engine that started it was killed", async () => {
  const parent = spawn(process.execPath, ["-e", engine], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 50_000, interval: 100 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
