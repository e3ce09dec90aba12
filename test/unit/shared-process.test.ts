import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

test("no file of this project puts another module in one's place: the others may have loaded it", () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  const mocking = files.filter(
    (file) =>
      file.endsWith(".ts") &&
      /\bvi\.(do)?[mM]ock\(/.test(readFileSync(join(import.meta.dirname, file), "utf8")),
  );
  expect(mocking).toEqual([]);
});
