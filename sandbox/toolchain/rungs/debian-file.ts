import { chmod, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { writeEntry } from "../cache.ts";
import { runToSuccess } from "../run.ts";
import type { Rung } from "../rung.ts";
import { type Attempt, declined, type Session, type ToolStep } from "../session.ts";
import { type ToolName, tools } from "../tools.ts";
import { readPackageLists, withoutApt } from "./apt.ts";
import { readElfFile } from "./probe.ts";

type DebianFileRung = Extract<Rung, { kind: "debian-file" }>;

/** Downloads a package (apt checks its signature), and keeps one file of it. Needs no root. */
export async function takeDebianFile(
  session: Session,
  name: ToolName,
  rung: DebianFileRung,
  step: ToolStep,
): Promise<Attempt> {
  const refusal = await withoutApt(session);
  if (refusal !== undefined) return declined(refusal);
  const startedAt = performance.now();
  const architecture = rung.architecture ?? session.machine.architecture;
  if (architecture === undefined) return declined("there is none for this machine's processor");
  const environment = await readPackageLists(session, architecture, step);
  const folder = await session.scratch();
  const { signal } = session;
  const wanted = `${rung.package}:${architecture}`;
  step.progress(`downloading ${wanted}`);
  await runToSuccess("apt-get", ["download", "-qq", wanted], {
    signal,
    cwd: folder,
    environment,
  });
  const archive = (await readdir(folder)).find((file) => file.endsWith(".deb"));
  if (archive === undefined) return declined(`apt-get downloaded no ${wanted}`);
  const path = join(folder, archive);
  const version = (await runToSuccess("dpkg-deb", ["--field", path, "Version"], { signal })).trim();
  await runToSuccess("dpkg-deb", ["--extract", path, join(folder, "unpacked")], { signal });
  const how = `out of Debian's package ${wanted} ${version}`;
  const entry = await writeEntry(session.cache, name, tools[name].version, async (directory) => {
    const program = join(directory, name);
    await rename(join(folder, "unpacked", rung.member), program);
    await chmod(program, 0o755);
    const elf = await readElfFile(program);
    if (elf === undefined || !elf.static || elf.architecture !== architecture) {
      throw new Error(`${rung.member} of ${wanted} is not a static program for ${architecture}`);
    }
    const milliseconds = Math.round(performance.now() - startedAt);
    return { version, origin: "registries", program: name, how, milliseconds };
  });
  return { kind: "taken", path: entry.path, version, how };
}
