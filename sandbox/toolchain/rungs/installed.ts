import { dirname, join } from "node:path";
import { runProcess } from "../run.ts";
import type { Rung } from "../rung.ts";
import { type Attempt, declined, type Session } from "../session.ts";
import type { ToolName } from "../tools.ts";
import { refuseVersion } from "../version.ts";
import { askVersion, findProgram, readElfFile } from "./probe.ts";

type InstalledRung = Extract<Rung, { kind: "installed" }>;

/** Uses what the machine has, when its version does. */
export async function useInstalled(
  session: Pick<Session, "signal">,
  name: ToolName,
  rung: InstalledRung,
): Promise<Attempt> {
  const path = await findProgram(rung.command, rung.folders);
  if (path === undefined) return declined(`no ${rung.command} on this machine`);
  if (rung.staticFor !== undefined) {
    const elf = await readElfFile(path).catch(() => undefined);
    if (elf?.architecture !== rung.staticFor || !elf.static) {
      return declined(`${path} is not a static program for ${rung.staticFor}`);
    }
  }
  const asked =
    rung.versionOf === undefined
      ? await askVersion(name, path, session.signal)
      : await askVersion(rung.versionOf, join(dirname(path), rung.versionOf), session.signal);
  if (asked === undefined) return declined(`${path} does not tell its version`);
  const refusal = rung.range === undefined ? undefined : refuseVersion(asked, rung.range);
  if (refusal !== undefined) return declined(`${path} ${refusal}`);
  if (rung.check !== undefined) {
    const { exitCode } = await runProcess(path, rung.check.arguments, session);
    if (exitCode !== 0) return declined(`${path} lacks ${rung.check.lacks}`);
  }
  return { kind: "taken", path, version: asked, how: `found at ${path}` };
}
