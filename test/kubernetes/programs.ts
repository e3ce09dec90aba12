import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type EnsuredTool, ensureTools } from "../../sandbox/toolchain/ensure.ts";
import { kubernetesTools, type ToolName } from "../../sandbox/toolchain/tools.ts";

/** Programs that run until the proof ends, each with a log file of its own. */
export interface Programs {
  readonly folder: string;
  /** Starts a program of the toolchain. */
  start(
    name: ToolName,
    args: readonly string[],
    options?: { readonly as?: string; readonly environment?: Readonly<Record<string, string>> },
  ): void;
  /** Where a program is. */
  path(name: ToolName): string;
  /** Programs that the others look for by name. */
  readonly bin: string;
  /** @throws when one of them has ended by itself, with the end of its log */
  assertRunning(): void;
  /** Ends all of them, the last first. */
  stop(): Promise<void>;
}

/** Programs of a Kubernetes API. */
export const clusterTools = ["kubectl", "etcd", "kube-apiserver", "kube-controller-manager"] as const;
/** Programs of a Kubernetes API with Argo CD on it. */
export const argocdTools = [...kubernetesTools, "helm"] as const;

/**
 * Gets programs, and says on standard error what comes from where: the first time takes long.
 *
 * @param folder of the run: data, logs, and what the programs look for by name
 */
export async function bringPrograms(folder: string, names: readonly ToolName[]): Promise<Programs> {
  const { signal } = new AbortController();
  let toldAt = 0;
  const tools: Partial<Record<ToolName, EnsuredTool>> = await ensureTools(names, {
    signal,
    emit: (event) => {
      if (event.kind === "step-progress" && Date.now() - toldAt > 20_000) {
        toldAt = Date.now();
        console.error(`  ${event.id}: ${event.message}`);
      }
    },
  });
  for (const { name, version, how, path, milliseconds } of Object.values(tools)) {
    console.error(`${name} ${version}, ${how}: ${path} (${(milliseconds / 1000).toFixed(1)} s)`);
  }
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  const path = (name: ToolName): string => {
    const tool: EnsuredTool | undefined = tools[name];
    if (tool === undefined) throw new Error(`${name} was not asked for`);
    return tool.path;
  };
  for (const name of names) await symlink(path(name), join(bin, name));
  const running: { readonly child: ChildProcess; readonly log: string; readonly ended: Promise<void> }[] = [];
  return {
    folder,
    path,
    bin,
    start(name, args, { as = name, environment = {} } = {}) {
      const log = join(folder, `${as}.log`);
      const file = openSync(log, "a");
      const child = spawn(path(name), args, {
        cwd: folder,
        stdio: ["ignore", file, file],
        env: { PATH: `${bin}:${process.env.PATH}`, HOME: folder, TMPDIR: folder, ...environment },
      });
      closeSync(file);
      const ended = new Promise<void>((resolve) => {
        child.on("exit", () => resolve());
        child.on("error", () => resolve());
      });
      running.push({ child, log, ended });
    },
    assertRunning() {
      for (const { child, log } of running) {
        const { exitCode, signalCode } = child;
        if (exitCode === null && signalCode === null) continue;
        const last = readFileSync(log, "utf8").split("\n").slice(-15).join("\n");
        throw new Error(`a program ended (${exitCode ?? signalCode}); the end of ${log}:\n${last}`);
      }
    },
    async stop() {
      for (const { child, ended } of running.toReversed()) {
        child.kill("SIGTERM");
        const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
        await ended;
        clearTimeout(late);
      }
    },
  };
}
