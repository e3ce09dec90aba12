import { UserError } from "../../config/problems/errors.ts";
import { type Emit, runStep } from "../../runner/report/events.ts";
import { cacheDirectory, readEntry } from "./cache.ts";
import { ladder } from "./ladder.ts";
import { readMachine } from "./machine.ts";
import { describeRung, type Origin, originOf, type Rung } from "./rung.ts";
import { takeDebianFile } from "./rungs/debian-file.ts";
import { downloadRelease } from "./rungs/github-release.ts";
import { downloadGo } from "./rungs/go-download.ts";
import { buildGoModule } from "./rungs/go-module.ts";
import { useInstalled } from "./rungs/installed.ts";
import { takeDataFiles } from "./rungs/python-data.ts";
import { makePythonEnvironment } from "./rungs/python-environment.ts";
import { takeFromWheel } from "./rungs/python-wheel.ts";
import { installSystemPackages } from "./rungs/system-packages.ts";
import { type Attempt, openSession, type Session, type ToolStep } from "./session.ts";
import { type ToolName, tools } from "./tools.ts";

/** A tool that is there now. */
export interface EnsuredTool {
  readonly name: ToolName;
  /** Absolute path of the program. */
  readonly path: string;
  readonly version: string;
  readonly origin: Origin;
  /** What was done to get it, as text; for a cached one, back then. */
  readonly how: string;
  /** Time that this call took; a cached tool costs next to nothing. */
  readonly milliseconds: number;
}

export interface EnsureOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Step under which the tools' steps are shown. */
  readonly parent?: string;
  /** Default: `cacheDirectory()`. */
  readonly cache?: string;
}

/** `ensureTools` for one. */
export async function ensureTool(name: ToolName, options: EnsureOptions): Promise<EnsuredTool> {
  return (await ensureTools([name], options))[name];
}

/**
 * Gets all of them, in parallel, each by the first rung of its ladder that works. Nothing half-done is
 * left behind: what is in the cache is whole and has been run once.
 *
 * @throws UserError when no rung works, with what to do; AbortError when aborted.
 */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  options: EnsureOptions,
): Promise<Record<Name, EnsuredTool>> {
  const ready = new Map<ToolName, Promise<EnsuredTool>>();
  const get = (name: ToolName): Promise<EnsuredTool> => {
    const existing = ready.get(name);
    if (existing !== undefined) return existing;
    const started = ensureInStep(session, name);
    ready.set(name, started);
    return started;
  };
  // One that fails stops the others: their work is kept where it can be, and the error is shown at once.
  const failure = new AbortController();
  const { session, close } = openSession({
    cache: options.cache ?? cacheDirectory(),
    machine: await readMachine(),
    emit: options.emit,
    signal: AbortSignal.any([options.signal, failure.signal]),
    parent: options.parent,
    requested: new Set(names),
    need: get,
  });
  try {
    const results = await settleAll(names.map(get), () => failure.abort());
    return Object.fromEntries(results.map((tool) => [tool.name, tool])) as Record<Name, EnsuredTool>;
  } finally {
    await close();
  }
}

/** Waits until all have ended, so nothing runs after the call, then throws the first error. */
async function settleAll<T>(work: readonly Promise<T>[], onFailure: () => void): Promise<T[]> {
  let first: { error: unknown } | undefined;
  const noted = work.map((promise) =>
    promise.catch((error: unknown) => {
      first ??= { error };
      onFailure();
    }),
  );
  await Promise.all(noted);
  if (first !== undefined) throw first.error;
  return Promise.all(work);
}

async function ensureInStep(session: Session, name: ToolName): Promise<EnsuredTool> {
  const startedAt = performance.now();
  const id = `tool ${name}`;
  const parent = session.parent === undefined ? {} : { parent: session.parent };
  return runStep(session.emit, { id, title: `${name}: ${tools[name].purpose}`, ...parent }, async (step) => {
    const found = await climb(session, name, { id, progress: step.progress });
    session.settled.add(name);
    const message = `${found.version}, ${found.how}`;
    step.conclude(found.cached || found.origin === "installed" ? "skipped" : "done", message);
    const milliseconds = performance.now() - startedAt;
    return {
      name,
      path: found.path,
      version: found.version,
      origin: found.origin,
      how: found.how,
      milliseconds,
    };
  });
}

interface Found {
  readonly path: string;
  readonly version: string;
  readonly origin: Origin;
  readonly how: string;
  readonly cached: boolean;
}

async function climb(session: Session, name: ToolName, step: ToolStep): Promise<Found> {
  const refusals: string[] = [];
  let cacheAsked = false;
  let cause: unknown;
  for (const rung of ladder[name]) {
    session.signal.throwIfAborted();
    if (originOf(rung) !== "installed" && !cacheAsked) {
      cacheAsked = true;
      const entry = await readEntry(session.cache, name, tools[name].version);
      if (entry !== undefined) return { ...entry.record, path: entry.path, cached: true };
    }
    const attempt = await tryRung(session, name, rung, step);
    if (attempt.kind === "taken") return { ...attempt, origin: originOf(rung), cached: false };
    refusals.push(`${describeRung(name, rung)}: ${attempt.reason}`);
    cause = attempt.cause ?? cause;
    step.progress(`${attempt.reason}; next`);
  }
  throw new UserError(
    {
      code: "tool-missing",
      message: `no source has ${name}: ${refusals.join("; ")}`,
      fix: `Install ${name} so that it is on the PATH, or let this machine reach the sources above, then run the command again`,
    },
    { cause },
  );
}

/** Shows the attempt as a step when it is more than a look. What goes wrong is a reason to try the next. */
async function tryRung(session: Session, name: ToolName, rung: Rung, step: ToolStep): Promise<Attempt> {
  try {
    if (rung.kind === "installed") return await useInstalled(session, name, rung);
    const title = `${describeRung(name, rung)} (${rung.why})`;
    return await runStep(
      session.emit,
      { id: `${step.id}, ${rung.kind}`, title, parent: step.id },
      async (inner) => {
        const attempt = await follow(session, name, rung, {
          id: `${step.id}, ${rung.kind}`,
          progress: inner.progress,
        });
        if (attempt.kind === "declined") inner.conclude("skipped", attempt.reason);
        return attempt;
      },
    );
  } catch (error) {
    session.signal.throwIfAborted();
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    return { kind: "declined", reason: error.message, cause: error };
  }
}

function follow(
  session: Session,
  name: ToolName,
  rung: Exclude<Rung, { kind: "installed" }>,
  step: ToolStep,
): Promise<Attempt> {
  switch (rung.kind) {
    case "github-release":
      return downloadRelease(session, name, rung, step);
    case "go-download":
      return downloadGo(session, step);
    case "go-module":
      return buildGoModule(session, name, rung, step);
    case "debian-file":
      return takeDebianFile(session, name, rung, step);
    case "python-environment":
      return makePythonEnvironment(session, name, rung, step);
    case "python-wheel":
      return takeFromWheel(session, name, rung, step);
    case "python-data":
      return takeDataFiles(session, name, rung, step);
    case "system-packages":
      return installSystemPackages(session, name, rung, step);
  }
}
