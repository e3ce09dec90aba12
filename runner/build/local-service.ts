import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { builderName } from "../../builder/builder.ts";
import { type BuildWarning, checkDockerfile } from "../../builder/checks.ts";
import { imageLabels } from "../../builder/labels.ts";
import { buildArguments } from "../../builder/options.ts";
import type { BuildxBuild } from "../../builder/request.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { isStaged, serviceOfContext } from "../../config/catalogue/contexts.ts";
import { type StackDescription, stackFile } from "../../config/description/description.ts";
import { cacheTag, imageResourceName, registryHost, repositoryName } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Source } from "../../source/hash.ts";
import { type StagedContext, stageContext } from "../../source/stage.ts";
import type { Emit } from "../report/events.ts";
import { runStep, type Step } from "../report/events.ts";
import { BuildFailed, type BuiltPlatform, readLayout, runBuild } from "./buildx.ts";

/** A service's staged build: what its builds for all platforms share. */
interface StagedBuild {
  readonly build: BuildOnly;
  readonly source: Source;
  readonly staged: StagedContext;
  /** Outcomes of the services that this one is built from. */
  readonly bases: readonly BuildOutcome[];
  /** Folder of the OCI layouts until the run ends. */
  readonly folder: string;
}

export async function buildService(
  build: BuildOnly,
  source: Source,
  bases: readonly BuildOutcome[],
  folder: string,
  push: PushTo | undefined,
): Promise<BuildOutcome> {
  const { directory, emit, signal } = build;
  const { service } = source.inputs;
  const one: StagedBuild = {
    build,
    source,
    staged: await stageContext(directory, source, signal),
    bases,
    folder,
  };
  const outcome = { service: service.name, sourceHash: source.hash };
  const id = `build ${service.name}`;
  return runStep(emit, { id, title: id, parent: "build" }, async (step) => {
    step.progress("checking the Dockerfile");
    const [first = ""] = service.platforms;
    const checked = requestFor(one, [first], builtBases(one, first));
    const text = await readFile(join(directory, checked.dockerfile), "utf8");
    const answer = await checkDockerfile(checked, text, signal);
    const warnings = "warnings" in answer ? answer.warnings : [];
    step.progress("building");
    try {
      const platforms = await Promise.all(
        service.platforms.map((platform) => buildPlatform(one, platform, step)),
      );
      const pushed = push && (await pushImage(one, push, step));
      step.conclude("done", platforms.map(({ platform }) => platform).join(", "));
      return {
        ...outcome,
        outcome: "built",
        platforms,
        warnings,
        ...(pushed === undefined ? {} : { pushed }),
      };
    } catch (error) {
      if (!(error instanceof BuildFailed)) throw error;
      step.conclude("failed", error.message);
      return { ...outcome, outcome: "failed", message: error.lines.join("\n"), platforms: [], warnings };
    }
  });
}

/** The build that BuildKit runs. */
function requestFor(
  { build: { directory, catalogue, settings }, source, staged }: StagedBuild,
  platforms: readonly string[],
  images: Readonly<Record<string, string>>,
): BuildxBuild {
  const { service } = source.inputs;
  return {
    directory,
    builder: builderName(settings.builder, settings.stack),
    context: staged.context,
    dockerfile: staged.dockerfile,
    contexts: { ...remoteContexts(service, staged.contexts, settings), ...images },
    arguments: buildArguments(service),
    labels: imageLabels(service, source.hash, catalogue.source, settings.labels),
    stage: service.stage,
    platforms,
    secrets: secretsThere(service),
  };
}

/** Location of the OCI layout of a service's image for a platform, for BuildKit. */
function layoutOf({ build, folder }: StagedBuild, service: string, platform: string): string {
  return relative(build.directory, join(folder, imageResourceName(service, platform)));
}

/** Contexts that are images of other services, from this run's builds for a platform. */
function builtBases(one: StagedBuild, platform: string): Record<string, string> {
  return baseContexts(one.source.inputs.service, (name) => {
    const base = one.bases.find(({ service }) => service === name);
    const digest = base?.platforms.find((built) => built.platform === platform)?.digest;
    return `oci-layout://${layoutOf(one, name, platform)}@${digest}`;
  });
}

