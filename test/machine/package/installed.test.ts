import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outputsSchema } from "../../../config/stack/outputs.ts";
import { modulePath } from "../../../runner/stack/engine.ts";

const clone = join(import.meta.dirname, "../../..");
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-installed-"));
  await writeFile(join(directory, "package.json"), '{ "name": "shop", "private": true }\n');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function packageVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(clone, "package.json"), "utf8")) as { version: string }).version;
}

describe("npm install of a clone's folder", () => {
  test("puts a slipway on the path of the project that runs the clone", async () => {
    await execa("npm", ["install", "--save-dev", "--no-audit", "--no-fund", "--offline", clone], {
      cwd: directory,
    });
    const { stdout } = await execa("npx", ["--no", "--", "slipway", "--version"], { cwd: directory });
    expect(stdout).toBe(await packageVersion());
    const refused = await execa("npx", ["--no", "--", "slipway", "deploi"], {
      cwd: directory,
      reject: false,
    });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("deploi");
    // What Pulumi's language host asks Node.js for in the project's folder before it runs the program there.
    const { stdout: sdk } = await execa(
      process.execPath,
      ["--print", "require.resolve('@pulumi/pulumi/cmd/run')"],
      { cwd: directory, env: { NODE_PATH: modulePath(undefined) } },
    );
    expect(sdk).toBe(join(clone, "node_modules/@pulumi/pulumi/cmd/run/index.js"));
  });
});

describe("the package", () => {
  const start = (version: string) =>
    execa(
      process.execPath,
      [
        "--eval",
        `Object.defineProperty(process.versions, "node", { value: "${version}" });
         require(${JSON.stringify(join(directory, "bin.cjs"))});`,
        "--",
        "--version",
      ],
      { reject: false },
    );

  beforeEach(async () => {
    for (const file of ["bin.cjs", "package.json"]) await cp(join(clone, file), join(directory, file));
    await mkdir(join(directory, "dist/runner"), { recursive: true });
    await writeFile(
      join(directory, "dist/runner/cli.js"),
      "export async function start(words) { console.log('started', words.join()); }\n",
    );
  });

  test.each(["18.20.4", "20.20.2", "22.17.1"])("refuses Node.js %s in one line", async (version) => {
    const { exitCode, stdout, stderr } = await start(version);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      `slipway: Node.js ${version} is too old; install Node.js 22.18 or newer, or use a clone, which brings its own`,
    );
  });

  test.each(["22.18.0", "24.0.0"])("starts on Node.js %s", async (version) => {
    const { exitCode, stdout } = await start(version);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("started");
  });

  test("is a Pulumi program with the outputs of infra/index.ts", async () => {
    const [program, source] = await Promise.all(
      ["program.mjs", "infra/index.ts"].map((file) => readFile(join(clone, file), "utf8")),
    );
    const [declared, passedOn] = [source, program].map((text) =>
      /^export const \{ (.*) \}/m.exec(text ?? "")?.[1]?.split(", "),
    );
    expect(declared).toEqual(Object.keys(outputsSchema.shape));
    expect(passedOn).toEqual(declared);
  });
});
