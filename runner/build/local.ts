import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import { ensureBuilder } from "../../builder/builder.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { neededBy, withNeeded } from "../../config/description/needs.ts";
import { fixHere } from "../../config/problems/fix-here.ts";
import { buildScope, hashSources, type Source } from "../../source/hash.ts";
import { warnOfPointers } from "../git/pointers.ts";
import type { Emit } from "../report/events.ts";
import {
  type BuildOnly,
  type BuildOutcome,
  buildService,
  missingSecrets,
  type PushTo,
} from "./local-service.ts";

/**
 * Builds services for all their platforms with the stack's builder, from the same staged contexts and with the
 * same arguments as the stack's program, and keeps nothing. It builds the services that they need as well. It
 * needs no credentials and no state; a failed build does not stop the others.
 */
export async function buildOnly(
  build: BuildOnly,
  push: PushTo | undefined,
): Promise<readonly BuildOutcome[]> {
  const { directory, catalogue, settings, services, emit, signal } = build;
  const sources = await hashSources(directory, buildScope(build), services, { signal });
  const ordered = withNeeded(services, catalogue.services);
  if (ordered.length === 0) return [];
  warnOfSecrets(ordered, emit);
  warnOfPointers(directory, sources, emit);
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
    // Wait for all of them before removing the folder, even after an interruption.
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
    message: `its base image ${base} failed to build`,
    platforms: [],
    warnings: [],
  };
}

/** A build that lacks a secret fails with its own message; this warning says why the secret is missing. */
function warnOfSecrets(services: readonly Service[], emit: Emit): void {
  for (const service of services) {
    for (const [id, variable] of missingSecrets(service)) {
      emit({
        kind: "warning",
        code: "missing-secret",
        message: `the secret ${id} of ${service.name} is missing: ${variable} is not set`,
        fix: fixHere({
          github: `set ${variable} in the job's env; GitHub gives no secrets to pull requests from forks`,
          gitlab: `define the CI/CD variable ${variable}; GitLab keeps protected variables from other branches`,
          elsewhere: `set ${variable}`,
        }),
      });
    }
  }
}
