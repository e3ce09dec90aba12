import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { askDockerfiles } from "../../../runner/gates/dockerfile.ts";
import { foretellGates } from "../../../runner/gates/foretell.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import type { Gate } from "../../../runner/targets/gate.ts";
import { service } from "../../unit/stack/services.ts";
import { fakeContext, image } from "../../unit/targets/fakes.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-lint-"));
  await mkdir(join(directory, "ui"));
  vi.stubEnv("PATH", `${directory}:${process.env.PATH}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** A `docker` that notes what it is given, and answers. */
async function dockerDoes(script: string) {
  await writeFile(join(directory, "docker"), `#!/bin/sh\necho "$@" >>${directory}/calls\n${script}\n`);
  await chmod(join(directory, "docker"), 0o755);
}
const calls = async () =>
  (await readFile(join(directory, "calls"), "utf8").catch(() => "")).trim().split("\n").filter(Boolean);
const warns = `echo '{"warnings":[{"ruleName":"StageNameCasing","detail":"Stage name Build","location":{"ranges":[{"start":{"line":2}}]}}]}'; exit 1`;

function sessionOf(dockerfile: object) {
  const context = fakeContext();
  return {
    ...context,
    directory,
    registry: image.registry,
    settings: {
      stack: "prod",
      builder: { kind: "buildx", name: "ours" },
      baseImages: {},
      scanning: { mode: "basic" },
      gates: gatesSchema.parse({
        findings: { enabled: false },
        image: { user: "off", secrets: "off" },
        dockerfile,
      }),
    } as unknown as Settings,
    catalogue: { services: [service("ui")] },
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/me" },
    timeline: createTimeline(context.emit),
  } as unknown as Parameters<typeof askDockerfiles>[0] & Parameters<typeof foretellGates>[0];
}

const ui = { ...service("ui"), context: "ui", dockerfile: "ui/Dockerfile", stage: "run" };
const toBuild = { service: ui, image: undefined, gates: [] as readonly Gate[], targets: [] };
const write = (text: string) => writeFile(join(directory, "ui/Dockerfile"), text);

describe("the gate of Dockerfiles", () => {
  test("refuses before anything is built, and names the way past", async () => {
    await write("FROM scratch AS Build\n");
    await dockerDoes(warns);
    const asked = askDockerfiles(sessionOf({ lint: "block" }), [toBuild], undefined);
    await expect(asked).rejects.toMatchObject({
      exitCode: 3,
      problems: [
        {
          code: "gate-failed",
          key: "dockerfile",
          message: "lint: StageNameCasing in ui/Dockerfile:2: Stage name Build (blocks)",
          fix: expect.stringContaining("--override-gate dockerfile"),
        },
      ],
    });
    const [call = ""] = await calls();
    expect(call).toContain(
      "buildx build --call=check,format=json --builder ours --file ui/Dockerfile --target run",
    );
  });

  test("is recorded when a person passes it", async () => {
    await write("FROM scratch AS Build\n");
    await dockerDoes(warns);
    const override = { gate: "dockerfile", reason: "incident 7" } as const;
    const [one] = await askDockerfiles(sessionOf({ lint: "block" }), [toBuild], override);
    expect(one?.gates).toMatchObject([{ gate: "dockerfile", verdict: "overridden" }]);
  });

  test("does not ask about an image that is built", async () => {
    await dockerDoes(warns);
    const services = [{ ...toBuild, image }];
    expect(await askDockerfiles(sessionOf({ lint: "block" }), services, undefined)).toBe(services);
    expect(await calls()).toEqual([]);
  });

  test("has a Dockerfile whose frontend can't be fetched checked by the builder's own", async () => {
    await write("# syntax=docker/dockerfile:1\nFROM scratch AS Build\n");
    await dockerDoes(
      `case "$*" in *"--file -"*) cat >${directory}/text; ${warns};; *) echo 'failed to fetch' >&2; exit 1;; esac`,
    );
    const [one] = await askDockerfiles(sessionOf({ lint: "warn" }), [toBuild], undefined);
    expect(one?.gates[0]?.message).toContain("StageNameCasing in ui/Dockerfile:2");
    expect(await readFile(join(directory, "text"), "utf8")).toBe("#\nFROM scratch AS Build\n");
  });

  test("passes with a warning where buildx is missing", async () => {
    await write("FROM scratch\n");
    await dockerDoes("echo \"docker: 'buildx' is not a docker command.\" >&2; exit 1");
    const session = sessionOf({ lint: "block" });
    const [one] = await askDockerfiles(session, [toBuild], undefined);
    expect(one?.gates).toMatchObject([{ verdict: "undecided", message: expect.stringContaining("buildx") }]);
  });

  test("is foretold by a plan, for what is still to be built", async () => {
    await write("FROM scratch AS Build\n");
    await dockerDoes(warns);
    const run = { override: undefined, signs: true };
    const [one] = await foretellGates(sessionOf({ lint: "block" }), [toBuild], run);
    expect(one).toMatchObject({
      gates: [{ gate: "dockerfile", verdict: "failed" }],
      problems: [{ code: "gate-failed", key: "dockerfile" }],
    });
  });
});
