import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import pRetry from "p-retry";
import { expect } from "vitest";
import { parse, stringify } from "yaml";
import { loadStack } from "../../config/description/load.ts";
import { type Clients, createClients } from "../../runner/aws/clients.ts";
import type { RunEvent } from "../../runner/report/events.ts";
import { stackEnvironment } from "../../runner/stack/environment.ts";
import { pulumiUp, writeAppStack } from "../../sandbox/demo/pulumi.ts";
import { createWorkspace, type Workspace } from "../../sandbox/demo/workspace.ts";
import { sandboxFolder } from "../../sandbox/folder.ts";
import { tlsFiles } from "../../sandbox/parts/registry.ts";
import { writeSandboxStack } from "../../sandbox/stack-file.ts";
import { ecrEndpoint, readState, type SandboxState } from "../../sandbox/state.ts";
import { createConformance } from "../aws/conformance.ts";
import { createGuard } from "../aws/guard/guard.ts";
import { recordCalls, unrecordedCalls } from "../aws/guard/record.ts";
import { type FaultProxy, openFaultProxy } from "../faults/proxy.ts";
import { asRole, guardCommands, refusalsOf } from "./roles.ts";

/** The clone that is tested. */
export const clone = resolve(import.meta.dirname, "../..");

export const stack = "sandbox";

/** A project of the tests' own, with a sandbox of its own, and the command as a user runs it. */
export interface World {
  readonly workspace: Workspace;
  readonly app: string;
  readonly state: SandboxState;
  readonly clients: Clients;
  readonly environment: Readonly<Record<string, string>>;
  /** Stands between the stack and its sandbox: all that is said to AWS and to the registry passes it. */
  readonly proxy: FaultProxy;
  /** Closes the proxy. @throws AssertionError when something that passed is not as AWS's models have it */
  end(): Promise<void>;
  pulumi(
    directory: string,
    ...words: readonly string[]
  ): Promise<{ exitCode: number | undefined; all: string }>;
}

export interface CliResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON. */
  document<T>(): T;
}

/** Begins `slipway …`, as CI does: no terminal, no input, and the role that CI has for it. */
export function startCli(...words: readonly string[]) {
  const { environment, end } = asRole(words, { cwd: clone });
  const child = execa(process.execPath, [join(clone, "runner/cli.ts"), ...words], {
    cwd: clone,
    env: { CI: "true", NO_COLOR: "1", PULUMI_STACK: undefined, TAG: undefined, ...environment },
    stdin: "ignore",
    reject: false,
  });
  void child.finally(end);
  return child;
}

/** Asks again until there is an answer: containers and functions take a moment to be reached. */
export function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  return pRetry(ask, { retries: 100, minTimeout: 250, maxTimeout: 1_000 });
}

/** Runs `slipway …` to its end. */
export async function cli(...words: readonly string[]): Promise<CliResult> {
  const { exitCode, stdout, stderr } = await startCli(...words);
  return {
    exitCode,
    stdout,
    stderr,
    document: <T>() => {
      try {
        return JSON.parse(stdout) as T;
      } catch {
        throw new Error(`slipway ${words.join(" ")} printed no JSON:\n${stdout}\n${stderr}`);
      }
    },
  };
}

/**
 * The shop's services.yaml with one platform, but for some services: builds take half of the time, and
 * little depends on how many platforms there are.
 */
export async function shopOnOnePlatform(...butFor: readonly string[]): Promise<string> {
  const catalogue = parse(await readFile(join(clone, "services.yaml"), "utf8")) as {
    defaults: { platforms: string[] };
    services: Record<string, { platforms?: string[] }>;
  };
  const { platforms } = catalogue.defaults;
  catalogue.defaults.platforms = ["linux/amd64"];
  for (const name of butFor) Object.assign(catalogue.services[name] ?? {}, { platforms });
  return stringify(catalogue);
}

