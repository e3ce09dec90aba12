import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../machine.ts";
import { runToSuccess } from "../run.ts";
import { type Session, type ToolStep, withToolLock } from "../session.ts";
import { findProgram } from "./probe.ts";

/**
 * Environment in which apt-get and apt-cache use package lists of ours: the system's own stay as they are.
 */
export type AptEnvironment = Readonly<Record<string, string>>;

/** Older lists may name packages that are gone from the servers. */
const freshMilliseconds = 60 * 60 * 1000;

/** Why apt-get is of no use here; undefined when it is. */
export async function withoutApt(session: Pick<Session, "machine">): Promise<string | undefined> {
  if (!session.machine.debian) return `it takes Debian or Ubuntu, and this is ${session.machine.systemName}`;
  for (const command of ["apt-get", "dpkg-deb"]) {
    if ((await findProgram(command)) === undefined) return `no ${command} on this machine`;
  }
  return undefined;
}

/**
 * Asks the distribution's servers what packages there are for a processor, this machine's or another.
 * The cache keeps the answer for an hour.
 */
export async function readPackageLists(
  session: Session,
  architecture: Architecture,
  step: Pick<ToolStep, "progress">,
): Promise<AptEnvironment> {
  const folder = join(session.cache, "apt", architecture);
  const environment = {
    APT_CONFIG: join(folder, "apt.conf"),
    LC_ALL: "C",
    DEBIAN_FRONTEND: "noninteractive",
  };
  const lock = {
    name: `apt-${architecture}`,
    purpose: "reading package lists",
  };
  await withToolLock(session, step, lock, async () => {
    const done = join(folder, "read");
    const readAt = (await stat(done).catch(() => undefined))?.mtimeMs ?? 0;
    if (Date.now() - readAt < freshMilliseconds) return;
    step.progress(`reading the package lists for ${architecture}`);
    for (const path of ["state/lists/partial", "cache/archives/partial"]) {
      await mkdir(join(folder, path), { recursive: true });
    }
    await writeFile(environment.APT_CONFIG, configuration(folder, architecture));
    await runToSuccess("apt-get", ["update", "-qq"], {
      signal: session.signal,
      environment,
      timeoutSeconds: 180,
    });
    await writeFile(done, "");
  });
  return environment;
}

/**
 * Leaves out what only desktops read (descriptions, icons); marks of installed packages stay the system's.
 */
function configuration(folder: string, architecture: Architecture): string {
  return `Dir::State "${folder}/state";
Dir::State::extended_states "/var/lib/apt/extended_states";
Dir::Cache "${folder}/cache";
APT::Architectures { "${architecture}"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
DPkg::Lock::Timeout "300";
`;
}
