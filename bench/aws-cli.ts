import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../sandbox/toolchain/cache.ts";

const version = "1.46.3";

/**
 * The AWS CLI that the peers use, of a version that does not change between runs: from PyPI into a Python
 * environment of its own in Slipway's cache, once.
 *
 * @param say told when it has to be installed
 * @returns the folder to put on PATH
 */
export async function bringAwsCli(say: (message: string) => void, signal: AbortSignal): Promise<string> {
  const directory = join(cacheDirectory(), "tools", "awscli", version);
  const programs = join(directory, "bin");
  const present = await access(join(programs, "aws")).then(
    () => true,
    () => false,
  );
  if (present) return programs;
  say(`installing the AWS CLI ${version}, which the peers use, from PyPI into ${directory}`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, ".."), { recursive: true });
  const options = { cancelSignal: signal, stdin: "ignore", timeout: 300_000 } as const;
  try {
    await execa("python3", ["-m", "venv", directory], options);
    const quiet = ["--no-input", "--quiet", "--disable-pip-version-check"];
    await execa(join(programs, "python"), ["-m", "pip", "install", ...quiet, `awscli==${version}`], options);
  } catch (error) {
    // Half of it must not be taken for all of it by the next run.
    await rename(directory, `${directory}.failed`).catch(() => {});
    await rm(`${directory}.failed`, { recursive: true, force: true });
    throw error;
  }
  return programs;
}
