import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { describe, expect, test } from "vitest";
import { emptyRecord, readEngineEvents, translate } from "../../../runner/stack/engine-events.ts";
import { service } from "./services.ts";

const services = [service("ui")];
const urn = "urn:pulumi:dev::p::slipway:index:ServiceImage$docker-build:index:Image::ui-linux-arm64";
const topic = "urn:pulumi:dev::p::aws:sns/topic:Topic::alerts";
const digest = `sha256:${"a1".repeat(32)}`;

type Metadata = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];
const metadata = (of: string, op: string, outputs: Record<string, unknown> = {}) =>
  ({ op, urn: of, type: "", provider: "", new: { outputs } }) as unknown as Metadata;
const begins = (of: string, op: string): EngineEvent => ({
  sequence: 1,
  timestamp: 1,
  resourcePreEvent: { metadata: metadata(of, op) },
});
const ends = (of: string, op: string, outputs?: Record<string, unknown>): EngineEvent => ({
  sequence: 1,
  timestamp: 1,
  resOutputsEvent: { metadata: metadata(of, op, outputs) },
});
const says = (of: string | undefined, severity: string, message: string) =>
  ({
    sequence: 1,
    timestamp: 1,
    diagnosticEvent: { ...(of !== undefined && { urn: of }), severity, message, color: "never" },
  }) as EngineEvent;

function run(...events: EngineEvent[]) {
  const record = emptyRecord();
  const emitted = events.flatMap((event, index) => translate(event, record, "stack", services, index * 1000));
  return { record, emitted };
}

describe("the engine's events", () => {
  test("show a build as a step, with BuildKit's lines and its digest", () => {
    const { emitted, record } = run(
      begins(urn, "create"),
      says(urn, "info", "<{%reset%}>#1 [1/2] FROM busybox\n#2 DONE<{%reset%}>"),
      ends(urn, "create", { digest }),
    );
    expect(emitted).toEqual([
      { kind: "step-started", id: "build ui linux/arm64", title: "build ui linux/arm64", parent: "stack" },
      { kind: "step-log", id: "build ui linux/arm64", line: "#1 [1/2] FROM busybox" },
      { kind: "step-log", id: "build ui linux/arm64", line: "#2 DONE" },
      {
        kind: "step-ended",
        id: "build ui linux/arm64",
        outcome: "done",
        message: "sha256:a1a1a1a1a1a1",
        milliseconds: 2000,
      },
    ]);
    expect(record.building.size).toBe(0);
  });

  test("say which image was pushed", () => {
    const index = "urn:pulumi:dev::p::slipway:index:ServiceImage$docker-build:index:Index::ui";
    const ref = `host/shop/ui:src-0123abcd@${digest}`;
    const { record } = run(
      begins(index, "create-replacement"),
      ends(index, "create-replacement", { ref }),
      ends(index, "replace", { ref: "host/shop/ui:src-0000@sha256:00" }),
    );
    expect(Object.fromEntries(record.pushed)).toEqual({ ui: { sourceHash: "0123abcd", digest } });
    expect(run(ends(index, "same", { ref })).record.pushed.size).toBe(0);
  });

  test("tell of each image once, as soon as it is pushed", () => {
    const told: string[] = [];
    const read = readEngineEvents(emptyRecord(), {
      emit: () => {},
      parent: "stack",
      services: [service("ui"), service("cart")],
      signal: new AbortController().signal,
      onPushed: (name, image) => told.push(`${name} ${image.digest}`),
    });
    const index = (name: string) =>
      `urn:pulumi:dev::p::slipway:index:ServiceImage$docker-build:index:Index::${name}`;
    read(begins(index("ui"), "create"));
    read(begins(index("cart"), "create"));
    expect(told).toEqual([]);
    read(ends(index("ui"), "create", { ref: `host/shop/ui:src-0123abcd@${digest}` }));
    expect(told).toEqual([`ui ${digest}`]);
    read(ends(index("cart"), "create", { ref: `host/shop/cart:src-4567cdef@${digest}` }));
    expect(told).toEqual([`ui ${digest}`, `cart ${digest}`]);
  });

  test("say nothing of what stays the same", () => {
    expect(run(begins(urn, "same"), ends(urn, "same"), begins(topic, "same")).emitted).toEqual([]);
  });

  test("show a replacement once", () => {
    const { emitted } = run(
      begins(urn, "create-replacement"),
      begins(urn, "replace"),
      ends(urn, "create-replacement"),
      ends(urn, "replace"),
      begins(urn, "delete-replaced"),
    );
    expect(emitted.map(({ kind }) => kind)).toEqual(["step-started", "step-ended"]);
  });

  test("are lines of the update for every other resource", () => {
    expect(run(begins(topic, "create")).emitted).toEqual([
      { kind: "step-log", id: "stack", line: "create aws:sns/topic:Topic alerts" },
    ]);
  });

  test("leave debug output out, and pass a warning on once", () => {
    const { emitted } = run(
      says(urn, "debug", "x"),
      says(topic, "warning", "careful"),
      says(topic, "warning", "careful"),
      says(undefined, "warning", "using pulumi-resource-x from $PATH at /somewhere"),
    );
    expect(emitted).toEqual([{ kind: "warning", code: "engine-warning", message: "careful" }]);
  });

  test("tell that an earlier run was killed", () => {
    const { record } = run(
      says(
        topic,
        "warning",
        "Attempting to deploy or update resources with 1 pending operations from previous deployment.",
      ),
    );
    expect(record.pendingOperations).toBe(true);
  });

  test("keep errors with their resource, and only the last lines of a build", () => {
    const lines = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
    const { record } = run(
      begins(urn, "create"),
      says(urn, "info", lines),
      says(urn, "error", "failed to solve"),
    );
    expect(record.errors).toEqual([{ urn, message: "failed to solve" }]);
    expect(record.logs.get(urn)).toHaveLength(40);
    expect(record.logs.get(urn)?.at(-1)).toBe("line 99");
  });
});
