import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ladder } from "../ladder.ts";
import type { Architecture } from "../machine.ts";
import { runToSuccess } from "../process.ts";
import type { Session } from "../session.ts";
import { findProgram } from "./probe.ts";

/** Package lists of the distribution, read into a folder of this session: the system's own stay as they are. */
export interface PackageLists {
  /** Environment for apt-get that sees this machine's packages only: what may be installed. */
  readonly native: Readonly<Record<string, string>>;
  /** The same, with the packages of the other processors that the session wants files of. */
  readonly all: Readonly<Record<string, string>>;
}

/** Why apt-get is of no use here; undefined when it is. */
export async function withoutApt(session: Session): Promise<string | undefined> {
  if (!session.machine.debian) return `it takes Debian or Ubuntu, and this is ${session.machine.systemName}`;
  for (const command of ["apt-get", "dpkg-deb"]) {
    if ((await findProgram(command)) === undefined) return `no ${command} on this machine`;
  }
  return undefined;
}

/** Asks the distribution's servers what there is. Once per session. */
export function readPackageLists(session: Session): Promise<PackageLists> {
  return session.once("package lists", async () => {
    const folder = await session.scratch();
    await Promise.all(
      ["state/lists/partial", "cache/archives/partial"].map((path) =>
        mkdir(join(folder, path), { recursive: true }),
      ),
    );
    const own = session.machine.architecture ?? "amd64";
    const native = { APT_CONFIG: join(folder, "native.conf") };
    const all = { APT_CONFIG: join(folder, "all.conf") };
    await writeFile(native.APT_CONFIG, configuration(folder, [own]));
    await writeFile(all.APT_CONFIG, configuration(folder, [...new Set([own, ...foreign(session)])]));
    await runToSuccess("apt-get", ["update", "-qq"], {
      signal: session.signal,
      environment: { ...all, LC_ALL: "C" },
      timeoutSeconds: 180,
    });
    return { native, all };
  });
}

function foreign(session: Session): Architecture[] {
  return [...session.requested].flatMap((name) =>
    ladder[name].flatMap((rung) =>
      rung.kind === "debian-file" && rung.architecture !== undefined ? [rung.architecture] : [],
    ),
  );
}

/** Leaves out what only desktops read (descriptions, icons); marks of installed packages stay the system's. */
function configuration(folder: string, architectures: readonly Architecture[]): string {
  const names = architectures.map((name) => `"${name}";`).join(" ");
  return `Dir::State "${folder}/state";
Dir::State::extended_states "/var/lib/apt/extended_states";
Dir::Cache "${folder}/cache";
APT::Architectures { ${names} };
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
