import { dirname, join, normalize } from "node:path/posix";
import { lowerCaseDockerfile } from "../../../config/catalogue/dockerfile.ts";
import { instructions } from "../../../source/dockerfile/lines.ts";
import { composeFiles } from "./compose/files.ts";
import { joinBuilds, readCompose } from "./compose/read.ts";
import { connect } from "./connect.ts";
import type { Found, FoundService } from "./found.ts";
import { isDockerfile, isVariant, nameOfDockerfile } from "./names.ts";
import { withoutDevelopmentStage } from "./stage.ts";
import type { Tree } from "./tree.ts";

/** The services of a repository: those that compose files build, and one for each other Dockerfile. */
export function detectServices(tree: Tree): Found {
  const { read, passedOver } = composeFiles(tree.files);
  const everything = tree.everything ?? tree.files;
  const composed = read.map((path) => readCompose(path, tree.contents[path] ?? ""));
  const staged = composed
    .flatMap(({ services }) => services)
    .map((service) => withDockerfileName(service, everything))
    .map((service) => withoutDevelopmentStage(service, tree.contents[dockerfileOf(service)]));
  const whole = joinBuilds(staged.map(({ service }) => service));
  const missing = whole.services.flatMap((service) => missingOf(service, everything));
  const built = whole.services.filter((service) => !missing.some((one) => one.service === service));
  const named = new Set([...built.map(dockerfileOf), ...composed.flatMap(({ leftOut }) => leftOut)]);
  const alone = tree.files.filter((path) => isDockerfile(path) && !named.has(path));
  const variants = alone.filter(
    (path) => isVariant(path) && tree.files.some((other) => isSibling(path, other)),
  );
  const dockerfiles = alone.filter((path) => !variants.includes(path));
  const all = apart([...built, ...dockerfiles.map((path) => fromDockerfile(path, tree))]);
  const connected = connect(all);
  return {
    services: connected.services,
    notes: [
      ...passedOver,
      ...composed.flatMap(({ notes }) => notes),
      ...staged.flatMap(({ note }) => note ?? []),
      ...whole.notes,
      ...missing.map(
        ({ service, path }) => `${lineOf(service)}: ${service.name} is left out: ${path} is not here`,
      ),
      ...connected.notes,
      ...variants.map((path) => `skipped ${path}: it is a variant of the Dockerfile in the same folder`),
    ],
  };
}

function lineOf({ compose, from }: FoundService): string {
  return compose?.line ?? from;
}

/** Docker takes `dockerfile` where there is no `Dockerfile`. */
function withDockerfileName(service: FoundService, files: readonly string[]): FoundService {
  const path = dockerfileOf(service);
  const lower = lowerCaseDockerfile(path);
  const takesOther = lower !== undefined && !files.includes(path) && files.includes(lower);
  return takesOther ? { ...service, dockerfile: lower } : service;
}

/** The first file or folder of a compose service that does not exist. */
function missingOf(
  service: FoundService,
  files: readonly string[],
): { service: FoundService; path: string }[] {
  const folders = [
    service.context,
    ...Object.values(service.contexts ?? {}).filter((one) => !/^[a-z-]+:/.test(one)),
  ];
  const path = [
    ...[dockerfileOf(service)].filter((one) => !files.includes(one)),
    ...folders.filter((one) => one !== "." && !files.some((file) => file.startsWith(`${one}/`))),
  ][0];
  return path === undefined ? [] : [{ service, path }];
}

/** The Dockerfile that a service is built by. */
export function dockerfileOf({ context, dockerfile }: Pick<FoundService, "context" | "dockerfile">): string {
  return normalize(dockerfile ?? join(context, "Dockerfile"));
}

function isSibling(path: string, other: string): boolean {
  return other !== path && isDockerfile(other) && !isVariant(other) && dirname(other) === dirname(path);
}

function fromDockerfile(path: string, tree: Tree): FoundService {
  const context = contextOf(path, tree);
  const dockerfile = normalize(join(context, "Dockerfile")) === path ? {} : { dockerfile: path };
  return { name: nameOfDockerfile(path, tree.name), from: path, context, ...dockerfile, aliases: [] };
}

/**
 * The build context of a Dockerfile: its own folder, unless the files that it copies exist only relative to
 * the project directory.
 */
function contextOf(path: string, { files, contents }: Tree): string {
  const folder = dirname(path);
  const sources = copiedPaths(contents[path] ?? "");
  const isThere = (base: string) =>
    sources.every((source) => {
      const at = normalize(join(base, source)).replace(/\/$/, "");
      return at === "." || files.some((file) => file === at || file.startsWith(`${at}/`));
    });
  return !isThere(folder) && isThere(".") ? "." : folder;
}

/** The paths that a Dockerfile copies from its context, if they are known without a build. */
export function copiedPaths(dockerfile: string): string[] {
  return instructions(dockerfile).flatMap((line) => {
    const [, rest] = /^(?:COPY|ADD)\s+(.*)$/i.exec(line) ?? [];
    if (rest === undefined || /(^|\s)--from=/.test(rest) || rest.includes("<<")) return [];
    const words = rest.trimStart().startsWith("[") ? jsonWords(rest) : rest.split(/\s+/);
    return words
      .filter((word) => word !== "" && !word.startsWith("--"))
      .slice(0, -1)
      .filter((word) => !/[*?[$]|^[a-z+]+:\/\//.test(word))
      .map((word) => word.replace(/^\/+/, ""));
  });
}

function jsonWords(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words.map(String) : [];
  } catch {
    return [];
  }
}

/** Makes the names unique: adds the parent folder's name in front, or else a number at the end. */
function apart(services: readonly FoundService[]): FoundService[] {
  const taken = new Set<string>();
  return services.map((service) => {
    const parent = dirname(service.context).split("/").at(-1) ?? ".";
    const longer = parent === "." ? service.name : `${parent}-${service.name}`.toLowerCase();
    const numbered = Array.from({ length: services.length }, (_, index) => `${service.name}-${index + 2}`);
    const name = [service.name, longer, ...numbered].find((one) => !taken.has(one)) ?? service.name;
    taken.add(name);
    return { ...service, name };
  });
}
