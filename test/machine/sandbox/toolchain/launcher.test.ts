import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";

const launcher = join(import.meta.dirname, "../../../../slipway");
let project: string;
let commands: string;

/**
 * Stands in for npm: leaves what `npm ci` leaves, a Node.js that prints its arguments, and a line of its
 * own. With NPM_WAITS it takes until there is a file of that name.
 */
const npm = `#!/bin/sh
echo "$*" >>"$NPM_LOG"
until [ -z "\${NPM_WAITS-}" ] || [ -e "$NPM_WAITS" ]; do sleep 0.05; done
[ -z "\${NPM_FAILS-}" ] || { echo "npm error no such package"; exit 1; }
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho "$@"\\n' >node_modules/.bin/node
chmod +x node_modules/.bin/node
cp package-lock.json node_modules/.package-lock.json
`;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-launcher-"));
  project = join(folder, "project");
  commands = join(folder, "commands");
  await mkdir(project);
  await mkdir(commands);
  await copyFile(launcher, join(project, "slipway"));
  await writeFile(join(project, "package-lock.json"), "{}");
  await writeFile(join(commands, "npm"), npm);
  await chmod(join(commands, "npm"), 0o755);
});
afterEach(() => rm(join(project, ".."), { recursive: true, force: true }));

const run = (
  args: readonly string[],
  environment: Record<string, string> = {},
  program = join(project, "slipway"),
) =>
  execa(program, args, {
    cwd: "/",
    reject: false,
    env: { PATH: `${commands}:${process.env.PATH}`, NPM_LOG: join(commands, "npm.log"), ...environment },
  });
/** Resolves once it has said something. */
function said({ stderr }: ReturnType<typeof run>, what: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    stderr.on("data", (part: Buffer) => {
      text += part.toString();
      if (what.test(text)) resolve();
    });
  });
}

const installations = async () =>
  (await readFile(join(commands, "npm.log"), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "");

test("installs the packages once, says so, and starts the command with what it was given", async () => {
  const first = await run(["plan", "a service"]);
  expect(first.stderr).toMatch(/^slipway: installing the packages of package-lock\.json/);
  expect(first.stdout).toBe(`--disable-warning=ExperimentalWarning ${project}/runner/cli.ts plan a service`);
  const second = await run(["plan"]);
  expect(second.stderr).toBe("");
  expect(await installations()).toHaveLength(1);
  expect(await readdir(join(project, ".slipway"))).toEqual([]);
});

test("only installs when that is all it is asked for", async () => {
  expect(await run(["--bootstrap-only"])).toMatchObject({ exitCode: 0, stdout: "" });
  expect(await installations()).toHaveLength(1);
});

test("installs again when the lock file says something else, not when it was only touched", async () => {
  await run(["--bootstrap-only"]);
  const later = new Date(Date.now() + 5000);
  await utimes(join(project, "package-lock.json"), later, later);
  await run(["--bootstrap-only"]);
  expect(await installations()).toHaveLength(1);
  await writeFile(join(project, "package-lock.json"), '{"lockfileVersion":3}');
  await utimes(join(project, "package-lock.json"), later, later);
  await run(["--bootstrap-only"]);
  expect(await installations()).toHaveLength(2);
});

test("two at once install once", async () => {
  const finished = join(commands, "finished");
  const begun = [run(["one"], { NPM_WAITS: finished }), run(["two"], { NPM_WAITS: finished })];
  // One installs, so the other one waits: only then is the installation let come to its end.
  const waiting = begun.map((one) => said(one, /waiting for process \S+/));
  await Promise.race([...waiting, Promise.all(begun)]);
  await writeFile(finished, "");
  const both = await Promise.all(begun);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(both.map(({ stderr }) => stderr).join("\n")).toMatch(/waiting for process \S+/);
  expect(await installations()).toHaveLength(1);
});

test("a lock whose owner is gone is taken over", async () => {
  await mkdir(join(project, ".slipway/install.lock"), { recursive: true });
  await writeFile(join(project, ".slipway/install.lock/owner"), "4194305");
  expect(await run(["--bootstrap-only"])).toMatchObject({ exitCode: 0 });
  expect(await installations()).toHaveLength(1);
});

test("a failed installation ends with npm's reason, and leaves no lock", async () => {
  const failed = await run(["plan"], { NPM_FAILS: "yes" });
  expect(failed).toMatchObject({ exitCode: 1, stdout: "" });
  expect(failed.stderr).toContain("npm error no such package");
  expect(await readdir(join(project, ".slipway"))).toEqual([]);
});

test("works through symlinks", async () => {
  await symlink(join(project, "slipway"), join(commands, "direct"));
  await symlink("direct", join(commands, "slipway"));
  const { stdout } = await run(["status"], {}, join(commands, "slipway"));
  expect(stdout).toContain(`${project}/runner/cli.ts status`);
});
