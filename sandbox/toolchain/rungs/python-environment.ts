import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readEntry, writeEntry } from "../cache.ts";
import { runToSuccess } from "../run.ts";
import type { Rung } from "../rung.ts";
import { type Attempt, type Session, type ToolStep, withToolLock } from "../session.ts";
import { type ToolName, tools } from "../tools.ts";
import { createEnvironment, requirementsFile } from "./pip.ts";

type PythonEnvironmentRung = Extract<Rung, { kind: "python-environment" }>;

/** Installs a Python program into an environment of its own, with a start script beside it. */
export async function makePythonEnvironment(
  session: Session,
  name: ToolName,
  rung: PythonEnvironmentRung,
  step: ToolStep,
): Promise<Attempt> {
  const startedAt = performance.now();
  const { version } = tools[name];
  const how = "installed from PyPI into an environment of its own";
  const lock = { name, purpose: `installing ${name}` };
  return withToolLock(session, step, lock, async () => {
    const other = await readEntry(session.cache, name, version);
    if (other !== undefined) return { kind: "taken", path: other.path, version, how };
    const { path } = await writeEntry(session.cache, name, version, async (directory) => {
      const environment = join(directory, "environment");
      const pip = await createEnvironment(session, environment);
      await pip(["-r", requirementsFile(rung.requirements)], step.progress);
      await removeScripts(join(environment, "bin"));
      await writeFile(join(directory, name), startScript(rung.module), { mode: 0o755 });
      const check = `import ${rung.imports.join(", ")}`;
      await runToSuccess(join(environment, "bin/python"), ["-I", "-c", check], {
        ...session,
        timeoutSeconds: 120,
      });
      const milliseconds = Math.round(performance.now() - startedAt);
      return {
        version,
        origin: "registries",
        program: name,
        needs: ["environment/bin/python"],
        how,
        milliseconds,
      };
    });
    return { kind: "taken", path, version, how };
  });
}

/** pip's own start scripts name the folder in which they were made, which is about to get another name. */
async function removeScripts(folder: string): Promise<void> {
  const stale = (await readdir(folder)).filter((file) => !file.startsWith("python"));
  await Promise.all(stale.map((file) => rm(join(folder, file), { recursive: true })));
}

/**
 * Finds the environment beside itself; isolated (-I) from the user's Python settings, unbuffered (-u) for
 * logs.
 */
export function startScript(module: string): string {
  return `#!/bin/sh\nexec "\${0%/*}/environment/bin/python" -I -u -m ${module} "$@"\n`;
}
