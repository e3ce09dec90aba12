import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** More files than these are more than one idea: the folder needs rooms (CONTRIBUTING.md). */
const mostFiles = 16;

test(`no folder has more than ${mostFiles} files`, () => {
  const clone = join(import.meta.dirname, "../..");
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: clone })
    .toString()
    .split("\0")
    // At the top lie the files that tools look for there.
    .filter((file) => file.includes("/"));
  const folders = [...Map.groupBy(files, dirname)];
  const full = folders.flatMap(([folder, { length }]) =>
    length > mostFiles ? [`${folder}: ${length}`] : [],
  );
  expect(full).toEqual([]);
});
