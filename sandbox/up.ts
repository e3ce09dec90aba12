import { access } from "node:fs/promises";
import { join } from "node:path";
import { runStep } from "../runner/report/events.ts";
import { stopParts } from "./down.ts";
import { writeEnvironment } from "./environment.ts";
import { sandboxFolder } from "./folder.ts";
import { withSandboxLock } from "./lock.ts";
import { type OpenOptions, openSandbox } from "./open.ts";
import { partsOf } from "./parts/all.ts";
import { chooseDockerHost, ownDockerHost } from "./parts/docker.ts";
import { requirePrivileges } from "./parts/isolation/privileges.ts";
import type { Part, Sandbox } from "./parts/part.ts";
import { writeSandboxStack } from "./stack-file.ts";
import type { SandboxState } from "./state.ts";
import { nameDiskFull } from "./toolchain/run.ts";

/** How `bringUp` goes about it. */
export interface UpOptions extends OpenOptions {
  /** How many BuildKit daemons: one for both platforms, or one for each. Default: as before; two at first. */
  readonly nodes?: 1 | 2;
}

/**
 * Brings everything up that is not, and leaves alone what is. When it fails or is aborted, what it has
 * started is stopped again.
 *
 * @throws UserError for what the user can fix; AbortError when aborted
 */
export async function bringUp(options: UpOptions): Promise<SandboxState> {
  return withSandboxLock(sandboxFolder(options.root), { purpose: "sandbox up", ...options }, async () => {
    const failure = new AbortController();
    const signal = AbortSignal.any([options.signal, failure.signal]);
    const sandbox = await openSandbox({ ...options, signal });
    await settleChoices(sandbox, options);
    const started: Part[] = [];
    const parts = partsOf(sandbox.store.current().nodes);
    bringToolsAhead(sandbox, parts);
    try {
      await inOrder(
        parts,
        (part) => bringUpPart(sandbox, part, started),
        () => failure.abort(),
      );
      await writeFiles(sandbox);
      options.signal.throwIfAborted();
    } catch (error) {
      await sandbox.settled();
      // A further failure (on a full disk, for example) must not hide the first.
      await stopParts({ ...sandbox, signal: new AbortController().signal }, started).catch(() => {});
      options.signal.throwIfAborted();
      throw nameDiskFull(error, "the sandbox");
    }
    return sandbox.store.current();
  });
}

/**
 * Begins to bring the tools of parts that have never been up: those of a part that waits for others come
 * meanwhile. What goes wrong is thrown where the tool is asked for.
 */
function bringToolsAhead(sandbox: Sandbox, parts: readonly Part[]): void {
  const { parts: up } = sandbox.store.current();
  for (const part of parts.filter(({ name }) => up[name] === undefined)) {
    for (const name of part.tools) sandbox.tool(name).catch(() => {});
  }
}

/** The environment file, and the stack's settings when the root is a Pulumi project. */
async function writeFiles({ store, folder }: Sandbox): Promise<void> {
  const state = store.current();
  await writeEnvironment(state);
  const isProject = await access(join(folder.root, "Pulumi.yaml")).then(
    () => true,
    () => false,
  );
  if (isProject) await writeSandboxStack(folder.root, state);
}

/** What has to be known before anything starts: whose Docker, how many nodes. */
async function settleChoices(sandbox: Sandbox, options: UpOptions): Promise<void> {
  const { store, folder } = sandbox;
  const before = store.current();
  const nodes = options.nodes ?? before.nodes;
  const dockerHost =
    before.parts.docker === undefined || before.parts.docker.origin === "machine"
      ? await chooseDockerHost(folder, process.env)
      : before.dockerHost;
  requirePrivileges(dockerHost !== ownDockerHost(folder));
  const moved = dockerHost !== before.dockerHost;
  await store.update((state) => ({ ...state, nodes, dockerHost }));
  // The emulator learns Docker's address when it starts.
  if (moved)
    await stopParts(
      sandbox,
      partsOf(nodes).filter(({ name }) => name === "docker" || name === "emulator"),
    );
  const wanted = new Set(partsOf(nodes).map(({ name }) => name));
  await stopParts(
    sandbox,
    partsOf(nodes === 1 ? 2 : 1).filter(({ name }) => !wanted.has(name) && before.parts[name] !== undefined),
  );
}

async function bringUpPart(sandbox: Sandbox, part: Part, started: Part[]): Promise<void> {
  await runStep(sandbox.emit, { id: `sandbox ${part.name}`, title: part.title }, async (step) => {
    const record = sandbox.store.current().parts[part.name];
    if (record !== undefined) {
      const health = await part.check(sandbox, record);
      if (health.healthy) {
        step.conclude("skipped", `up at ${record.address}`);
        return;
      }
      step.progress(`${health.reason}: starting it again`);
    }
    sandbox.signal.throwIfAborted();
    started.push(part);
    const up = await part.start(sandbox, step);
    const entry = { ...up, startedAt: new Date().toISOString() };
    await sandbox.store.update((state) => ({ ...state, parts: { ...state.parts, [part.name]: entry } }));
    step.conclude("done", `${up.version}, ${up.origin}; ${up.address}`);
  });
}

/**
 * Does all of them, each as soon as those it needs are done. After a failure nothing more begins; what
 * has begun is waited for, and the first error thrown.
 */
export async function inOrder(
  parts: readonly Pick<Part, "name" | "needs">[],
  work: (part: Part) => Promise<void>,
  onFailure: () => void,
): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  const done = new Map<string, Promise<boolean>>();
  for (const part of parts) {
    const needed = part.needs.map((name) => done.get(name));
    if (needed.includes(undefined)) throw new Error(`${part.name} comes before what it needs`);
    const run = async (): Promise<boolean> => {
      const ready = await Promise.all(needed);
      if (first !== undefined || ready.includes(false)) return false;
      try {
        await work(part as Part);
        return true;
      } catch (error) {
        first ??= { error };
        onFailure();
        return false;
      }
    };
    done.set(part.name, run());
  }
  await Promise.all(done.values());
  if (first !== undefined) throw first.error;
}
