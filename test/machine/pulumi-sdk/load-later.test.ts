import { execa } from "execa";
import { describe, expect, test } from "vitest";

/** Runs code in a process of its own, and returns what it logs as JSON. */
async function run(code: string): Promise<unknown> {
  const { stdout } = await execa(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "--eval",
    `import { createRequire } from "node:module";
     import { types } from "node:util";
     import { loadUnusedLater } from "./pulumi-sdk/load-later.ts";
     const require = createRequire(process.cwd() + "/x.js");
     const isLoaded = (part) => Object.values(require.cache).some(({ filename, exports }) =>
       filename.includes(part) && !types.isProxy(exports));
     ${code}`,
  ]);
  return JSON.parse(stdout);
}

describe("Pulumi's SDK", () => {
  test("loads without a compiler and without npm's model of node_modules", async () => {
    expect(
      await run(`loadUnusedLater();
        require("@pulumi/pulumi");
        console.log(JSON.stringify([isLoaded("/typescript"), isLoaded("/arborist/"), isLoaded("/output.js")]));`),
    ).toEqual([false, false, true]);
    expect(
      await run(`require("@pulumi/pulumi");
        console.log(JSON.stringify([isLoaded("/typescript"), isLoaded("/arborist/")]));`),
    ).toEqual([true, true]);
  });

  test("still makes text of functions, and loads them for that", async () => {
    const text = await run(`loadUnusedLater();
      const pulumi = require("@pulumi/pulumi");
      const suffix = "!";
      const { text } = await pulumi.runtime.serializeFunction((name) => name + suffix);
      console.log(JSON.stringify(text));`);
    expect(text).toContain('with({ suffix: "!"');
  });

  test("finds the packages of the program through them", async () => {
    const paths = await run(`loadUnusedLater();
      const pulumi = require("@pulumi/pulumi");
      const paths = await pulumi.runtime.computeCodePaths({ extraIncludePackages: ["yaml"] });
      console.log(JSON.stringify([...paths.keys()].filter((path) => path.endsWith("/yaml")).length));`);
    expect(paths).toBe(1);
  });
});

test("what starts a program loads without what traces it, and still traces", async () => {
  const started = await run(`loadUnusedLater();
    const tracing = require("@pulumi/pulumi/cmd/run/tracing.js");
    const before = isLoaded("/sdk-trace-base/");
    tracing.start("http://127.0.0.1:9");
    const span = tracing.newSpan("a span");
    const { traceId } = span.spanContext();
    console.log(JSON.stringify([before, isLoaded("/sdk-trace-base/"), /[1-9a-f]/.test(traceId)]));
    process.exit();`);
  expect(started).toEqual([false, true, true]);
});