/** A proxy before a sandbox, and the sandbox as it is reached through it. */
export interface Watched {
  readonly proxy: FaultProxy;
  readonly through: SandboxState;
  /**
   * Closes the proxy.
   *
   * @throws AssertionError when something that passed is not as AWS's models have it, or was refused to a role
   */
  end(): Promise<void>;
}

/**
 * All calls pass a proxy, where they are held against AWS's models, and those of commands against the rights
 * of their role.
 */
export async function openProxy(directory: string, state: SandboxState, guarded = false): Promise<Watched> {
  const conformance = createConformance();
  const guard = guarded ? guardCommands(state.account) : createGuard();
  const proxy = await openFaultProxy({
    // ECR's own front passes on what is for other services.
    backendPort: Number(new URL(ecrEndpoint(state)).port),
    tls: tlsFiles(sandboxFolder(directory)),
    watch: conformance.note,
    guard: guard.check,
  });
  const registry = `localhost:${proxy.port}`;
  const baseImages = Object.fromEntries(
    Object.entries(state.baseImages).map(([from, to]) => [from, to.replace(state.registry, registry)]),
  );
  return {
    proxy,
    through: { ...state, endpoint: `http://${registry}`, registry, baseImages },
    end: async () => {
      await proxy.close();
      recordCalls(guard.calls);
      expect(conformance.unexpected(), "all that passed the proxy is as AWS's models have it").toEqual([]);
      expect(refusalsOf(guard), "each role has the rights that its commands need").toEqual([]);
      expect(unrecordedCalls(guard.calls), "npm run record has noted what each role calls").toEqual([]);
    },
  };
}

/**
 * Sandbox up, the platform's and the shop's `pulumi up`.
 *
 * @param options.catalogue another services.yaml; nothing is declared then, built or run before the
 *   first deployment
 * @param options.changes files that differ from the clone's
 * @param options.guarded whether each command runs as the role that CI has for it; otherwise as a person
 */
export async function createWorld(
  directory: string,
  options: {
    readonly catalogue?: string;
    readonly changes?: Readonly<Record<string, string>>;
    readonly guarded?: boolean;
  } = {},
): Promise<World> {
  const { catalogue } = options;
  await mkdir(directory, { recursive: true });
  const changes = { ...options.changes, ...(catalogue === undefined ? {} : { "services.yaml": catalogue }) };
  const workspace = await createWorkspace(clone, directory, changes);
  const up = await cli("sandbox", "up", "-C", directory);
  if (up.exitCode !== 0) throw new Error(`sandbox up failed:\n${up.stderr}`);
  const state = await readState(join(directory, ".slipway/sandbox/state.json"));
  if (state === undefined) throw new Error("the sandbox is up and has no state");
  const app = join(directory, "examples/shop/app");
  const { proxy, through, end } = await openProxy(directory, state, options.guarded);
  await writeSandboxStack(directory, through);
  await writeAppStack(directory, app, stack);
  const { settings } = await loadStack(directory, stack);
  const environment = {
    ...(Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >),
    ...(await stackEnvironment(directory, settings, process.env)),
  };
  // The clients of the tests read the same variables as the command's own.
  Object.assign(process.env, environment);
  const log: string[] = [];
  const emit = (event: RunEvent) => {
    if (event.kind === "step-log") log.push(event.line);
  };
  const projects = [
    ["platform", directory],
    ["shop", app],
  ] as const;
  for (const [title, project] of catalogue === undefined ? projects : []) {
    const signal = AbortSignal.timeout(600_000);
    await pulumiUp({ title, directory: project, stack, environment, emit, signal }).catch((error) => {
      throw new Error(`${String(error)}\n${log.slice(-40).join("\n")}`);
    });
  }
  return {
    workspace,
    app,
    // Also images that a test names are pulled as the stack's own are.
    state: through,
    clients: createClients(settings),
    environment,
    proxy,
    end,
    pulumi: async (project, ...words) => {
      const options = { cwd: project, env: environment, reject: false, all: true, stdin: "ignore" } as const;
      const { exitCode, all } = await execa("pulumi", [...words, "--non-interactive"], options);
      return { exitCode, all };
    },
  };
}
