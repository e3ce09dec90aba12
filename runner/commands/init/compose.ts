import { basename, dirname, join, normalize } from "node:path/posix";
import { z } from "zod";
import { parseYaml } from "../../../config/problems/yaml.ts";
import { platformSchema } from "../../../config/stack/platform.ts";
import type { Found, FoundService } from "./found.ts";
import { serviceName } from "./names.ts";

const pairs = z.union([
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  z.array(z.string()),
]);

const serviceSchema = z.looseObject({
  build: z
    .union([
      z.string(),
      z.looseObject({
        context: z.string().optional(),
        dockerfile: z.string().optional(),
        dockerfile_inline: z.string().optional(),
        target: z.string().optional(),
        args: pairs.optional(),
        additional_contexts: pairs.optional(),
        platforms: z.array(z.string()).optional(),
      }),
    ])
    .optional(),
  platform: z.string().optional(),
  container_name: z.string().optional(),
});

const composeSchema = z.looseObject({ services: z.record(z.string(), serviceSchema.nullable()).default({}) });

/**
 * The services that a compose file builds; those that only pull an image are another's.
 *
 * @param path of the file; what it says is relative to its folder
 */
export function readCompose(path: string, text: string): Found {
  const yaml = parseYaml(text, path);
  const parsed = "value" in yaml ? composeSchema.safeParse(yaml.value) : undefined;
  if (parsed?.success !== true)
    return { services: [], notes: [`${path} could not be read as a compose file`] };
  const all = Object.entries(parsed.data.services).map(([name, service]) =>
    service?.build === undefined ? { services: [], notes: [] } : readService(path, name, service),
  );
  const builds = Map.groupBy(
    all.flatMap((found) => found.services),
    buildOf,
  );
  const shared = [...builds.values()].filter((same) => same.length > 1);
  return {
    services: [...builds.values()].map(asOne),
    notes: [
      ...all.flatMap((found) => found.notes),
      ...shared.map(
        (same) =>
          `${path}: ${same.map(({ name }) => name).join(", ")} are built alike: one image for all of them`,
      ),
    ],
  };
}

/** One service for all that are built alike, called like its folder when one of them is. */
function asOne(same: readonly FoundService[]): FoundService {
  const [first] = same;
  if (first === undefined) throw new Error("a group has at least one member");
  const named = same.find(({ name, context }) => name === basename(context)) ?? first;
  const others = same.filter((one) => one !== named);
  return {
    ...named,
    aliases: [...named.aliases, ...others.flatMap(({ name, aliases }) => [name, ...aliases])],
  };
}

/** What two services have in common when one image does for both. */
function buildOf({ name, aliases, from, platforms, ...build }: FoundService): string {
  return JSON.stringify(build);
}

function readService(path: string, key: string, service: z.output<typeof serviceSchema>): Found {
  const build = typeof service.build === "string" ? { context: service.build } : (service.build ?? {});
  const folder = dirname(path);
  const where = `${path}: ${key}`;
  const leave = (why: string): Found => ({ services: [], notes: [`${where} is left out: ${why}`] });
  const written = withDefaults(build.context ?? ".");
  if (written === undefined) return leave("its context is a variable without a default");
  if (/^[a-z+]+:\/\/|^git@|\.git(#|$)/.test(written)) return leave(`its context is not here (${written})`);
  if (build.dockerfile_inline !== undefined) return leave("its Dockerfile is inside of the compose file");
  const context = normalize(join(folder, written)).replace(/\/$/, "");
  const named = build.dockerfile === undefined ? undefined : withDefaults(build.dockerfile);
  const dockerfile = named === undefined ? undefined : normalize(join(context, named));
  if ([context, dockerfile].some((one) => one?.startsWith("..") === true || one?.startsWith("/") === true)) {
    return leave("it is built from outside of this directory");
  }
  const notes: string[] = [];
  const args = keepKnown(build.args, (name) =>
    notes.push(`${where}: build argument ${name} has no value here`),
  );
  const contexts = Object.fromEntries(
    Object.entries(keepKnown(build.additional_contexts, () => {})).map(([name, location]) => [
      name,
      /^[a-z][a-z0-9+.-]*:/.test(location) ? location : normalize(join(folder, location)),
    ]),
  );
  const platforms = (build.platforms ?? (service.platform === undefined ? [] : [service.platform])).filter(
    (platform) => platformSchema.safeParse(platform).success,
  );
  return {
    services: [
      {
        name: serviceName(key),
        from: path,
        context: context === "" ? "." : context,
        ...(dockerfile !== undefined && dockerfile !== join(context, "Dockerfile") && { dockerfile }),
        ...(build.target !== undefined && { stage: build.target }),
        ...(Object.keys(args).length > 0 && { arguments: args }),
        ...(Object.keys(contexts).length > 0 && { contexts }),
        ...(platforms.length > 0 && { platforms }),
        aliases: service.container_name === undefined ? [] : [service.container_name],
      },
    ],
    notes,
  };
}

/** A map or a list of `name=value`, without what has no value here. */
function keepKnown(
  written: z.output<typeof pairs> | undefined,
  unknown: (name: string) => void,
): Record<string, string> {
  const entries = Array.isArray(written)
    ? written.map((line) => {
        const at = line.indexOf("=");
        return at < 0 ? ([line, null] as const) : ([line.slice(0, at), line.slice(at + 1)] as const);
      })
    : Object.entries(written ?? {});
  return Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const known = value === null ? undefined : withDefaults(String(value));
      if (known === undefined) unknown(name);
      return known === undefined ? [] : [[name, known] as const];
    }),
  );
}

/** A text with each `${NAME:-default}` replaced; undefined when a variable has no default. */
function withDefaults(text: string): string | undefined {
  const filled = text
    .replaceAll("$$", "\0")
    .replaceAll(/\$\{[A-Za-z_]\w*:?-([^}]*)\}/g, (_, value: string) => value);
  return /\$\{?[A-Za-z_]/.test(filled) ? undefined : filled.replaceAll("\0", "$");
}
