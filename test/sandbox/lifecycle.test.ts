import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../../runner/report/events.ts";
import { takeDown } from "../../sandbox/down.ts";
import { machineNames, sandboxFolder } from "../../sandbox/folder.ts";
import { withSandboxLock } from "../../sandbox/lock.ts";
import { isAlive } from "../../sandbox/process/identity.ts";
import { markedProcesses } from "../../sandbox/process/marked.ts";
import { resetSandbox } from "../../sandbox/reset.ts";
import type { SandboxState } from "../../sandbox/state.ts";
import { inspectSandbox } from "../../sandbox/status.ts";
import { bringUp } from "../../sandbox/up.ts";
import { listeningAddresses } from "./listening.ts";

/** A sandbox of this test's own: another one on the machine goes on undisturbed. */
let root: string;
let state: SandboxState;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-lifecycle-"));
  ({ state } = await up());
});

afterAll(async () => {
  await takeDown({ root, emit: () => {}, signal: new AbortController().signal });
  await rm(root, { recursive: true, force: true });
});

async function up(signal = new AbortController().signal, onEvent: (event: RunEvent) => void = () => {}) {
  const events: RunEvent[] = [];
  const state = await bringUp({
    root,
    signal,
    emit: (event) => {
      events.push(event);
      onEvent(event);
    },
  });
  const started = events.flatMap((event) =>
    event.kind === "step-ended" && event.id.startsWith("sandbox ") && event.outcome === "done"
      ? [event.id.slice("sandbox ".length)]
      : [],
  );
  return { state, events, started };
}

/** Ends parts' processes as a crash would, and waits until they are gone. */
async function kill(...parts: readonly string[]): Promise<void> {
  for (const part of parts) {
    const identity = state.parts[part]?.process;
    if (identity === undefined) throw new Error(`${part} has no process`);
    process.kill(identity.pid, "SIGKILL");
    await expect.poll(() => isAlive(identity), { timeout: 60_000 }).toBe(false);
  }
}