async function buildPlatform(one: StagedBuild, platform: string, step: Step): Promise<BuiltPlatform> {
  const { directory, cache, signal } = one.build;
  const { name, platforms } = one.source.inputs.service;
  const folder = layoutOf(one, name, platform);
  // Builds of several platforms run in parallel.
  const log = (line: string) =>
    step.log(line === "" || platforms.length === 1 ? line : `${platform} ${line}`);
  const readable = cache && {
    ...cache,
    reference: `${cache.repository}:${cacheTag(name, platform)}`,
  };
  await runBuild(
    requestFor(one, [platform], builtBases(one, platform)),
    { kind: "folder", folder, cache: readable },
    { log, signal },
  );
  return readLayout(join(directory, folder), platform);
}

/** Builds all platforms again from the builder's cache, to join them in one index. */
async function pushImage(
  one: StagedBuild,
  { tag, registry, environment }: PushTo,
  { log, progress }: Step,
): Promise<string> {
  const { catalogue, settings, signal } = one.build;
  const { service } = one.source.inputs;
  const referenceOf = (name: string) => {
    const other = catalogue.services.find((candidate) => candidate.name === name) ?? service;
    return `${registry}/${repositoryName(settings, other)}:${tag}`;
  };
  progress("pushing");
  const reference = referenceOf(service.name);
  const bases = baseContexts(service, (name) => `docker-image://${referenceOf(name)}`);
  await runBuild(
    requestFor(one, service.platforms, bases),
    { kind: "push", reference, environment },
    { log, signal },
  );
  return reference;
}

/** The named contexts that are other services' images. */
function baseContexts(service: Service, location: (name: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service.contexts).flatMap(([name, written]) => {
      const base = serviceOfContext(written);
      return base === undefined ? [] : [[name, location(base)]];
    }),
  );
}

/**
 * Staged folders, images and URLs; a replaced base image may name the registry, which has to be known then.
 */
function remoteContexts(
  service: Service,
  staged: Readonly<Record<string, string>>,
  settings: StackDescription["settings"],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(staged).map(([name, location]) => {
      const own = service.contexts[name];
      if (own !== undefined) return [name, isStaged(own) ? location : own];
      return [name, `docker-image://${location.replaceAll("${registry}", () => registryOf(settings))}`];
    }),
  );
}

function registryOf(settings: StackDescription["settings"]): string {
  const account = settings.aws.allowedAccountIds?.[0];
  if (settings.registry !== undefined || account !== undefined) return registryHost(settings, account ?? "");
  throw new UserError({
    code: "unknown-registry",
    where: stackFile(settings.stack),
    key: "slipway:baseImages",
    message: "uses ${registry}, but its account is unknown without credentials",
    fix: "set aws:allowedAccountIds or slipway:registry",
  });
}

function secretsThere(service: Service): Record<string, string> {
  const missing = missingSecrets(service).map(([id]) => id);
  const there = Object.entries(service.secrets).filter(([id]) => !missing.includes(id));
  return Object.fromEntries(there.map(([id, { environment }]) => [id, environment]));
}

/** The outcome of a service's build. */
export interface BuildOutcome {
  readonly service: string;
  readonly sourceHash: string;
  readonly outcome: "built" | "failed" | "not built";
  /** BuildKit's last lines if the build failed, or the base image that failed. */
  readonly message?: string;
  readonly platforms: readonly BuiltPlatform[];
  readonly warnings: readonly BuildWarning[];
  /** Reference of the pushed image. */
  readonly pushed?: string;
}

export interface BuildOnly extends StackDescription {
  readonly services: readonly Service[];
  /** The stack's build cache, if readable. */
  readonly cache: ReadableCache | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** A repository with a build cache: a tag for each service and platform. */
export interface ReadableCache {
  /** `<registry>/<name>` */
  readonly repository: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where to push images; undefined: nowhere. */
export interface PushTo {
  readonly tag: string;
  readonly registry: string;
  readonly environment: Readonly<Record<string, string>>;
}

export function missingSecrets({ secrets }: Service): [id: string, variable: string][] {
  return Object.entries(secrets).flatMap(([id, { environment }]) =>
    (process.env[environment] ?? "") === "" ? [[id, environment] as [string, string]] : [],
  );
}
