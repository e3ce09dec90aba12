import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const node = join(root, "node_modules/.bin/node");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command as a user would, without a terminal, with nothing of the user's environment. */
function slipway(args: readonly string[], environment: Record<string, string> = {}) {
  return execa(node, [join(root, "runner/cli.ts"), ...args], {
    reject: false,
    cwd: folder,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      XDG_CACHE_HOME: join(root, ".slipway/cache"),
      ...environment,
    },
  });
}

describe("--help", () => {
  test("names every command, the global options and the exit codes", async () => {
    const { stdout, exitCode } = await slipway(["--help"]);
    expect(exitCode).toBe(0);
    for (const word of ["deploy", "plan", "status", "doctor", "sandbox", "demo", "completion"]) {
      expect(stdout).toContain(`slipway ${word}`);
    }
    for (const word of ["--cwd", "--output", "--debug", "Exit codes"]) expect(stdout).toContain(word);
  });

  test.each([["deploy"], ["plan"], ["status"], ["doctor"], ["demo"], ["sandbox", "up"]])(
    "of %s shows examples",
    async (...words) => {
      const { stdout, exitCode } = await slipway([...words, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("Examples:");
    },
  );

  test("loads nothing that only work needs", async () => {
    const { stdout } = await execa(
      node,
      [
        "--input-type=module",
        "--eval",
        `import { registerHooks } from "node:module";
         const loaded = [];
         registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
         const { main } = await import(${JSON.stringify(join(root, "runner/cli.ts"))});
         await main(["deploy", "--help"]);
         console.log(loaded.filter((url) => /@pulumi|@aws-sdk|zod|execa|undici/.test(url)).join("\\n") || "nothing heavy");`,
      ],
      { cwd: folder },
    );
    expect(stdout).toContain("nothing heavy");
  });
});

test("--version is the package's, and for deploy the image's", async () => {
  const { stdout } = await slipway(["--version"]);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
  const { stderr, exitCode } = await slipway(["deploy", "--version"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("version");
});

describe("wrong usage is refused with 2, and says what was meant", () => {
  test.each([
    [["deplyo", "ui"], 'did you mean "deploy"?'],
    [["-C", ".", "staus"], 'did you mean "status"?'],
    [["sandbox", "upp"], 'did you mean "up"?'],
    [["deploy", "--stak", "dev"], "did you mean --stack?"],
    [["plan", "--debgu"], "did you mean --debug?"],
    [["doctor", "ui"], "the command does not take this argument"],
    [["status", "--output", "yaml"], '"text", "json"'],
    [["deploy", "--stack", "a", "--stack", "b"], '--stack appears 2 times: "a" and "b"'],
    [["plan", "-C", "x", "-C", "y"], "--cwd appears 2 times"],
    [["logs", "--since", "5m", "--since", "6m"], "--since appears 2 times"],
    [[], "one of: deploy"],
    [["status"], "--cwd"],
  ])("%j", async (args, said) => {
    const { stderr, stdout, exitCode } = await slipway(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(said);
    expect(stdout).toBe("");
    expect(stderr).not.toContain("    at ");
  });

  test("as one document with --output json", async () => {
    const { stdout, exitCode } = await slipway(["deploy", "--foo", "--output", "json"]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { problems: [{ code: "unknown-option" }] } });
  });
});

describe("in a project", () => {
  beforeAll(async () => {
    await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    await writeFile(join(folder, "services.yaml"), "services:\n  ui:\n    contxt: ui\n");
    await writeFile(join(folder, "Pulumi.dev.yaml"), "config:\n  aws:region: eu-central-1\n");
    await writeFile(join(folder, "Pulumi.prod.yaml"), "config:\n  slipway:tag: []\n");
  });

  test("an unknown stack is named with those there are", async () => {
    const { stderr, exitCode } = await slipway(["deploy", "--stack", "dve"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean "dev"? (there are: dev, prod)');
  });

  test("without --stack, and with several, it asks which", async () => {
    const { stderr, exitCode } = await slipway(["plan"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("one of: dev, prod");
  });

  test("PULUMI_STACK is taken", async () => {
    const { stderr } = await slipway(["plan"], { PULUMI_STACK: "staging" });
    expect(stderr).toContain("PULUMI_STACK: this directory has no Pulumi.staging.yaml");
  });

  test("all problems of all files are told at once", async () => {
    const { stdout, exitCode } = await slipway(["deploy", "--stack", "prod", "--output", "json"]);
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { problems: { where: string; key: string }[] } };
    const keys = error.problems.map(({ where, key }) => `${where} ${key}`);
    expect(keys).toContain("services.yaml:3:5 services.ui.contxt");
    expect(keys).toContain("Pulumi.prod.yaml:2:3 slipway:tag");
    expect(keys).toContain("Pulumi.prod.yaml:1:1 aws:region");
  });

  test("GitHub is told in the file, too", async () => {
    const { stderr } = await slipway(["deploy", "--stack", "dev"], { GITHUB_ACTIONS: "true" });
    expect(stderr).toContain("::error file=services.yaml");
  });
});

test("a reader that leaves early is no crash", async () => {
  const { stderr, exitCode } = await execa("sh", [
    "-c",
    '"$0" "$1" --help | head -n 1; "$0" "$1" deploy --foo 2>&1 >/dev/null | true',
    node,
    join(root, "runner/cli.ts"),
  ]);
  expect(exitCode).toBe(0);
  expect(stderr).not.toContain("EPIPE");
});
