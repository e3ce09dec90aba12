import { describe, expect, test } from "vitest";
import { agreedImage } from "../../../runner/build/missing.ts";
import { showStatus } from "../../../runner/commands/status/show.ts";
import { compareSource } from "../../../runner/commands/status/status.ts";
import { showOutcome } from "../../../runner/deploy/show.ts";
import type { DeployDocument } from "../../../runner/move/document.ts";
import { exitCodeOf, judgeOutcome } from "../../../runner/move/outcome.ts";
import { coloursFor } from "../../../runner/report/colours.ts";
import type { TargetOutcome } from "../../../runner/targets/target.ts";
import { digest, inspected, outcome } from "../plan/samples.ts";

const plain = coloursFor({ isTTY: false }, {});

type Outcome = TargetOutcome["outcome"];
describe("a deployment", () => {
  test.each<[readonly Outcome[], boolean, boolean, DeployDocument["outcome"], number]>([
    [[], false, false, "done", 0],
    [["done", "unchanged"], false, false, "done", 0],
    [["unchanged"], true, false, "nothing", 0],
    [["done", "failed"], false, false, "failed", 1],
    [["rolled back"], false, false, "failed", 1],
    [["done", "cancelled"], false, true, "interrupted", 130],
    [["not started"], false, true, "interrupted", 130],
    [["failed", "cancelled"], false, true, "interrupted", 130],
    [["done"], false, true, "done", 0],
    [["done", "proposed"], false, false, "proposed", 0],
    [["unchanged", "proposed"], false, false, "proposed", 0],
    [["proposed", "failed"], false, false, "failed", 1],
    [["proposed", "not started"], false, false, "failed", 1],
    [["proposed", "cancelled"], false, true, "interrupted", 130],
    [["proposed"], false, true, "interrupted", 130],
    [[], false, true, "interrupted", 130],
  ])(
    "with targets %j (nothing to do: %s, interrupted: %s) is %s",
    (targets, nothingToDo, interrupted, verdict, code) => {
      const judged = judgeOutcome({
        nothingToDo,
        interrupted,
        targets: targets.map((one) => ({ outcome: one })),
      });
      expect(judged).toBe(verdict);
      expect(exitCodeOf(judged)).toBe(code);
    },
  );

  const document: DeployDocument = {
    version: 1,
    kind: "deploy",
    stack: "dev",
    account: "111122223333",
    region: "eu-central-1",
    outcome: "failed",
    services: [
      {
        service: "ui",
        built: true,
        sourceHash: "0123",
        digest,
        reference: `host/shop/ui@${digest}`,
        manifests: {},
        tags: ["v1", "latest"],
      },
    ],
    notBuilt: [],
    releases: [],
    targets: [
      outcome("ui"),
      outcome("cart", {
        outcome: "rolled back",
        message: "cart:3 did not start; cart:2 runs again",
        evidence: ["task stopped: exit code 1", "log: no database"],
        hint: "start the database",
      }),
    ],
    timeline: [
      { phase: "build", milliseconds: 61_000 },
      { phase: "move", milliseconds: 2_000 },
    ],
    milliseconds: 64_000,
  };

  test("that failed shows each target, the evidence, and where the time went", () => {
    expect(showOutcome(document, plain)).toBe(
      `Service  Image  Digest               Tags
ui       built  sha256:abababababab  v1, latest

Target         Outcome                                               Time
ecs shop/ui    done         ui:2 runs                                2.1 s
ecs shop/cart  rolled back  cart:3 did not start; cart:2 runs again  2.1 s

ecs shop/cart: cart:3 did not start; cart:2 runs again
  task stopped: exit code 1
  log: no database
  hint: start the database

build 1 min 01 s  move 2.0 s
Failed on dev: of 2 targets 1 rolled back (1 min 04 s)`,
    );
  });

  test("that was interrupted says what was done and what was not", () => {
    const text = showOutcome(
      {
        ...document,
        outcome: "interrupted",
        notBuilt: ["orders"],
        targets: [outcome("ui"), outcome("orders", { outcome: "not started" })],
      },
      plain,
    );
    expect(text).toContain(
      "Interrupted on dev: failed to build: orders; 1 of 2 targets moved, 1 not. Run the command again to finish.",
    );
  });

  test("without anything to do is one line", () => {
    expect(showOutcome({ ...document, outcome: "nothing" }, plain)).toBe(
      "Nothing to do: everything is built and running. (1 min 04 s)",
    );
  });
});

describe("a pushed image", () => {
  const one = inspected("ui");
  const pushed = (imageDigest: string, sourceHash = one.source.hash) => ({ digest: imageDigest, sourceHash });

  test("is taken when the registry and the engine agree", () => {
    expect(agreedImage(one, one.image, pushed(digest))).toBe(one.image);
  });

  test("is refused when they do not, and when the source changed meanwhile", () => {
    const other = `sha256:${"00".repeat(32)}`;
    expect(() => agreedImage(one, one.image, pushed(other))).toThrow("but the registry has");
    expect(() => agreedImage(one, undefined, pushed(digest))).toThrow("but the registry has");
    expect(() => agreedImage(one, undefined, pushed(other, "fedc"))).toThrow("changed during the build");
  });
});

test("what runs is current when it is the image of the source, whole or for one platform", () => {
  const { image } = inspected("ui");
  expect(compareSource(`host/shop/ui@${digest}`, image)).toBe("current");
  expect(compareSource(`host/shop/ui@sha256:${"00".repeat(32)}`, image)).toBe("behind");
  expect(compareSource("host/shop/ui:latest", image)).toBe("behind");
  expect(compareSource(undefined, image)).toBe("behind");
  expect(compareSource(`host/shop/ui@${digest}`, undefined)).toBe("not built");
});

test("a status says of a service in which target of another one it runs as a sidecar", () => {
  const where = { version: 1, kind: "status", stack: "dev", account: "1", region: "eu-central-1" } as const;
  const health = { kind: "ecs", health: "healthy", message: "ui:2" } as const;
  const proxy = { service: "proxy", title: "ecs shop/ui", sidecar: "envoy", source: "behind" } as const;
  const document = { ...where, targets: [{ ...health, ...proxy }], withoutTargets: [] };
  expect(showStatus(document, plain, { now: new Date() })).toContain("ecs shop/ui (proxy in envoy)  healthy");
});

test("a status has a line for each target, and names what nothing runs", () => {
  const text = showStatus(
    {
      version: 1,
      kind: "status",
      stack: "dev",
      account: "111122223333",
      region: "eu-central-1",
      targets: [
        {
          service: "ui",
          title: "ecs shop/ui",
          kind: "ecs",
          health: "healthy",
          message: "ui:2, 1 of 1 running",
          running: `host/shop/ui@${digest}`,
          since: new Date("2026-05-04T10:00:00Z"),
          source: "current",
          commit: "0123abc0123abc0123abc0123abc0123abc01234",
        },
      ],
      withoutTargets: ["tools"],
    },
    plain,
    { now: new Date("2026-05-04T10:02:05Z") },
  );
  expect(text.split("\n")).toEqual([
    "Stack dev (account 111122223333, eu-central-1)",
    "Target       Health                         Source   Commit   Runs                 Since",
    "ecs shop/ui  healthy  ui:2, 1 of 1 running  current  0123abc  sha256:abababababab  2 min ago",
    "tools: no targets",
  ]);
});
