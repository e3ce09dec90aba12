import { basename } from "node:path/posix";
import { z } from "zod";
import type { Locate } from "../../../../config/problems/locate.ts";
import { parseYaml } from "../../../../config/problems/yaml.ts";
import type { Found, FoundService } from "../found.ts";
import { isComposeFile } from "../names.ts";
import type { Composed } from "./composed.ts";
import { readComposeService } from "./service.ts";

const composeSchema = z.looseObject({
  services: z.record(z.string(), z.unknown()).nullish(),
  secrets: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  include: z.array(z.unknown()).nullish().catch(undefined),
});

/**
 * The services that a compose file builds. Services that only run an image are another project's. An odd
 * value costs at most its own service.
 * https://docs.docker.com/reference/compose-file/build/
 *
 * @param path of the file; what it says is relative to its folder
 */
export function readCompose(path: string, text: string): Composed {
  const yaml = parseYaml(text, path, { composeTags: true });
  if ("problems" in yaml) {
    const [problem] = yaml.problems;
    return unread(problem?.where ?? path, problem?.message ?? "is not YAML");
  }
  const parsed = composeSchema.safeParse(yaml.value);
  if (!parsed.success) return unread(path, "it has no map of services");
  const { services, secrets, include } = parsed.data;
  const line = (key: readonly PropertyKey[]) => lineOf(yaml.locate, key);
  const found = Object.keys(services ?? {}).map((key) =>
    readComposeService({ path, key, line, services: services ?? {}, secrets: secrets ?? {} }),
  );
  return {
    services: found.flatMap((one) => one.services),
    notes: [...includeNotes(include ?? [], line), ...found.flatMap((one) => one.notes)],
    leftOut: found.flatMap((one) => one.leftOut),
  };
}

function unread(where: string, why: string): Composed {
  return { services: [], notes: [`${where.replace(/:\d+$/, "")} was not read: ${why}`], leftOut: [] };
}

/** `compose.yaml:12`: columns are of no use to people. */
function lineOf(locate: Locate, key: readonly PropertyKey[]): string {
  return locate(key).replace(/:\d+$/, "");
}

function includeNotes(include: readonly unknown[], line: (key: readonly PropertyKey[]) => string): string[] {
  return include.flatMap((one, index) => {
    const path = typeof one === "string" ? one : (one as { path?: unknown } | null)?.path;
    const paths = [path].flat().map(String);
    return paths
      .filter((each) => !isComposeFile(each))
      .map((each) => `${line(["include", index])}: ${each} is included, and was not read`);
  });
}

/** One service for all that are built alike. */
export function joinBuilds(services: readonly FoundService[]): Found {
  const builds = [...Map.groupBy(services, buildOf).values()];
  const shared = builds.filter((same) => same.length > 1);
  return {
    services: builds.map(asOne),
    notes: shared.map((same) => {
      const names = same.map(({ name }) => name).join(", ");
      return `${same[0]?.from}: ${names} are built alike, so one image serves all of them`;
    }),
  };
}

/** Called like its folder when one of them is. */
function asOne(same: readonly FoundService[]): FoundService {
  const [first] = same;
  if (first === undefined) throw new Error("a group has at least one member");
  const named = same.find(({ name, context }) => name === basename(context)) ?? first;
  const others = same.filter((one) => one !== named);
  const keys = same.flatMap(({ compose }) => compose?.keys ?? []);
  return {
    ...named,
    aliases: [...named.aliases, ...others.flatMap(({ name, aliases }) => [name, ...aliases])],
    ...(named.compose !== undefined && { compose: { ...named.compose, keys } }),
  };
}

/** What two services have in common when one image does for both. */
function buildOf({ name, aliases, compose, platforms, ...build }: FoundService): string {
  return JSON.stringify(build);
}
