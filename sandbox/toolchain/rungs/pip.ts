import { join } from "node:path";
import { runToSuccess } from "../run.ts";
import type { Session } from "../session.ts";

/** Where a list of versions and checksums lies. */
export const requirementsFile = (name: string) => join(import.meta.dirname, "../python", name);

/** Settings of the user's own Python must not lead into an environment that is ours. */
const ownEnvironment = { PYTHONPATH: undefined, PYTHONHOME: undefined, PYTHONNOUSERSITE: "1" };

/** Makes a Python environment in `folder`; returns a function that runs pip in it. */
export async function createEnvironment(
  session: Session,
  folder: string,
): Promise<(args: readonly string[], progress: (message: string) => void) => Promise<void>> {
  const python = await session.need("python");
  const { signal } = session;
  // The program behind links, shims and other environments: of these, any may go while ours is in use.
  const find = "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', sys.executable)))";
  const base = await runToSuccess(python.path, ["-c", find], { signal, environment: ownEnvironment });
  await runToSuccess(base.trim(), ["-m", "venv", folder], { signal, environment: ownEnvironment });
  return async (args, progress) => {
    const pip = ["-m", "pip", "install", "--no-input", "--no-cache-dir", "--disable-pip-version-check"];
    await runToSuccess(join(folder, "bin/python"), [...pip, "--require-hashes", ...args], {
      signal,
      environment: ownEnvironment,
      onLine: (line) => progress(line.trim()),
    });
  };
}
