import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const clone = join(import.meta.dirname, "../../..");

/** Runs a program as the language host does, with the start-up file loaded first, and returns its JSON. */
async function run(program: string, environment: Record<string, string> = {}): Promise<unknown> {
  const words = ["--disable-warning=ExperimentalWarning", "--import=./infra/start-up.ts", "--eval", program];
  const env = { PATH: process.env.PATH ?? "", ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: clone, env });
  return JSON.parse(stdout);
}

const promiseOfSdk = `
  const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable.js");
  const promise = Promise.resolve(1);
  debuggablePromise(promise, "test");
  console.log(JSON.stringify(promise._debugStackTrace.split("\\n").length));
`;

test("the SDK's promises get no stack trace, unless leaks of promises are looked for", async () => {
  expect(await run(promiseOfSdk)).toBe(1);
  expect(await run(promiseOfSdk, { PULUMI_DEBUG_PROMISE_LEAKS: "1" })).toBeGreaterThan(1);
});

test("a resource gets no position in the source, unless leaks of promises are looked for", async () => {
  const program = `
    const { Resource } = require("@pulumi/pulumi/resource.js");
    console.log(JSON.stringify(Resource.callsites().length));
  `;
  expect(await run(program)).toBe(0);
  expect(await run(program, { PULUMI_DEBUG_PROMISE_LEAKS: "1" })).toBeGreaterThan(0);
});

test("an error of the program keeps its stack, also after a promise of the SDK", async () => {
  const program = `
    const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable.js");
    debuggablePromise(Promise.resolve(1), "test");
    function thrower() { return new Error("a bug"); }
    console.log(JSON.stringify(thrower().stack));
  `;
  expect(await run(program)).toMatch(/^Error: a bug\n {4}at thrower /);
});

test("modules are compiled into a cache also where the engine starts the program", async () => {
  const program = `console.log(JSON.stringify(require("node:module").getCompileCacheDir() ?? null));`;
  expect(await run(program)).toEqual(expect.any(String));
});
