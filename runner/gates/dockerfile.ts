import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pMap from "p-map";
import { builderName } from "../../builder/builder.ts";
import { type CheckedDockerfile, checkDockerfile } from "../../builder/checks.ts";
import { buildArguments } from "../../builder/options.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { isStaged } from "../../config/catalogue/contexts.ts";
import { lowerCaseDockerfile } from "../../config/catalogue/dockerfile.ts";
import { UserError } from "../../config/problems/errors.ts";
import { type DockerfilePolicy, dockerfilePolicy } from "../../config/stack/gates.ts";
import { stageNames } from "../../source/dockerfile/dockerfile.ts";
import type { GateOverride } from "../cli/override.ts";
import { judgeDockerfile } from "../image-checks/dockerfile.ts";
import type { Session } from "../session/session.ts";
import { withTemporaryFolder } from "../stack/temporary-folder.ts";
import type { Gate } from "../targets/gate.ts";
import { refusalOf } from "./ask.ts";
import type { Answer } from "./judge.ts";
import { overridden } from "./override.ts";

/** What linting needs of a session. */
export type LintingSession = Pick<Session, "directory" | "registry" | "settings" | "signal">;

/** Dockerfiles that are checked at the same time: each is a program and a call of the builder. */
const parallelChecks = 4;

/**
 * What a stack's gate says of the Dockerfiles of services, which are read as they are in the project's directory.
 * BuildKit parses them, and gets none of the files that they copy.
 */
export function lintServices(
  session: LintingSession,
  services: readonly Service[],
  policy: DockerfilePolicy,
): Promise<readonly Answer[]> {
  return withTemporaryFolder("lint", async (empty) => {
    await mkdir(join(empty, "context"));
    return pMap(
      services,
      async (service): Promise<Answer> => {
        const { path, text } = await readDockerfile(session.directory, service);
        const stages = stageNames(text).length;
        const checked =
          policy.lint === "off"
            ? undefined
            : await check(session, service, path, text, join(empty, "context"));
        return { service: service.name, ...judgeDockerfile({ path, stages, checked }, policy) };
      },
      { concurrency: parallelChecks, signal: session.signal },
    );
  });
}

/** The Dockerfile of a service by its path; `dockerfile` takes the place of a missing `Dockerfile`. */
async function readDockerfile(directory: string, { dockerfile }: Service) {
  const lower = lowerCaseDockerfile(dockerfile);
  const read = (path: string) => readFile(join(directory, path), "utf8");
  try {
    return { path: dockerfile, text: await read(dockerfile) };
  } catch (error) {
    if (lower === undefined) throw error;
    return { path: lower, text: await read(lower) };
  }
}

function check(
  { directory, settings, registry, signal }: LintingSession,
  service: Service,
  dockerfile: string,
  text: string,
  empty: string,
): Promise<CheckedDockerfile> {
  const replaced = Object.entries(settings.baseImages).map(([name, location]) => [
    name,
    `docker-image://${location.replaceAll("${registry}", () => registry)}`,
  ]);
  // Images of other services may not exist yet, and what is in a folder is not looked at.
  const own = Object.entries(service.contexts).map(([name, location]) => [
    name,
    isStaged(location) || location.startsWith("service://") ? empty : location,
  ]);
  const build = {
    directory,
    builder: builderName(settings.builder, settings.stack),
    context: service.context,
    dockerfile,
    contexts: Object.fromEntries([...replaced, ...own]) as Record<string, string>,
    arguments: buildArguments(service),
    labels: {},
    stage: service.stage,
    platforms: [],
    secrets: {},
  };
  return checkDockerfile(build, text, signal);
}

/** A service of a deployment, before anything is built. */
interface ServiceToBuild {
  readonly service: Service;
  /** Undefined when the run builds it. */
  readonly image: object | undefined;
  readonly gates: readonly Gate[];
}

/**
 * Asks the gate of Dockerfiles about the images that a run builds, and adds what it says to them. Services with an
 * image are not asked: what it is made of was asked when it was built.
 *
 * @throws UserError `gate-failed` with exit code 3, before anything is built
 */
export async function askDockerfiles<S extends ServiceToBuild>(
  session: LintingSession & Pick<Session, "emit" | "timeline" | "caller">,
  services: readonly S[],
  override: GateOverride | undefined,
): Promise<readonly S[]> {
  const { settings, timeline, emit, caller } = session;
  const policy = settings.gates && dockerfilePolicy(settings.gates);
  const toBuild = services.filter(({ image }) => image === undefined).map(({ service }) => service);
  if (policy === undefined || toBuild.length === 0) return services;
  return timeline.run({ id: "lint", title: "Check the Dockerfiles" }, async ({ conclude }) => {
    const answers = (await lintServices(session, toBuild, policy)).map((answer) => ({
      ...answer,
      gate: overridden(answer.gate, override, caller.arn),
    }));
    for (const { service, gate, verdict } of answers) {
      if (gate.verdict === "failed" || verdict === "pass") continue;
      emit({
        kind: "warning",
        code: "gate-warned",
        message: `${service}: ${gate.gate}: ${gate.message ?? ""}`,
      });
    }
    const failed = answers.filter(({ gate }) => gate.verdict === "failed");
    if (failed.length > 0) {
      const problems = failed.map((answer) => refusalOf(answer, settings.stack));
      throw new UserError(problems, { exitCode: 3 });
    }
    conclude("done", `${toBuild.length} checked`);
    const gates = new Map(answers.map(({ service, gate }) => [service, gate]));
    return services.map((one) => {
      const gate = gates.get(one.service.name);
      return gate === undefined ? one : { ...one, gates: [...one.gates, gate] };
    });
  });
}
