import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ladder } from "../../../../sandbox/toolchain/ladder.ts";
import { describeMachine } from "../../../../sandbox/toolchain/machine.ts";
import { downloadRelease } from "../../../../sandbox/toolchain/rungs/github-release.ts";
import { openSession } from "../../../../sandbox/toolchain/session.ts";
import type { ToolName } from "../../../../sandbox/toolchain/tools.ts";

const answers = vi.hoisted(() => new Map<string, () => Response>());
vi.mock("../../../../sandbox/toolchain/reach.ts", () => ({
  unreachable: async () => undefined,
  request: async (url: string) => answers.get(url)?.() ?? new Response("", { status: 404 }),
}));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-download-"));
  answers.clear();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const program = (says: string) => `#!/bin/sh\necho "${says}"\n`;

/** A release with one asset, as GitHub's API tells it. */
function publish(
  repository: string,
  tag: string,
  asset: string,
  content: Buffer,
  digest?: string | null,
): void {
  const url = `https://github.com/${repository}/releases/download/${tag}/${asset}`;
  const sha256 = createHash("sha256").update(content).digest("hex");
  const stated = digest === undefined ? `sha256:${sha256}` : digest;
  const release = { assets: [{ name: asset, browser_download_url: url, digest: stated }] };
  answers.set(`https://api.github.com/repos/${repository}/releases/tags/${tag}`, () =>
    Response.json(release),
  );
  answers.set(url, () => new Response(new Uint8Array(content)));
}

async function download(name: ToolName) {
  const rung = ladder[name].find((candidate) => candidate.kind === "github-release");
  const { session, close } = openSession({
    cache: folder,
    machine: describeMachine({ platform: "linux", processor: "x64", userId: 0, osRelease: "" }),
    emit: () => {},
    signal: new AbortController().signal,
    parent: undefined,
    requested: new Set([name]),
    need: () => Promise.reject(new Error("nothing")),
  });
  try {
    return await downloadRelease(session, name, rung as never, { id: name, progress: () => {} });
  } finally {
    await close();
  }
}

const buildx = Buffer.from(program("github.com/docker/buildx v0.35.0 abc"));

test("a program that is its own asset is put into the cache once it told its version", async () => {
  publish("docker/buildx", "v0.35.0", "buildx-v0.35.0.linux-amd64", buildx);
  const taken = await download("buildx");
  expect(taken).toMatchObject({ kind: "taken", version: "0.35.0" });
  expect(await readFile(taken.kind === "taken" ? taken.path : "", "utf8")).toBe(buildx.toString());
  expect(await readdir(join(folder, "scratch"))).toEqual([]);
});

test("a program inside an archive is unpacked, alone", async () => {
  await mkdir(join(folder, "source/pulumi"), { recursive: true });
  for (const name of ["pulumi", "pulumi-language-nodejs"]) {
    await writeFile(join(folder, "source/pulumi", name), program("v3.245.0"));
    await chmod(join(folder, "source/pulumi", name), 0o755);
  }
  await execa("tar", ["-czf", join(folder, "archive.tar.gz"), "-C", join(folder, "source"), "pulumi"]);
  const archive = await readFile(join(folder, "archive.tar.gz"));
  publish("pulumi/pulumi", "v3.245.0", "pulumi-v3.245.0-linux-x64.tar.gz", archive);
  expect(await download("pulumi")).toMatchObject({ kind: "taken", version: "3.245.0" });
  const [entry] = await readdir(join(folder, "tools/pulumi"));
  expect((await readdir(join(folder, "tools/pulumi", entry ?? ""))).toSorted()).toEqual([
    "pulumi",
    "tool.json",
  ]);
});

test.each([
  ["another digest than the release states", buildx, `sha256:${"0".repeat(64)}`, /it is not used/],
  ["no digest to hold it to", buildx, null, /states no digest/],
  [
    "another version",
    Buffer.from(program("github.com/docker/buildx v0.34.0 abc")),
    undefined,
    /reports version 0\.34\.0/,
  ],
])("a download with %s is not used", async (_what, content, digest, reason) => {
  publish("docker/buildx", "v0.35.0", "buildx-v0.35.0.linux-amd64", content, digest);
  await expect(download("buildx")).rejects.toThrow(reason);
  expect(await readdir(join(folder, "tools/buildx")).catch(() => [])).toEqual([]);
});

test("a release that isn't there is a reason for the next rung", async () => {
  await expect(download("buildx")).rejects.toThrow("GitHub answered 404 for docker/buildx v0.35.0");
});
