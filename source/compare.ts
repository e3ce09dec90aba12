import { createHash } from "node:crypto";
import type { SourceDescription } from "./describe.ts";

type Change = "added" | "removed" | "modified";

/** One difference between two source descriptions. */
export type SourceChange =
  | {
      readonly kind: "file";
      /** `context`, `extra inputs`, or a named context. */
      readonly in: string;
      readonly path: string;
      readonly change: Change | "permissions";
    }
  | { readonly kind: "Dockerfile" }
  | { readonly kind: "argument"; readonly name: string; readonly change: Change }
  | { readonly kind: "secret"; readonly name: string; readonly change: Change }
  | {
      /** An image, layout or URL as a named context, or what replaces a base image. */
      readonly kind: "context";
      readonly name: string;
      readonly change: Change;
      readonly from?: string;
      readonly to?: string;
    }
  | { readonly kind: "base image"; readonly change: Change; readonly from?: string; readonly to?: string }
  | { readonly kind: "needed service"; readonly name: string; readonly change: Change }
  | { readonly kind: "stage"; readonly from: string; readonly to: string }
  | { readonly kind: "platforms"; readonly from: string; readonly to: string }
  | { readonly kind: "salt"; readonly change: Change }
  | { readonly kind: "way of hashing" };

/** All differences, most relevant first. */
export function compareSources(before: SourceDescription, after: SourceDescription): SourceChange[] {
  if (isCondensed(before) !== isCondensed(after)) return compareSources(condense(before), condense(after));
  return [
    ...(before.scheme === after.scheme ? [] : [{ kind: "way of hashing" as const }]),
    ...(before.dockerfile === after.dockerfile ? [] : [{ kind: "Dockerfile" as const }]),
    ...baseImageChanges(before.baseImages, after.baseImages),
    ...fileChanges("context", before.context, after.context),
    ...names(before.namedContexts, after.namedContexts).flatMap((name) =>
      fileChanges(name, before.namedContexts[name] ?? [], after.namedContexts[name] ?? []),
    ),
    ...fileChanges("extra inputs", before.extraInputs, after.extraInputs),
    ...recordChanges(before.arguments, after.arguments).map(({ name, change }) => ({
      kind: "argument" as const,
      name,
      change,
    })),
    ...recordChanges(before.remoteContexts, after.remoteContexts).map((one) => ({
      kind: "context" as const,
      ...one,
    })),
    ...recordChanges(needsOf(before), needsOf(after)).map(({ name, change }) => ({
      kind: "needed service" as const,
      name,
      change,
    })),
    ...recordChanges(idsOf(before.secrets), idsOf(after.secrets)).map(({ name, change }) => ({
      kind: "secret" as const,
      name,
      change,
    })),
    ...(before.stage === after.stage
      ? []
      : [{ kind: "stage" as const, from: before.stage ?? "the last", to: after.stage ?? "the last" }]),
    ...textChange("platforms", before.platforms.join(", "), after.platforms.join(", ")),
    ...(before.salt === after.salt
      ? []
      : [{ kind: "salt" as const, change: change(before.salt, after.salt) }]),
  ];
}

function textChange(kind: "platforms", from: string, to: string) {
  return from === to ? [] : [{ kind, from, to }];
}

function change(before: unknown, after: unknown): Change {
  if (before === undefined || before === null) return "added";
  return after === undefined || after === null ? "removed" : "modified";
}

/** Compares `FROM` lines by position, so that a replaced one is one change, not two. */
function baseImageChanges(before: readonly string[], after: readonly string[]): SourceChange[] {
  const gone = before.filter((one) => !after.includes(one));
  const come = after.filter((one) => !before.includes(one));
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) => {
    const [from, to] = [gone[index], come[index]];
    return {
      kind: "base image" as const,
      change: change(from, to),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
  });
}

function names(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}

function recordChanges(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) {
  return names(before, after).flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (from === to) return [];
    return [
      {
        name,
        change: change(from, to),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
    ];
  });
}

function needsOf({ needs }: SourceDescription): Record<string, string> {
  return Object.fromEntries(Object.values(needs).map(({ service, sourceHash }) => [service, sourceHash]));
}

function idsOf(secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(secrets.map((id) => [id, ""]));
}

