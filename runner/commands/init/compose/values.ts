import { isAbsolute, join, normalize } from "node:path/posix";
import { interpolate } from "./interpolate.ts";

/** A member of a map, or of a list of `name=value`. */
interface Pair {
  readonly name: string;
  /** Its key in the file: a name, or an index. */
  readonly at: string | number;
  /** Undefined: it has none, or needs a variable that has none. */
  readonly value: string | undefined;
}

export function readPairs(
  written: Readonly<Record<string, string | null>> | readonly string[] | null | undefined,
): Pair[] {
  const pairs: [at: string | number, name: string, value: string | null][] = Array.isArray(written)
    ? written.map((line: string, index) => {
        const [, name = line, value] = /^([^=]*)=(.*)$/s.exec(line) ?? [];
        return [index, name, value ?? null];
      })
    : Object.entries(written ?? {}).map(([name, value]) => [name, name, value]);
  return pairs.map(([at, name, text]) => {
    const value = text === null ? undefined : interpolate(text);
    return { name, at, value: value !== undefined && "text" in value ? value.text : undefined };
  });
}

/** A path below a folder, from the project's directory; undefined: it leads out of that. */
export function inProject(folder: string, path: string): string | undefined {
  if (isAbsolute(path) || path.startsWith("~")) return undefined;
  const inside = normalize(join(folder, path)).replace(/\/$/, "");
  return inside === ".." || inside.startsWith("../") ? undefined : inside;
}

/** Whether a context is cloned or downloaded: what buildx takes for a URL. */
export function isRemote(context: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^git@|^[\w.-]+@[\w.-]+:|^github\.com\/|\.git(#|$)/i.test(context);
}

/** A named context as services.yaml has it, or why it can't have it. A compose service stays `service:<key>`. */
export function contextOf(
  folder: string,
  location: string,
): { readonly location: string } | { readonly why: string } {
  if (/^(docker-image|https?):\/\//.test(location)) return { location };
  if (location.startsWith("service:")) return { location };
  const layout = /^oci-layout:\/\/(.*)$/.exec(location)?.[1];
  if (layout === undefined && isRemote(location)) {
    return { why: `it is cloned over SSH, for which builds of Slipway get no keys (${location})` };
  }
  if (layout === undefined && /^[a-z][a-z0-9+.-]*:/.test(location)) return { why: `it is ${location}` };
  const path = inProject(folder, layout ?? location);
  if (path === undefined) return { why: `it is outside this directory (${layout ?? location})` };
  return { location: layout === undefined ? path : `oci-layout://${path}` };
}

/** Build secrets by id, each from an environment variable. */
export function readSecrets(
  used: readonly (string | { readonly source: string; readonly target?: string | null | undefined })[],
  defined: Readonly<Record<string, unknown>>,
  note: (index: number, text: string) => void,
): Record<string, { environment: string }> {
  return Object.fromEntries(
    used.flatMap((one, index) => {
      const source = typeof one === "string" ? one : one.source;
      const id = typeof one === "string" ? one : (one.target ?? one.source);
      const { environment, file } = Object(defined[source]) as { environment?: unknown; file?: unknown };
      if (typeof environment === "string") return [[id, { environment }]];
      if (typeof file !== "string") {
        note(index, `secret ${id} is not taken over: it comes from neither a variable nor a file`);
        return [];
      }
      const variable = id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
      note(index, `secret ${id} comes from the file ${file}: set the variable ${variable} to its content`);
      return [[id, { environment: variable }]];
    }),
  );
}
