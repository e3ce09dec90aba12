import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { loadSettings } from "../../../config/description/settings.ts";
import { sandboxFolder } from "../../../sandbox/folder.ts";
import { newState } from "../../../sandbox/open.ts";
import { writeSandboxStack } from "../../../sandbox/stack-file.ts";
import { readState, stateSchema, stateStore } from "../../../sandbox/state.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-stack-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const state = () => ({
  ...newState(sandboxFolder(root)),
  endpoint: "http://127.0.0.1:4100",
  registry: "localhost:4200",
  baseImages: { "example.com/base:1": "localhost:4200/base:1" },
});

describe("the sandbox's stack", () => {
  it("is a stack like any other: its settings pass the schema", async () => {
    await writeSandboxStack(root, state());
    const settings = await loadSettings(root, "sandbox");
    expect(settings).toMatchObject({
      value: {
        registry: "localhost:4200",
        builder: { kind: "buildx", name: "slipway-sandbox" },
        environment: { file: ".slipway/sandbox/environment" },
        aws: { region: "us-east-1", allowedAccountIds: ["000000000000"] },
      },
    });
  });

  it("keeps what was chosen and what the engine wrote, and renews addresses", async () => {
    const file = await writeSandboxStack(root, state());
    const written = parse(await readFile(file, "utf8"));
    written.encryptionsalt = "v1:abc";
    written.config["slipway:tags"] = ["{sha8}"];
    await writeFile(file, stringify(written));
    await writeSandboxStack(root, { ...state(), registry: "localhost:4201" });
    const again = parse(await readFile(file, "utf8"));
    expect(again.encryptionsalt).toBe("v1:abc");
    expect(again.config["slipway:tags"]).toEqual(["{sha8}"]);
    expect(again.config["slipway:registry"]).toBe("localhost:4201");
  });
});

describe("the sandbox's state", () => {
  it("reads back as it was written, changes in their order", async () => {
    const file = join(root, "state.json");
    const store = stateStore(file, state());
    await Promise.all(
      [1, 2, 3].map((port) =>
        store.update((old) => ({ ...old, ports: { ...old.ports, [`p${port}`]: port } })),
      ),
    );
    expect(await readState(file)).toEqual({ ...state(), ports: { p1: 1, p2: 2, p3: 3 } });
    expect(stateSchema.parse(store.current())).toEqual(store.current());
  });

  it("is taken as new when it can't be read", async () => {
    const file = join(root, "broken.json");
    await writeFile(file, "{");
    expect(await readState(file)).toBeUndefined();
    await writeFile(file, '{"format": 0}');
    expect(await readState(file)).toBeUndefined();
  });
});