interface Line {
  readonly mode: string;
  readonly hash: string;
}

function fileChanges(where: string, before: readonly string[], after: readonly string[]): SourceChange[] {
  const [old, now] = [readLines(before), readLines(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path): SourceChange[] => {
    const [from, to] = [old.get(path), now.get(path)];
    if (from?.hash === to?.hash && from?.mode === to?.mode) return [];
    const permissions = from !== undefined && from.hash === to?.hash;
    return [{ kind: "file", in: where, path, change: permissions ? "permissions" : change(from, to) }];
  });
}

function readLines(lines: readonly string[]): Map<string, Line> {
  return new Map(
    lines.map((line) => {
      const [mode = "", hash = ""] = line.split(" ", 2);
      return [line.slice(mode.length + hash.length + 2), { mode, hash }];
    }),
  );
}

/** Above this many files, a description has only folders. */
const keptFiles = 20_000;
const folderMode = "040000";

function filesOf({ context, namedContexts, extraInputs }: SourceDescription): readonly string[][] {
  return [context, ...Object.values(namedContexts), extraInputs].map((files) => [...files]);
}

function isCondensed(description: SourceDescription): boolean {
  return filesOf(description).some((files) => files.some((line) => line.startsWith(folderMode)));
}

/** A description that is small enough to store with an image: with very many files, only their folders. */
export function kept(description: SourceDescription): SourceDescription {
  const files = filesOf(description).reduce((sum, list) => sum + list.length, 0);
  return files > keptFiles ? condense(description) : description;
}

/** Replaces each file with its folder, two levels deep. */
function condense(description: SourceDescription): SourceDescription {
  const folders = (files: readonly string[]): string[] => {
    if (files.some((line) => line.startsWith(folderMode))) return [...files];
    const byFolder = new Map<string, string[]>();
    for (const line of files) {
      const path = line.split(" ").slice(2).join(" ");
      const folder = `${path.split("/").slice(0, -1).slice(0, 2).join("/")}/`;
      byFolder.set(folder, [...(byFolder.get(folder) ?? []), line]);
    }
    return [...byFolder].map(([folder, lines]) => {
      const hash = createHash("sha256").update(lines.join("\0")).digest("hex").slice(0, 32);
      return `${folderMode} ${hash} ${folder}`;
    });
  };
  return {
    ...description,
    context: folders(description.context),
    namedContexts: Object.fromEntries(
      Object.entries(description.namedContexts).map(([name, files]) => [name, folders(files)]),
    ),
    extraInputs: folders(description.extraInputs),
  };
}

/** `context: www/index.html was modified`: one change in words. */
export function describeChange(one: SourceChange): string {
  switch (one.kind) {
    case "file":
      return one.change === "permissions"
        ? `${one.in}: the executable bit of ${one.path} changed`
        : `${one.in}: ${one.path} was ${one.change}`;
    case "Dockerfile":
      return "the Dockerfile was modified";
    case "argument":
      return `the argument ${one.name} was ${one.change}`;
    case "secret":
      return `the secret ${one.name} was ${one.change}`;
    case "context":
      return `the context ${one.name} was ${one.change}${fromTo(one)}`;
    case "base image":
      return `the base image was ${one.change}${fromTo(one)}`;
    case "needed service":
      return one.change === "modified"
        ? `${one.name}, which it is built from, changed`
        : `it is ${one.change === "added" ? "now" : "no longer"} built from ${one.name}`;
    case "stage":
      return `the target stage was modified${fromTo(one)}`;
    case "platforms":
      return `the platforms were modified${fromTo(one)}`;
    case "salt":
      return `the salt was ${one.change}`;
    case "way of hashing":
      return "this version of Slipway hashes sources differently";
  }
}

function fromTo({ from, to }: { readonly from?: string; readonly to?: string }): string {
  if (from === undefined) return to === undefined ? "" : `: ${to}`;
  return to === undefined ? `: ${from}` : `: ${from} → ${to}`;
}

/** All changes in one line: the first in words, and how many more there are. */
export function summarizeChanges(changes: readonly SourceChange[]): string {
  const [first, ...more] = changes;
  if (first === undefined) return "nothing changed";
  return more.length === 0 ? describeChange(first) : `${describeChange(first)}, and ${more.length} more`;
}
