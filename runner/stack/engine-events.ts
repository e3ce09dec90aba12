import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { parseSourceReference, type SourceReference } from "../../config/names.ts";
import type { Emit, RunEvent } from "../report/events.ts";
import { imagePartOf, resourceOf, stepOf } from "./resources.ts";

/** Facts from the engine's events, for the verdict on a failure. */
export interface EngineRecord {
  /** Errors that the engine reported, in order, with the resource that each belongs to. */
  readonly errors: { readonly urn: string | undefined; readonly message: string }[];
  /** The last lines of each build, by URN. */
  readonly logs: Map<string, string[]>;
  /** Builds in progress: URN → start time in milliseconds. */
  readonly building: Map<string, number>;
  /** Images that were pushed, by service. */
  readonly pushed: Map<string, SourceReference>;
  /** Warnings that were passed on: the engine repeats itself. */
  readonly warnings: Set<string>;
  /** Whether the engine found operations that an earlier run, killed, had left open. */
  pendingOperations: boolean;
}

/** What is told of an image that was pushed. */
export type OnPushed = (service: string, image: SourceReference) => void;

const keptLines = 40;

export function emptyRecord(): EngineRecord {
  return {
    errors: [],
    logs: new Map(),
    building: new Map(),
    pushed: new Map(),
    warnings: new Set(),
    pendingOperations: false,
  };
}

/**
 * Reads the engine's events: builds become steps with BuildKit's output as their log, other resources
 * lines of the step that the update runs in.
 *
 * @param options.parent id of the step that the update runs in
 * @param options.onPushed told of each service's image once, when it is in the registry
 */
export function readEngineEvents(
  record: EngineRecord,
  options: {
    emit: Emit;
    parent: string;
    services: readonly Service[];
    signal: AbortSignal;
    onPushed: OnPushed;
  },
): (event: EngineEvent) => void {
  const { emit, parent, services, signal, onPushed } = options;
  const told = new Set<string>();
  return (event) => {
    for (const out of translate(event, record, parent, services, performance.now())) {
      const cancelled = signal.aborted && out.kind === "step-ended" && out.outcome === "failed";
      emit(cancelled ? { ...out, outcome: "cancelled" } : out);
    }
    for (const [service, image] of record.pushed) {
      if (!told.has(service)) onPushed(service, image);
      told.add(service);
    }
  };
}

/** One event of the engine as events of the run; notes in the record what a verdict needs. */
export function translate(
  event: EngineEvent,
  record: EngineRecord,
  parent: string,
  services: readonly Service[],
  now: number,
): RunEvent[] {
  if (event.preludeEvent !== undefined) {
    return [{ kind: "step-progress", id: parent, message: "comparing the program with the state" }];
  }
  if (event.resourcePreEvent !== undefined) {
    const { urn, op } = event.resourcePreEvent.metadata;
    if (!changes(op)) return [];
    const part = imagePartOf(urn, services);
    if (part === undefined) {
      const resource = resourceOf(urn);
      const named = resource === undefined ? urn : `${resource.type} ${resource.name}`;
      return [{ kind: "step-log", id: parent, line: `${op} ${named}` }];
    }
    // A replacement is reported three times: as itself, what it creates, and what goes.
    if (!["create", "update", "create-replacement"].includes(op) || record.building.has(urn)) return [];
    record.building.set(urn, now);
    const title = part.kind === "build" ? stepOf(part) : `join the platforms of ${part.service}`;
    return [{ kind: "step-started", id: stepOf(part), title, parent }];
  }
  if (event.resOutputsEvent !== undefined) {
    const { urn, new: after } = event.resOutputsEvent.metadata;
    return endBuild(urn, "done", after?.outputs, record, services, now);
  }
  if (event.resOpFailedEvent !== undefined) {
    return endBuild(event.resOpFailedEvent.metadata.urn, "failed", undefined, record, services, now);
  }
  return event.diagnosticEvent === undefined
    ? []
    : diagnostic(event.diagnosticEvent, record, parent, services);
}

function endBuild(
  urn: string,
  outcome: "done" | "failed",
  outputs: Readonly<Record<string, unknown>> | undefined,
  record: EngineRecord,
  services: readonly Service[],
  now: number,
): RunEvent[] {
  const startedAt = record.building.get(urn);
  const part = imagePartOf(urn, services);
  if (startedAt === undefined || part === undefined) return [];
  record.building.delete(urn);
  // An Index that was created says which image it is.
  const pushed = part.kind === "index" ? parseSourceReference(String(outputs?.ref)) : undefined;
  if (pushed !== undefined) record.pushed.set(part.service, pushed);
  const message = shortDigest(outputs);
  const ended = { kind: "step-ended", id: stepOf(part), outcome, milliseconds: now - startedAt } as const;
  return [message === undefined ? ended : { ...ended, message }];
}

function diagnostic(
  { urn, message, severity }: NonNullable<EngineEvent["diagnosticEvent"]>,
  record: EngineRecord,
  parent: string,
  services: readonly Service[],
): RunEvent[] {
  const text = withoutMarkup(message).trimEnd();
  // The engine also has a severity `debug`, which the Automation API's types lack.
  if (text.trim() === "" || (severity as string) === "debug") return [];
  const part = urn === undefined ? undefined : imagePartOf(urn, services);
  if (severity === "error") {
    record.errors.push({ urn, message: text });
    return [{ kind: "step-log", id: part === undefined ? parent : stepOf(part), line: text }];
  }
  if (urn !== undefined && part !== undefined) {
    const lines = record.logs.get(urn) ?? [];
    const added = text.split("\n");
    record.logs.set(urn, [...lines, ...added].slice(-keptLines));
    return added.map((line) => ({ kind: "step-log", id: stepOf(part), line }));
  }
  if (severity === "warning") {
    if (/pending operations from previous deployment/.test(text)) {
      record.pendingOperations = true;
      return [{ kind: "notice", message: "finishing what an interrupted run started" }];
    }
    if (/^using pulumi-\S+ from \$PATH/.test(text)) return [];
    if (record.warnings.has(text)) return [];
    record.warnings.add(text);
    return [{ kind: "warning", code: "engine-warning", message: text }];
  }
  return [{ kind: "step-log", id: parent, line: text }];
}

/** Whether an operation changes something. */
function changes(operation: string): boolean {
  const without = [
    "same",
    "read",
    "refresh",
    "read-replacement",
    "replace",
    "import",
    "discard",
    "discard-replaced",
  ];
  return !without.includes(operation);
}

function shortDigest(outputs: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const digest = outputs?.digest ?? outputs?.ref;
  return typeof digest === "string" ? /sha256:[0-9a-f]{12}/.exec(digest)?.[0] : undefined;
}

/** Without the engine's colour directives: `<{%reset%}>`. */
function withoutMarkup(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>/g, "");
}
