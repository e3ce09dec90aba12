import { dirname, join } from "node:path/posix";
import { z } from "zod";
import { keyText } from "../../../../config/problems/problems.ts";
import { platformSchema } from "../../../../config/stack/platform.ts";
import type { FoundService } from "../found.ts";
import { serviceName } from "../names.ts";
import type { Composed, ComposeService } from "./composed.ts";
import { extended } from "./extends.ts";
import { interpolate } from "./interpolate.ts";
import { contextOf, inProject, isRemote, readPairs, readSecrets } from "./values.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const pairs = z.union([z.record(z.string(), scalar.nullable()), z.array(scalar)]).nullish();
const buildSchema = z.looseObject({
  context: scalar.nullish(),
  dockerfile: scalar.nullish(),
  dockerfile_inline: z.unknown().optional(),
  target: scalar.nullish(),
  args: pairs,
  additional_contexts: pairs,
  platforms: z.array(scalar).nullish(),
  secrets: z.array(z.union([scalar, z.looseObject({ source: scalar, target: scalar.nullish() })])).nullish(),
  ssh: z.unknown().optional(),
});
const serviceSchema = z.looseObject({
  build: z.preprocess(
    (build) => (typeof build === "string" ? { context: build } : build),
    buildSchema.nullish(),
  ),
  platform: scalar.nullish(),
  container_name: scalar.nullish(),
});

type Build = z.output<typeof buildSchema>;

/** Keys of `build` that services.yaml also has. */
const taken = new Set(Object.keys(buildSchema.shape));

/** Why a service is left out, and at which key of its `build`. */
interface LeftOut {
  readonly why: string;
  readonly at: readonly PropertyKey[];
}

/**
 * What a service of a compose file is in the catalogue; nothing, with a note, when it can't be built here.
 */
export function readComposeService(service: ComposeService): Composed {
  const { key, line } = service;
  const { value, notes } = extended(service);
  const leave = ({ why, at }: LeftOut, dockerfile?: string): Composed => ({
    services: [],
    notes: [...notes, `${line(["services", key, ...at])}: ${key} is left out: ${why}`],
    leftOut: dockerfile === undefined ? [] : [dockerfile],
  });
  const parsed = serviceSchema.safeParse(value);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path ?? [];
    return leave({ why: `Docker Compose takes no such value for ${keyText(at)}`, at });
  }
  const { build, platform, container_name: container } = parsed.data;
  if (build === undefined || build === null) return { services: [], notes, leftOut: [] };
  const place = placeOf(service, build);
  if ("why" in place) return leave(place);
  const contexts = contextsOf(service, build);
  if ("why" in contexts) return leave(contexts, place.dockerfile);
  if (build.ssh !== undefined) {
    const why = "it needs SSH keys (build.ssh), which builds of Slipway do not get";
    return leave({ why, at: ["build", "ssh"] }, place.dockerfile);
  }
  const parts = partsOf(service, build, platform ?? undefined);
  const { context, dockerfile, stage } = place;
  const one: FoundService = {
    name: serviceName(key),
    from: service.path,
    context,
    ...(dockerfile !== join(context, "Dockerfile") && { dockerfile }),
    ...(stage !== undefined && { stage }),
    ...some("arguments", parts.args),
    ...some("contexts", contexts.contexts),
    ...some("secrets", parts.secrets),
    ...(parts.platforms.length > 0 && { platforms: parts.platforms }),
    aliases: typeof container === "string" ? [container] : [],
    compose: {
      keys: [key],
      line: line(["services", key, "build"]),
      stageLine: line(["services", key, "build", "target"]),
    },
  };
  return { services: [one], notes: [...notes, ...parts.notes], leftOut: [] };
}

function some<K extends string, V extends object>(key: K, value: V) {
  return (Object.keys(value).length > 0 ? { [key]: value } : {}) as Partial<Record<K, V>>;
}

/** Where it is built, and up to which stage. */
function placeOf(
  { path }: ComposeService,
  build: Build,
): { readonly context: string; readonly dockerfile: string; readonly stage: string | undefined } | LeftOut {
  const filled: Record<string, string> = {};
  const written = {
    context: build.context ?? ".",
    dockerfile: build.dockerfile ?? "",
    target: build.target ?? "",
  };
  for (const [name, text] of Object.entries(written)) {
    const value = interpolate(text);
    if ("missing" in value) return { why: `${value.missing} has no default here`, at: ["build", name] };
    filled[name] = value.text;
  }
  const { context: from = "", dockerfile: named = "", target = "" } = filled;
  if (isRemote(from))
    return { why: `its context is not in this repository (${from})`, at: ["build", "context"] };
  if (build.dockerfile_inline !== undefined) {
    return { why: "its Dockerfile is part of the compose file", at: ["build", "dockerfile_inline"] };
  }
  const context = inProject(dirname(path), from === "" ? "." : from);
  if (context === undefined)
    return { why: "it is built from outside this directory", at: ["build", "context"] };
  const dockerfile = inProject(context, named === "" ? "Dockerfile" : named);
  if (dockerfile === undefined) {
    return { why: "its Dockerfile is outside this directory", at: ["build", "dockerfile"] };
  }
  return { context, dockerfile, stage: target === "" ? undefined : target };
}

/** Its named contexts: without one of them it can't be built. */
function contextsOf(
  { path }: ComposeService,
  build: Build,
): { readonly contexts: Record<string, string> } | LeftOut {
  const contexts: Record<string, string> = {};
  for (const { name, at, value } of readPairs(build.additional_contexts)) {
    const read = value === undefined ? { why: "it has no default value" } : contextOf(dirname(path), value);
    if ("why" in read) {
      return {
        why: `its context ${name} can't be taken over: ${read.why}`,
        at: ["build", "additional_contexts", at],
      };
    }
    contexts[name] = read.location;
  }
  return { contexts };
}

/** What it can be built without, each with a note when it is not taken over. */
function partsOf(service: ComposeService, build: Build, platform: string | undefined) {
  const notes: string[] = [];
  const note = (at: readonly PropertyKey[], text: string) => {
    notes.push(`${service.line(["services", service.key, ...at])}: ${service.key}: ${text}`);
  };
  const args: Record<string, string> = {};
  for (const { name, at, value } of readPairs(build.args)) {
    if (value === undefined) note(["build", "args", at], `build argument ${name} has no default value`);
    else args[name] = value;
  }
  const secrets = readSecrets(build.secrets ?? [], service.secrets, (index, text) =>
    note(["build", "secrets", index], text),
  );
  const written = build.platforms ?? (platform === undefined ? [] : [platform]);
  const platforms = written.flatMap((one, index) => {
    const value = interpolate(one);
    const known = platformSchema.safeParse("text" in value ? value.text : undefined);
    const at = build.platforms ? ["build", "platforms", index] : ["platform"];
    if (!known.success) note(at, `platform ${one} is not taken over`);
    return known.success ? [known.data] : [];
  });
  const others = Object.keys(build).filter((one) => !taken.has(one) && !one.startsWith("x-"));
  if (others.length > 0) {
    const names = others.map((one) => `build.${one}`).join(", ");
    note(["build", ...others.slice(0, 1)], `not taken over: ${names}`);
  }
  return { args, secrets, platforms, notes };
}
