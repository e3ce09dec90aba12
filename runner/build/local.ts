import { mkdtemp, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import pLimit from "p-limit";
import { builderName, ensureBuilder } from "../../builder/builder.ts";
import { imageLabels } from "../../builder/labels.ts";
import { buildArguments } from "../../builder/options.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { isLocalContext, serviceOfContext } from "../../config/catalogue/contexts.ts";
import { type StackDescription, stackFile } from "../../config/description/description.ts";
import { neededBy, withNeeded } from "../../config/description/needs.ts";
import { imageResourceName, registryHost, repositoryName } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import { hashSources, type Source } from "../../source/hash.ts";
import { stageContext } from "../../source/stage.ts";
import { type Emit, runStep } from "../report/events.ts";
import {
  BuildFailed,
  type BuildWarning,
  type BuildxBuild,
  type BuiltPlatform,
  checkDockerfile,
  readLayout,
  runBuild,
} from "./buildx.ts";

/** How one service's build ended. */
export interface BuildOutcome {
  readonly service: string;
  readonly sourceHash: string;
  readonly outcome: "built" | "failed" | "not built";
  /** What BuildKit said last, when it failed; or which base failed. */
  readonly message?: string;
  readonly platforms: readonly BuiltPlatform[];
  readonly warnings: readonly BuildWarning[];
  /** Reference under which it was pushed. */
  readonly pushed?: string;
}

export interface BuildOnly extends StackDescription {
  readonly services: readonly Service[];
  /** The stack's build cache, where it can be read. */
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

/** Where images are pushed to, when they are. */
export interface PushTo {
  readonly tag: string;
  readonly registry: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Builds services for all their platforms with the stack's builder, from the same staged contexts and
 * with the same arguments as the stack's program, and keeps nothing. Those that they are built from are
 * built, too. Needs no credentials and no state; one build that fails stops no other.
 */
export async function buildOnly(
  build: BuildOnly,
  push: PushTo | undefined,
): Promise<readonly BuildOutcome[]> {
  const { directory, catalogue, settings, services, emit, signal } = build;
  const sources = await hashSources(
    directory,
    { services: catalogue.services, baseImages: settings.baseImages },
    services,
    { signal },
  );
  const ordered = withNeeded(services, catalogue.services);
  if (ordered.length === 0) return [];
  warnOfSecrets(ordered, emit);
  await ensureBuilder(settings.builder, settings.stack);
  const folder = await mkdtemp(join(directory, ".slipway/build-"));
  const limit = pLimit(settings.deploy.parallelBuilds);
  const running = new Map<string, Promise<BuildOutcome>>();
  try {
    for (const service of ordered) {
      const source = sources.get(service.name);
      if (source === undefined) continue;
      const bases = neededBy(service).flatMap((name) => running.get(name) ?? []);
      running.set(
        service.name,
        Promise.all(bases).then((built) => {
          const broken = built.find(({ outcome }) => outcome !== "built");
          if (broken !== undefined) return notBuilt(source, broken.service);
          return limit(() => buildService(build, source, built, folder, push));
        }),
      );
    }
    // All of them have ended before the folder goes, also after one was interrupted.
    const ended = await Promise.allSettled(running.values());
    signal.throwIfAborted();
    return ended.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function notBuilt({ inputs, hash }: Source, base: string): BuildOutcome {
  return {
    service: inputs.service.name,
    sourceHash: hash,
    outcome: "not built",
    message: `${base}, which it is built from, failed`,
    platforms: [],
    warnings: [],
  };
}

async function buildService(
  { directory, catalogue, settings, cache, emit, signal }: BuildOnly,
  source: Source,
  bases: readonly BuildOutcome[],
  folder: string,
  push: PushTo | undefined,
): Promise<BuildOutcome> {
  const { service } = source.inputs;
  const staged = await stageContext(directory, source, signal);
  const wanted = (platforms: readonly string[], images: Readonly<Record<string, string>>): BuildxBuild => ({
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
  });
  const layout = (name: string, platform: string) =>
    relative(directory, join(folder, imageResourceName(name, platform)));
  const built = (platform: string) =>
    baseContexts(service, (name) => {
      const base = bases.find((one) => one.service === name);
      const digest = base?.platforms.find((one) => one.platform === platform)?.digest;
      return `oci-layout://${layout(name, platform)}@${digest}`;
    });
  const cacheOf = (platform: string) =>
    cache && { ...cache, reference: `${cache.repository}:${imageResourceName(service.name, platform)}` };
  const done = { service: service.name, sourceHash: source.hash };
  const id = `build ${service.name}`;
  return runStep(emit, { id, title: id, parent: "build" }, async ({ conclude, progress, log }) => {
    progress("checking the Dockerfile");
    const [first = ""] = service.platforms;
    const warnings = (await checkDockerfile(wanted([first], built(first)), signal)) ?? [];
    progress("building");
    try {
      const platforms = await Promise.all(
        service.platforms.map(async (platform) => {
          const place = layout(service.name, platform);
          const options = wanted([platform], built(platform));
          // Builds of several platforms go on side by side.
          const told = (line: string) =>
            log(line === "" || service.platforms.length === 1 ? line : `${platform} ${line}`);
          await runBuild(
            options,
            { kind: "folder", folder: place, cache: cacheOf(platform) },
            { log: told, signal },
          );
          return readLayout(join(directory, place), platform);
        }),
      );
      const pushed = push && (await pushImage(push));
      conclude("done", `${platforms.map(({ platform }) => platform).join(", ")}`);
      return { ...done, outcome: "built", platforms, warnings, ...(pushed === undefined ? {} : { pushed }) };
    } catch (error) {
      if (!(error instanceof BuildFailed)) throw error;
      conclude("failed", error.message);
      return { ...done, outcome: "failed", message: error.lines.join("\n"), platforms: [], warnings };
    }

    /** Once more for all platforms, from the builder's cache: it joins them into one index. */
    async function pushImage({ tag, registry, environment }: PushTo): Promise<string> {
      const referenceOf = (name: string) => {
        const other = catalogue.services.find((one) => one.name === name) ?? service;
        return `${registry}/${repositoryName(settings, other)}:${tag}`;
      };
      progress("pushing");
      const reference = referenceOf(service.name);
      const options = wanted(
        service.platforms,
        baseContexts(service, (name) => `docker-image://${referenceOf(name)}`),
      );
      await runBuild(options, { kind: "push", reference, environment }, { log, signal });
      return reference;
    }
  });
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

/** Staged folders, images and URLs; a replaced base image may name the registry, which has to be known then. */
function remoteContexts(
  service: Service,
  staged: Readonly<Record<string, string>>,
  settings: StackDescription["settings"],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(staged).map(([name, location]) => {
      const own = service.contexts[name];
      if (own !== undefined) return [name, isLocalContext(own) ? location : own];
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
    message: "names ${registry}, and without credentials nothing says whose that is",
    fix: "set aws:allowedAccountIds, or slipway:registry",
  });
}

function missingSecrets({ secrets }: Service): [id: string, variable: string][] {
  return Object.entries(secrets).flatMap(([id, { environment }]) =>
    (process.env[environment] ?? "") === "" ? [[id, environment] as [string, string]] : [],
  );
}

function secretsThere(service: Service): Record<string, string> {
  const missing = missingSecrets(service).map(([id]) => id);
  const there = Object.entries(service.secrets).filter(([id]) => !missing.includes(id));
  return Object.fromEntries(there.map(([id, { environment }]) => [id, environment]));
}

/** A build that needs a secret which is not there will say so itself; this says why. */
function warnOfSecrets(services: readonly Service[], emit: Emit): void {
  for (const service of services) {
    for (const [id, variable] of missingSecrets(service)) {
      emit({
        kind: "warning",
        code: "missing-secret",
        message: `the secret ${id} of ${service.name} is not there: ${variable} is not set`,
        fix: `set ${variable}; pull requests from forks are given no secrets`,
      });
    }
  }
}
