import type { ComposeService } from "./composed.ts";

type Raw = Readonly<Record<string, unknown>>;

/**
 * A service with what it inherits by `extends` from another of the same file. Other files are not
 * followed, which a note says where the service has no build of its own.
 * https://docs.docker.com/reference/compose-file/services/#extends
 */
export function extended(
  { key, line, services }: Pick<ComposeService, "key" | "line" | "services">,
  above: readonly string[] = [],
): { readonly value: unknown; readonly notes: readonly string[] } {
  const own = services[key] ?? {};
  if (!isMap(own)) return { value: own, notes: [] };
  const base = baseOf(own.extends);
  if (base === undefined) return { value: own, notes: [] };
  if (base.file !== undefined || !(base.service in services) || above.includes(base.service)) {
    const at = line(["services", key, "extends"]);
    const note = `${at}: ${key}: what it extends is not followed (${base.file ?? base.service})`;
    return { value: own, notes: own.image === undefined ? [note] : [] };
  }
  const inherited = extended({ key: base.service, line, services }, [...above, key]);
  const { extends: _, ...rest } = own;
  return { value: isMap(inherited.value) ? merged(inherited.value, rest) : rest, notes: inherited.notes };
}

function baseOf(written: unknown): { service: string; file?: string } | undefined {
  if (typeof written === "string") return { service: written };
  if (!isMap(written) || typeof written.service !== "string") return undefined;
  return { service: written.service, ...(typeof written.file === "string" && { file: written.file }) };
}

function merged(base: Raw, own: Raw): Raw {
  if (base.build === undefined || own.build === undefined) return { ...base, ...own };
  const [from, build] = [asMap(base.build), asMap(own.build)];
  const args = isMap(from.args) && isMap(build.args) ? { args: { ...from.args, ...build.args } } : {};
  return { ...base, ...own, build: { ...from, ...build, ...args } };
}

function asMap(build: unknown): Raw {
  return isMap(build) ? build : { context: build };
}

function isMap(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