/** Whether anything listens on a port of this machine. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", () => resolve(false)).once("connect", () => resolve(true));
    socket.once("connect", () => socket.destroy());
  });
}

const down = () => takeDown({ root, emit: () => {}, signal: new AbortController().signal });

describe("a sandbox that is up", () => {
  it("shows every part as up, each with its version and where it came from", async () => {
    const status = await inspectSandbox({ root });
    expect(status.state).toBe("up");
    for (const part of status.parts) {
      expect(part.version, part.name).toBeTruthy();
      expect(part.origin, part.name).toBeTruthy();
    }
  });

  it("listens on loopback only", async () => {
    const pids = (await markedProcesses(state.id)).map(({ pid }) => pid);
    const addresses = await listeningAddresses(pids);
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    expect(addresses.filter(({ loopback }) => !loopback)).toEqual([]);
  });

  it("is left alone by another up", async () => {
    const again = await up();
    expect(again.started).toEqual([]);
    expect(again.state.parts).toEqual(state.parts);
  });

  it("gets back the part that was killed, and no other", async () => {
    await kill("emulator");
    expect((await inspectSandbox({ root })).state).toBe("broken");
    const repaired = await up();
    // What was in the emulator is gone with it: the base images are pushed again.
    expect(repaired.started.toSorted()).toEqual(["base-images", "emulator"]);
    expect(repaired.state.ports).toEqual(state.ports);
    expect(repaired.state.parts["buildkit-amd64"]).toEqual(state.parts["buildkit-amd64"]);
    expect((await inspectSandbox({ root })).state).toBe("up");
    state = repaired.state;
  });

  it("gets back all of its daemons when all were killed", async () => {
    await kill(...Object.keys(state.parts).filter((part) => state.parts[part]?.process !== undefined));
    const repaired = await up();
    expect((await inspectSandbox({ root })).state).toBe("up");
    expect(repaired.started).toContain("registry");
    state = repaired.state;
  });

  it("waits for who is at work on it, and says who that is", async () => {
    const told = Promise.withResolvers<void>();
    const signal = new AbortController().signal;
    const begun = Promise.withResolvers<void>();
    const other = withSandboxLock(
      sandboxFolder(root),
      { purpose: "sandbox up", emit: () => {}, signal },
      () => {
        begun.resolve();
        return told.promise;
      },
    );
    await begun.promise;
    const { events, started } = await up(signal, ({ kind }) => {
      if (kind === "notice") told.resolve();
    });
    await other;
    const notices = events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
    expect(notices).toEqual([
      expect.stringMatching(/^Waiting for the sandbox: "sandbox up" \(process \d+, since .*\) is using it$/),
    ]);
    expect(started).toEqual([]);
  });

  it("is brought up once by two ups at once", async () => {
    await kill("emulator");
    const [one, other] = await Promise.all([up(), up()]);
    expect([...one.started, ...other.started].toSorted()).toEqual(["base-images", "emulator"]);
    expect(one.state.parts).toEqual(other.state.parts);
    state = one.state;
  });

  it("is emptied by reset while its parts go on running", async () => {
    await resetSandbox({ root, emit: () => {}, signal: new AbortController().signal });
    const after = await up();
    expect(after.started).toEqual([]);
    expect(after.state.parts).toEqual(state.parts);
  });

  it("leaves nothing behind when it is taken down, but its folder", async () => {
    await down();
    expect(await remains()).toEqual([]);
    expect((await inspectSandbox({ root })).state).toBe("down");
    for (const port of Object.values(state.ports)) expect(await listens(port), `port ${port}`).toBe(false);
  });
});

describe("a port that another process has taken meanwhile", () => {
  it("is given up for another one, with a warning", async () => {
    const taken = state.ports.emulator as number;
    const other = createServer().listen(taken, "127.0.0.1");
    await once(other, "listening");
    try {
      const { events, state: now } = await up();
      expect(events.flatMap((event) => (event.kind === "warning" ? [event.code] : []))).toEqual([
        "port-taken",
      ]);
      expect(now.ports.emulator).not.toBe(taken);
      expect((await inspectSandbox({ root })).state).toBe("up");
    } finally {
      await down();
      await new Promise((closed) => other.close(closed));
    }
  });
});

describe("an up that does not come to its end", () => {
  beforeEach(down);

  it.each([
    ["emulator", 50],
    ["docker", 200],
    ["registry", 50],
    ["buildkit-arm64", 50],
    ["base-images", 0],
  ] as const)("leaves nothing behind when it is interrupted while %s starts", async (part, milliseconds) => {
    const interrupt = new AbortController();
    const running = up(interrupt.signal, (event) => {
      if (event.kind === "step-started" && event.id === `sandbox ${part}`) {
        setTimeout(() => interrupt.abort(), milliseconds);
      }
    });
    await expect(running).rejects.toThrow(/abort/i);
    // What it had started it has stopped by itself; the folder of sockets is for `down` to remove.
    expect(await remains()).toEqual([]);
    await down();
  });

  it("leaves what it had started to down, when it was killed", async () => {
    const main = resolve(import.meta.dirname, "up-until-killed.ts");
    const child = spawn(process.execPath, [main, root], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    await Promise.race([once(child.stdout, "data"), ended]);
    child.kill("SIGKILL");
    await ended;
    expect((await markedProcesses(sandboxFolder(root).id)).length).toBeGreaterThan(0);
    await down();
    expect(await remains()).toEqual([]);
  });
});

/** Everything of this sandbox that is left on the machine, as text. */
async function remains(): Promise<string[]> {
  const folder = sandboxFolder(root);
  const names = machineNames(folder.id);
  const [processes, networks, formats, mounts, groups] = await Promise.all([
    markedProcesses(folder.id),
    readdir("/sys/class/net"),
    readdir("/proc/sys/fs/binfmt_misc").catch((): string[] => []),
    readFile("/proc/self/mountinfo", "utf8"),
    readdir("/sys/fs/cgroup", { recursive: true }).catch((): string[] => []),
  ]);
  return [
    ...processes.map(({ pid, part }) => `process ${pid} of ${part}`),
    ...networks.filter((name) => name === names.bridge),
    ...formats.filter((name) => name === names.binaryFormat),
    ...mounts.split("\n").filter((line) => line.includes(folder.directory)),
    ...groups.filter((name) => name.includes(names.controlGroup)),
  ];
}
