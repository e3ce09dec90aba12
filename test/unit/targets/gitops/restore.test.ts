import { expect, test } from "vitest";
import { restoreLines } from "../../../../runner/targets/gitops/edit/restore.ts";

const lines = [
  { line: 2, before: "tag: v1", after: "digest: new" },
  { line: 3, before: undefined, after: "name: added" },
];

test("lines of an edit are taken back where they were", () => {
  expect(restoreLines("a\ndigest: new\nname: added\nb", lines)).toBe("a\ntag: v1\nb");
});

test("also where they have moved, with the line ends of the file", () => {
  expect(restoreLines("# theirs\r\na\r\ndigest: new\r\nname: added\r\n", lines)).toBe(
    "# theirs\r\na\r\ntag: v1\r\n",
  );
});

test("not when a line is gone, or stands elsewhere more than once", () => {
  expect(restoreLines("a\nname: added\n", lines)).toBeUndefined();
  expect(restoreLines("x\ny\ndigest: new\ndigest: new\nname: added\n", lines)).toBeUndefined();
});
