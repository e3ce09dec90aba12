import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

describe("the action's script", () => {
  const run = async (given: Record<string, string>) => {
    const environment = {
      SLIPWAY_ACTION: join(import.meta.dirname, "fake"),
      SLIPWAY_COMMAND: "deploy",
      SLIPWAY_GIVEN_SERVICES: "",
      SLIPWAY_STACK: "",
      SLIPWAY_VERSION: "",
      SLIPWAY_SINCE: "",
      SLIPWAY_DRY_RUN: "false",
      SLIPWAY_COMMENT: "false",
      SLIPWAY_ARGUMENTS: "",
      SLIPWAY_DIRECTORY: ".",
      ...given,
    };
    const { stdout } = await execa(join(root, ".github/run-slipway"), {
      extendEnv: false,
      env: { PATH: process.env.PATH ?? "", ...environment },
    });
    return JSON.parse(stdout) as string[];
  };

  test("hands over what is given, and nothing that is empty", async () => {
    expect(await run({})).toEqual(["deploy", "--cwd", "."]);
    expect(
      await run({
        SLIPWAY_GIVEN_SERVICES: "ui, cart\norders",
        SLIPWAY_STACK: "dev",
        SLIPWAY_VERSION: "v1.2.3",
        SLIPWAY_DRY_RUN: "true",
        SLIPWAY_COMMENT: "true",
        SLIPWAY_ARGUMENTS: "--output\njson",
      }),
    ).toEqual(
      ["deploy", "ui", "cart", "orders", "--stack", "dev", "--version", "v1.2.3"].concat([
        "--dry-run",
        "--comment",
        "--output",
        "json",
        "--cwd",
        ".",
      ]),
    );
  });

  test("takes all for no choice", async () => {
    expect(await run({ SLIPWAY_GIVEN_SERVICES: "all" })).toEqual(["deploy", "--cwd", "."]);
  });

  test("runs nothing that is in a value", async () => {
    const evil = '"; touch /tmp/slipway-was-here; $(id) `id` * ${HOME}';
    const words = await run({ SLIPWAY_STACK: evil, SLIPWAY_VERSION: evil, SLIPWAY_ARGUMENTS: evil });
    expect(words).toEqual(["deploy", "--stack", evil, "--version", evil, evil, "--cwd", "."]);
  });
});
