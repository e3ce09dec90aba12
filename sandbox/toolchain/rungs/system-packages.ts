import { access, rm, writeFile } from "node:fs/promises";
import { UserError } from "../../../config/problems/errors.ts";
import { runStep } from "../../../runner/report/events.ts";
import { ladder } from "../ladder.ts";
import { type ProcessOptions, runProcess, runToSuccess } from "../run.ts";
import type { Rung } from "../rung.ts";
import { type Attempt, declined, type Session, type ToolStep, withToolLock } from "../session.ts";
import type { ToolName } from "../tools.ts";
import { readPackageLists, withoutApt } from "./apt.ts";
import { useInstalled } from "./installed.ts";

type SystemPackagesRung = Extract<Rung, { kind: "system-packages" }>;

/**
 * Installs packages of the distribution, all that this session still wants at once, after saying which.
 *
 * @throws UserError with the commands to run, when this is not root on Debian or Ubuntu.
 */
export async function installSystemPackages(
  session: Session,
  name: ToolName,
  rung: SystemPackagesRung,
  step: ToolStep,
): Promise<Attempt> {
  const refusal = (await withoutApt(session)) ?? (session.machine.root ? undefined : "it takes root");
  if (refusal !== undefined) throw packagesMissing(session, name, rung, refusal);
  step.progress("waiting for the system packages");
  await session.once("system packages", () => installAll(session));
  const look = ladder[name].find((candidate) => candidate.kind === "installed");
  if (look?.kind !== "installed") return declined(`nothing says how to find ${rung.command}`);
  const found = await useInstalled(session, name, look);
  if (found.kind === "declined") return found;
  return { ...found, how: `installed with ${rung.packages.join(", ")}, at ${found.path}` };
}

function packagesMissing(
  session: Session,
  name: ToolName,
  rung: SystemPackagesRung,
  refusal: string,
): UserError {
  const packages = packagesOf(session).join(" ");
  const commands = session.machine.debian
    ? `Run: sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${packages}`
    : `Install ${rung.packages.join(", ")} with this system's package manager, so that ${rung.command} is on the PATH`;
  return new UserError({
    code: "system-packages-missing",
    message: `${name} must be installed as a system package, and Slipway can't do that here: ${refusal}`,
    fix: `${commands}; then run this command again`,
  });
}

/** The packages for every tool that this session wants and that has not been found. */
function packagesOf(session: Session): string[] {
  const names = [...session.requested].filter((name) => !session.settled.has(name));
  const packages = names.flatMap((name) =>
    ladder[name].flatMap((rung) => (rung.kind === "system-packages" ? rung.packages : [])),
  );
  return [...new Set(packages)].sort();
}

async function installAll(session: Session): Promise<void> {
  const packages = packagesOf(session);
  session.emit({
    kind: "notice",
    message: `Installing system packages on ${session.machine.systemName}: ${packages.join(", ")}`,
  });
  const title = `apt-get install ${packages.join(" ")}`;
  const parent = session.parent === undefined ? {} : { parent: session.parent };
  await runStep(session.emit, { id: "system packages", title, ...parent }, async (step) => {
    const options: ProcessOptions = {
      signal: session.signal,
      environment: await readPackageLists(session, session.machine.architecture ?? "amd64", step),
      onLine: (line) => step.progress(line),
    };
    const optional: string[] = [];
    for (const candidate of optionalOf(session)) {
      const { exitCode } = await runProcess("apt-cache", ["show", "--quiet", candidate], options);
      if (exitCode === 0) optional.push(candidate);
    }
    const lock = { name: "system-packages", purpose: title };
    await withToolLock(session, step, lock, () =>
      withoutServices(async () => {
        const install = ["install", "--yes", "--no-install-recommends", "--no-remove"];
        await runToSuccess("apt-get", [...install, ...packages, ...optional], options);
      }),
    );
  });
}

function optionalOf(session: Session): string[] {
  return [...session.requested].flatMap((name) =>
    ladder[name].flatMap((rung) => (rung.kind === "system-packages" ? (rung.packagesIfKnown ?? []) : [])),
  );
}

const policyPath = "/usr/sbin/policy-rc.d";

/**
 * A package that brings a daemon starts it. The sandbox starts its own, and leaves nothing running, so
 * for the time of the installation starting is refused, in the way that Debian has for it.
 */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const existing = await access(policyPath).then(
    () => true,
    () => false,
  );
  if (existing) return work();
  await writeFile(
    policyPath,
    "#!/bin/sh\n# Put here by slipway while it installs packages; removed after.\nexit 101\n",
    {
      mode: 0o755,
    },
  );
  try {
    await work();
  } finally {
    await rm(policyPath, { force: true });
  }
}
