import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const cli = join(import.meta.dirname, "../../../../runner/cli.ts");
/** What a key sends. */
const [enter, controlC, controlU] = ["\r", "\u0003", "\u0015"];

/** Holds the project alone: `init` also looks into what lies beside it. */
let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "slipway-terminal-"));
  directory = join(parent, "project");
  await mkdir(directory);
  for (const service of ["web", "cart"]) {
    await mkdir(join(directory, service));
    await writeFile(join(directory, service, "Dockerfile"), "FROM scratch\n");
  }
});
afterEach(() => rm(parent, { recursive: true, force: true }));

type Step = readonly [seen: string, keys: string];

/**
 * `slipway init` on a terminal (util-linux's script makes one), with each key pressed as soon as what it
 * answers is to be seen. Ends when the command ends, whether everything was asked or not.
 */
async function converse(...steps: readonly Step[]): Promise<{ screen: string; unseen: readonly string[] }> {
  // Afterwards the terminal is asked whether it is as a shell needs it.
  const line =
    'stty cols 120 rows 40; "$NODE" "$CLI" init -C "$PROJECT"; echo "ended with $?"; stty -a | tr " ;" "\\n\\n"';
  const child = execa("script", ["--quiet", "--command", line, "/dev/null"], {
    reject: false,
    stdin: "pipe",
    // Also when it waits for a key that nobody presses.
    timeout: 50_000,
    env: {
      NODE: process.execPath,
      CLI: cli,
      PROJECT: directory,
      SHELL: "/bin/sh",
      TERM: "xterm",
      CI: undefined,
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: undefined,
    },
  });
  const left = [...steps];
  let [screen, read] = ["", 0];
  child.stdout.on("data", (data: Buffer) => {
    screen += data.toString();
    const [next] = left;
    const at = next === undefined ? -1 : screen.indexOf(next[0], read);
    if (next === undefined || at === -1) return;
    left.shift();
    read = screen.length;
    child.stdin.write(next[1]);
  });
  await child;
  return { screen, unseen: left.map(([seen]) => seen) };
}

/** Settings of a terminal that a shell can go on with. */
const usable = ["icanon", "echo", "isig"];
const settingsAfter = (screen: string) => (screen.split("ended with")[1] ?? "").split(/\s+/);

describe.runIf(process.platform === "linux")("the questions of init, on a terminal", () => {
  test("are few, take what was proposed, and refuse at once what can't be", async () => {
    const { screen, unseen } = await converse(
      ["AWS region", `nowhere${enter}`],
      ["a region such as", `${controlU}eu-west-3${enter}`],
      ["Look at ECS and Lambda", enter],
      ["Services to write", enter],
      ["Project name", `shop${enter}`],
    );
    expect(unseen, screen).toEqual([]);
    expect(screen).toContain("ended with 0");
    expect(settingsAfter(screen)).toEqual(expect.arrayContaining(usable));
    expect(await readFile(join(directory, "Pulumi.dev.yaml"), "utf8")).toContain("aws:region: eu-west-3");
    expect(await readFile(join(directory, "Pulumi.yaml"), "utf8")).toContain("name: shop");
    expect(await readFile(join(directory, "services.yaml"), "utf8")).toMatch(/cart:[\s\S]*web:/);

    // Region and name are in files that stay: what is new is all that is asked about.
    await mkdir(join(directory, "orders"));
    await writeFile(join(directory, "orders/Dockerfile"), "FROM scratch\n");
    const again = await converse(
      ["Look at ECS and Lambda", enter],
      ["Services to write", enter],
      ["Add orders to services.yaml?", enter],
    );
    expect(again.unseen, again.screen).toEqual([]);
    expect(again.screen).toContain("ended with 0");
    expect(again.screen).not.toContain("AWS region");
    expect(again.screen).not.toContain("Project name");
    expect(await readFile(join(directory, "services.yaml"), "utf8")).toContain("orders:");
  });

  test("end with Ctrl-C, write nothing then, and leave the terminal as it was", async () => {
    const before = await readdir(directory);
    const { screen, unseen } = await converse(
      ["AWS region", enter],
      ["Look at ECS and Lambda", enter],
      ["Services to write", controlC],
    );
    expect(unseen, screen).toEqual([]);
    expect(screen).toContain("interrupted: nothing was written");
    expect(screen).toContain("ended with 130");
    expect(settingsAfter(screen)).toEqual(expect.arrayContaining(usable));
    expect(await readdir(directory)).toEqual(before);
  });

  test("are not asked where there is nothing to write", async () => {
    for (const service of ["web", "cart"]) await rm(join(directory, service), { recursive: true });
    const { screen } = await converse();
    expect(screen).toContain("no Dockerfile and no compose file here builds an image");
    expect(screen).toContain("ended with 2");
    expect(screen).not.toContain("AWS region");
  });
});
