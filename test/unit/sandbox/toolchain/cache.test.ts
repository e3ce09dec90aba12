import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  cacheDirectory,
  entryDirectory,
  readEntry,
  removeLeftovers,
  requireSpace,
  writeEntry,
} from "../../../../sandbox/toolchain/cache.ts";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "slipway-cache-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const made = {
  version: "1.0.0",
  origin: "registries",
  program: "tool",
  how: "made",
  milliseconds: 1,
} as const;
const make = (content: string) => async (directory: string) => {
  await writeFile(join(directory, "tool"), content);
  return made;
};

test("the cache is where its variable says, else in the user's cache folder", () => {
  expect(cacheDirectory({ SLIPWAY_CACHE: "/data/c", XDG_CACHE_HOME: "/x" })).toBe("/data/c");
  expect(cacheDirectory({ XDG_CACHE_HOME: "/x" })).toBe("/x/slipway");
  expect(cacheDirectory({})).toMatch(/\/\.cache\/slipway$/);
});

test("an entry that was written is found, with what was done to get it", async () => {
  expect(await readEntry(cache, "tool", "1.0.0")).toBeUndefined();
  const written = await writeEntry(cache, "tool", "1.0.0", make("a"));
  expect(await readEntry(cache, "tool", "1.0.0")).toEqual(written);
  expect(await readFile(written.path, "utf8")).toBe("a");
  expect(await readEntry(cache, "tool", "2.0.0")).toBeUndefined();
});

test("a failure leaves nothing behind", async () => {
  const failing = writeEntry(cache, "tool", "1.0.0", async (directory) => {
    await writeFile(join(directory, "tool"), "half");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await readdir(join(cache, "tools/tool"))).toEqual([]);
});

test("of two that write the same entry both get a whole one, and one is kept", async () => {
  const both = await Promise.all(
    ["a", "b"].map((content) => writeEntry(cache, "tool", "1.0.0", make(content))),
  );
  expect(new Set(both.map(({ path }) => path)).size).toBe(1);
  expect(await readdir(join(cache, "tools/tool"))).toHaveLength(1);
});

test("a folder that is no whole entry is replaced", async () => {
  const directory = entryDirectory(cache, "tool", "1.0.0");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "something"), "");
  expect(await readEntry(cache, "tool", "1.0.0")).toBeUndefined();
  await writeEntry(cache, "tool", "1.0.0", make("a"));
  expect((await readdir(directory)).toSorted()).toEqual(["tool", "tool.json"]);
});

test("an entry whose program is gone is none", async () => {
  const { path } = await writeEntry(cache, "tool", "1.0.0", make("a"));
  await rm(path);
  expect(await readEntry(cache, "tool", "1.0.0")).toBeUndefined();
});

test("an entry that leads to something that is gone is none", async () => {
  const elsewhere = join(cache, "python");
  await writeFile(elsewhere, "");
  await writeEntry(cache, "tool", "1.0.0", async (directory) => {
    await symlink(elsewhere, join(directory, "python"));
    return { ...(await make("a")(directory)), needs: ["python"] };
  });
  expect(await readEntry(cache, "tool", "1.0.0")).toBeDefined();
  await rm(elsewhere);
  expect(await readEntry(cache, "tool", "1.0.0")).toBeUndefined();
});

test("a full disk is named, with the folder to change", async () => {
  const failing = writeEntry(cache, "tool", "1.0.0", async () => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  });
  await expect(failing).rejects.toMatchObject({ problems: [{ code: "disk-full" }], exitCode: 1 });
  await expect(requireSpace(cache, 1e18, "a build")).rejects.toMatchObject({
    problems: [{ code: "disk-full", where: cache }],
  });
});

test("what killed runs left goes after an hour; what is in use or young stays", async () => {
  const gone = 2 ** 22 + 1;
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of [
    `${gone}-old`,
    `.draft-${gone}-old`,
    `${process.pid}-old`,
    `${gone}-young`,
    "1.0.0-linux",
  ]) {
    await mkdir(join(cache, name));
    if (!name.endsWith("young")) await utimes(join(cache, name), old, old);
  }
  await removeLeftovers(cache);
  expect((await readdir(cache)).toSorted()).toEqual(
    ["1.0.0-linux", `${gone}-young`, `${process.pid}-old`].toSorted(),
  );
  expect((await stat(cache)).isDirectory()).toBe(true);
});
