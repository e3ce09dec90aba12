import { cacheDirectory, readEntry } from "./cache.ts";
import { ladder } from "./ladder.ts";
import { readMachine } from "./machine.ts";
import { planToolchain, type ToolPlan } from "./plan.ts";
import { unreachable } from "./reach.ts";
import { hostOf } from "./rung.ts";
import { withoutApt } from "./rungs/apt.ts";
import { useInstalled } from "./rungs/installed.ts";
import { type Attempt, openSession } from "./session.ts";
import { sandboxTools, type ToolName, tools } from "./tools.ts";

/**
 * Looks at the machine, the cache and the hosts of downloads, and says for each tool where it is or
 * where it would come from. Changes nothing; takes as long as the slowest program needs to tell its
 * version, and up to four seconds when a host swallows packets.
 */
export async function toolchainStatus(options: {
  readonly signal: AbortSignal;
  /** Default: what the sandbox needs. */
  readonly names?: readonly ToolName[];
  readonly cache?: string;
}): Promise<ToolPlan[]> {
  const names = options.names ?? sandboxTools;
  const machine = await readMachine();
  const { session } = openSession({
    cache: options.cache ?? cacheDirectory(),
    machine,
    emit: () => {},
    signal: options.signal,
    parent: undefined,
    requested: new Set(names),
    need: (name) => Promise.reject(new Error(`a status does not fetch ${name}`)),
  });
  const installed = new Map<ToolName, Attempt>();
  const cached = new Map<ToolName, NonNullable<Awaited<ReturnType<typeof readEntry>>>>();
  await Promise.all(
    names.map(async (name) => {
      const rung = ladder[name].find((candidate) => candidate.kind === "installed");
      if (rung?.kind === "installed") installed.set(name, await useInstalled(session, name, rung));
      const entry = await readEntry(session.cache, name, tools[name].version);
      if (entry !== undefined) cached.set(name, entry);
    }),
  );
  const undecided = names.filter((name) => installed.get(name)?.kind !== "taken" && !cached.has(name));
  const hosts = new Set(undecided.flatMap((name) => ladder[name].flatMap((rung) => hostOf(rung) ?? [])));
  const refusals = new Map<string, string>();
  await Promise.all(
    [...hosts].map(async (host) => {
      const reason = await unreachable(session, host);
      if (reason !== undefined) refusals.set(host, reason);
    }),
  );
  const withoutPackages = await withoutApt(session);
  return planToolchain(names, { machine, installed, cached, unreachable: refusals, withoutPackages });
}
