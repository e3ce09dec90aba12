import { expect, test } from "vitest";
import { oneLine } from "../../../../sandbox/demo/answers.ts";
import { isNews, summary } from "../../../../sandbox/demo/pulumi.ts";
import { timeline } from "../../../../sandbox/demo/timeline.ts";

test("a page is shown on one line, without markup, and of a long one its end, too", () => {
  expect(oneLine("<html><head><title>x</title></head><body><h1>Shop</h1>\n<p>mug</p></body></html>")).toBe(
    "Shop mug",
  );
  const long = oneLine(`<p>${"word ".repeat(60)}</p><footer>ui 1.2.0</footer>`);
  expect(long.length).toBeLessThanOrEqual(100);
  expect(long).toMatch(/ui 1\.2\.0$/);
});

test("what Pulumi counts at the end is found in its output", () => {
  expect(summary("Outputs:\n  a: 1\n\nResources:\n    + 96 created\n    1 unchanged\n\nDuration: 1s")).toBe(
    "96 created, 1 unchanged",
  );
  expect(summary("Resources:\n    ~ 2 updated\n    +-1 replaced\n    3 changes. 5 unchanged\n")).toContain(
    "2 updated, 1 replaced",
  );
  expect(summary("error: nothing")).toBe("");
});

test.each([
  [" +  docker-build:index:Image ui-linux-amd64 creating (0s) #4 DONE 0.0s", false],
  ["@ updating......", false],
  ["", false],
  [" +  aws:ecs:Service ui created (0.25s)", true],
  ["    error: update failed", true],
])("%j is news: %s", (line, news) => {
  expect(isNews(line)).toBe(news);
});

test("the timeline names each chapter, and adds them up", () => {
  const text = timeline([
    { title: "build", seconds: 2 },
    { title: "move", seconds: 1.25 },
  ]);
  expect(text).toMatch(/build .*2\.0/);
  expect(text).toMatch(/all .*3\.3/);
});
