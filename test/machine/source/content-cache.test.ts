import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { contentCacheFile, openContentCache } from "../../../source/content-cache.ts";
import { nothingIgnored } from "../../../source/ignore.ts";
import { openWorkingTree } from "../../../source/working-tree.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-cache-"));
});
afterEach(() => rm(project, { recursive: true, force: true }));

const stamp = { size: 5n, modified: 1n, changed: 2n, inode: 3n };
const hash = "ab".repeat(32);

const nothingRemembered = { find: () => undefined, add: () => {}, save: () => {} };

/** Hashes everything; also says how many contents were read and not remembered. */
async function hashAll(settle: number) {
  const cache = openContentCache(project, settle);
  let reads = 0;
  const counting = {
    ...cache,
    add: (...entry: Parameters<typeof cache.add>) => {
      reads++;
      cache.add(...entry);
    },
  };
  const files = await openWorkingTree(project, counting).list("src", nothingIgnored);
  cache.save();
  return { hashes: Object.fromEntries(files.map((file) => [file.path, file.hash])), reads };
}

describe("the cache of contents' hashes", () => {
  test("remembers, for the same stamp only", () => {
    const cache = openContentCache(project, 0);
    cache.add("a", stamp, hash);
    cache.add("folder/é", { ...stamp, inode: 2n ** 63n }, hash);
    cache.save();
    const later = openContentCache(project, 0);
    expect(later.find("a", stamp)).toBe(hash);
    expect(later.find("folder/é", { ...stamp, inode: 2n ** 63n })).toBe(hash);
    expect(later.find("b", stamp)).toBeUndefined();
    for (const other of ["size", "modified", "changed", "inode"] as const) {
      expect(later.find("a", { ...stamp, [other]: 9n }), other).toBeUndefined();
    }
  });

  test("keeps what it knew when it learns more, from two processes in turn", () => {
    const [one, two] = [openContentCache(project, 0), openContentCache(project, 0)];
    one.add("a", stamp, hash);
    two.add("b", stamp, hash);
    one.save();
    two.save();
    const third = openContentCache(project, 0);
    expect(third.find("b", stamp)).toBe(hash);
    third.add("c", stamp, hash);
    third.save();
    const last = openContentCache(project, 0);
    expect([last.find("b", stamp), last.find("c", stamp)]).toEqual([hash, hash]);
  });

  test("does not believe a damaged file", async () => {
    const cache = openContentCache(project, 0);
    cache.add("a", stamp, hash);
    cache.save();
    const file = join(project, contentCacheFile);
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        await writeFile(file, damaged);
        expect(openContentCache(project, 0).find("a", stamp)).toBeUndefined();
        await writeFile(file, whole.subarray(0, at));
        expect(openContentCache(project, 0).find("a", stamp)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  test("does not trust a file that was written a moment ago, as git does not", async () => {
    await mkdir(join(project, "src"));
    await writeFile(join(project, "src/a"), "one");
    const hour = 3_600_000;
    expect((await hashAll(hour)).reads).toBe(1);
    expect((await hashAll(hour)).reads).toBe(1);
  });

  test("never makes a hash wrong, though files change and keep size and time", async () => {
    const settle = 20;
    const contents = fc.array(fc.constantFrom("aaaa", "bbbb", "cccc"), { minLength: 3, maxLength: 3 });
    await mkdir(join(project, "src"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(contents, { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        async (steps, wait) => {
          for (const step of steps) {
            for (const [index, content] of step.entries()) {
              const file = join(project, `src/${index}`);
              const before = await stat(file).catch(() => undefined);
              if ((await readFile(file, "utf8").catch(() => "")) !== content) await writeFile(file, content);
              if (before !== undefined) await utimes(file, before.atime, before.mtime);
            }
            if (wait) await sleep(settle * 2);
            const files = await openWorkingTree(project, nothingRemembered).list("src", nothingIgnored);
            const { hashes } = await hashAll(settle);
            expect(hashes).toEqual(Object.fromEntries(files.map(({ path, hash: fresh }) => [path, fresh])));
          }
        },
      ),
      { numRuns: 25 },
    );
    await sleep(settle * 2);
    await hashAll(settle);
    expect((await hashAll(settle)).reads).toBe(0);
  });

  test("is no reason to fail where nothing can be written", async () => {
    await writeFile(join(project, ".slipway"), "a file, not a folder");
    await mkdir(join(project, "src"));
    await writeFile(join(project, "src/a"), "one");
    const { hashes } = await hashAll(0);
    expect(Object.keys(hashes)).toEqual(["a"]);
  });
});
