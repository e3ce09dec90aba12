import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunEvent } from "../../../../runner/report/events.ts";
import { writeEntry } from "../../../../sandbox/toolchain/cache.ts";
import { ensureTool } from "../../../../sandbox/toolchain/ensure.ts";
import { ladder } from "../../../../sandbox/toolchain/ladder.ts";
import { describeMachine } from "../../../../sandbox/toolchain/machine.ts";
import { runProcess, runToSuccess } from "../../../../sandbox/toolchain/run.ts";
import { goMemory } from "../../../../sandbox/toolchain/rungs/go-module.ts";
import { findProgram, readElf } from "../../../../sandbox/toolchain/rungs/probe.ts";
import { installSystemPackages } from "../../../../sandbox/toolchain/rungs/system-packages.ts";
import type { Session } from "../../../../sandbox/toolchain/session.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-tools-"));
  await mkdir(join(folder, "bin"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, "bin", name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

const entry = {
  version: "0.31.0",
  origin: "registries",
  program: "buildkitd",
  how: "built",
  milliseconds: 1,
} as const;
const build = async (directory: string) => {
  await writeFile(join(directory, "buildkitd"), "");
  return entry;
};

test("what is installed is used, and said to be", async () => {
  const path = await script("buildkitd", 'echo "buildkitd github.com/moby/buildkit v0.28.1 abc"');
  vi.stubEnv("PATH", join(folder, "bin"));
  const events: RunEvent[] = [];
  await writeEntry(join(folder, "cache"), "buildkitd", "0.31.0", build);
  const options = { signal, cache: join(folder, "cache"), emit: (event: RunEvent) => events.push(event) };
  expect(await ensureTool("buildkitd", options)).toMatchObject({
    path,
    version: "0.28.1",
    origin: "installed",
  });
  expect(events.at(-1)).toMatchObject({
    kind: "step-ended",
    id: "tool buildkitd",
    outcome: "skipped",
    message: `0.28.1, found at ${path}`,
  });
});

test("one that is too old is passed over for what was built earlier, and the reason is told", async () => {
  const path = await script("buildkitd", 'echo "buildkitd github.com/moby/buildkit v0.9.0 abc"');
  vi.stubEnv("PATH", join(folder, "bin"));
  const events: RunEvent[] = [];
  const cached = await writeEntry(join(folder, "cache"), "buildkitd", "0.31.0", build);
  const options = { signal, cache: join(folder, "cache"), emit: (event: RunEvent) => events.push(event) };
  expect(await ensureTool("buildkitd", options)).toMatchObject({ path: cached.path, origin: "registries" });
  expect(events).toContainEqual({
    kind: "step-progress",
    id: "tool buildkitd",
    message: `${path} is 0.9.0, 0.13.0 or newer is needed; next`,
  });
});

test("system packages are not installed without root: the commands are printed, all packages at once", async () => {
  await Promise.all([script("apt-get", "exit 1"), script("dpkg-deb", "exit 1")]);
  vi.stubEnv("PATH", join(folder, "bin"));
  const machine = describeMachine({
    platform: "linux",
    processor: "x64",
    userId: 1000,
    osRelease: "ID=debian",
  });
  const requested = new Set(["dockerd", "docker", "runc", "ministack"] as const);
  const session = { machine, requested, settled: new Set(["docker"]) } as unknown as Session;
  const step = { id: "tool dockerd", progress: () => {} };
  const rung = ladder.dockerd.find((candidate) => candidate.kind === "system-packages");
  await expect(installSystemPackages(session, "dockerd", rung as never, step)).rejects.toMatchObject({
    exitCode: 2,
    problems: [
      {
        code: "system-packages-missing",
        message: expect.stringContaining("it takes root"),
        fix:
          "Run: sudo apt-get update && sudo apt-get install --yes --no-install-recommends docker.io runc; " +
          "then run this command again",
      },
    ],
  });
});

test("an aborted call starts nothing", async () => {
  const options = { signal: AbortSignal.abort(), cache: folder, emit: () => {} };
  await expect(ensureTool("buildkitd", options)).rejects.toMatchObject({ name: "AbortError" });
  expect(await readdir(folder)).toEqual(["bin"]);
});

test("programs are looked for in PATH's absolute folders first, then in further ones", async () => {
  const path = await script("tool", "");
  expect(await findProgram("tool", [], `relative:${join(folder, "bin")}`)).toBe(path);
  expect(await findProgram("tool", [join(folder, "bin")], "/nowhere")).toBe(path);
  expect(await findProgram("tool", [], "/nowhere")).toBeUndefined();
});

test("abort kills a program with everything that it started", async () => {
  const controller = new AbortController();
  const path = await script("parent", "sleep 300 & echo $!; wait");
  const started = Promise.withResolvers<number>();
  const running = runProcess(path, [], {
    signal: controller.signal,
    onLine: (line) => started.resolve(Number(line)),
  });
  const sleeper = await started.promise;
  controller.abort();
  await expect(running).rejects.toMatchObject({ name: "AbortError" });
  await vi.waitFor(() => expect(() => process.kill(sleeper, 0)).toThrow("ESRCH"), { timeout: 30_000 });
});

test("a full disk in a program's output is named instead of its exit code", async () => {
  const path = await script("compiler", 'echo "writing: no space left on device" >&2; exit 2');
  await expect(runToSuccess(path, ["build"], { signal })).rejects.toMatchObject({
    problems: [{ code: "disk-full", message: expect.stringContaining("no space left on device") }],
  });
});

test("a program that fails is quoted with its last lines", async () => {
  const path = await script("compiler", "echo out; echo first >&2; echo last >&2; exit 3");
  await expect(runToSuccess(path, ["build"], { signal })).rejects.toThrow(
    /compiler build ended with 3:.*last/s,
  );
});

test("lines that only say how far it got are left out of the error", async () => {
  const path = await script("compiler", "echo 'main.go:1: no' >&2; echo some/package >&2; exit 1");
  const failing = runToSuccess(path, ["build"], { signal, progressLine: /^\S+$/ });
  await expect(failing).rejects.toThrow(/^compiler build ended with 1: main\.go:1: no$/);
});

test("Go's compiler collects no garbage where there is room, and heeds the user's own settings", () => {
  expect(goMemory(24e9, {})).toEqual({ GOGC: "off", GOMEMLIMIT: "1500MiB" });
  expect(goMemory(8e9, {})).toEqual({ GOGC: "300" });
  expect(goMemory(2e9, {})).toEqual({});
  expect(goMemory(24e9, { GOGC: "50" })).toEqual({});
});

test("a header tells a program's processor, and whether it needs libraries", () => {
  const header = (machine: number, segment: number) => {
    const bytes = Buffer.alloc(64 + 56);
    bytes.write("\x7fELF", "latin1");
    bytes[4] = 2;
    bytes[5] = 1;
    bytes.writeUInt16LE(machine, 18);
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(1, 56);
    bytes.writeUInt32LE(segment, 64);
    return bytes;
  };
  expect(readElf(header(62, 1))).toEqual({ architecture: "amd64", static: true });
  expect(readElf(header(183, 3))).toEqual({ architecture: "arm64", static: false });
  expect(readElf(Buffer.from("#!/bin/sh\n".padEnd(100)))).toBeUndefined();
});
