import { setTimeout as sleep } from "node:timers/promises";
import { ConcurrentUpdateError } from "@pulumi/pulumi/automation/errors.js";
import type { Stack } from "@pulumi/pulumi/automation/stack.js";
import { declarationHash } from "../../config/description/declaration.ts";
import { type StackDescription, stackFile } from "../../config/description/description.ts";
import { projectName } from "../../config/description/load.ts";
import { registryLoginVariable, type SourceReference } from "../../config/names.ts";
import { abortedBy } from "../../config/problems/abort.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { formatDuration } from "../report/duration.ts";
import type { Emit } from "../report/events.ts";
import { type EngineRecord, emptyRecord, type OnPushed, readEngineEvents } from "./engine-events.ts";
import { type EngineRun, imagesRun, wholeRun } from "./engine-run.ts";
import { explainFailure } from "./failure.ts";
import { withIdleProviders } from "./idle-providers.ts";
import { isAbandoned, lockHolder } from "./lock.ts";
import { backendProblem, type OpenStack, openStack } from "./open.ts";
import { forgetPendingOperations } from "./pending.ts";
import { imagePackage, imagePartOf, stepOf } from "./resources.ts";

export interface UpdateContext {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Parent step of builds and resources. */
  readonly step: string;
}

/** What an update is to do. */
export interface StackUpdate {
  /** Names of the services to build. */
  readonly chosen: readonly string[];
  /** Fetches the registry's login, `user:token` in base64. */
  readonly fetchLogin: () => Promise<string>;
  /** Told of each image when it is in the registry, while others are still being built. */
  readonly onPushed: OnPushed;
}

/** Maximum wait for another run's lock, and the poll interval. */
const lockWaitSeconds = 900;
const lockPollSeconds = 2;

/**
 * Builds and pushes the images of the chosen services through the stack, and leaves all other images as they
 * are. Brings the stack's infrastructure up to date first, unless its state has everything that the project
 * declares: then the engine works on the images alone. Waits for another run's lock, finishes what a killed run
 * began, and tries again what can succeed at another attempt (`slipway:deploy.attempts`).
 *
 * @returns the pushed images by service
 * @throws UserError with the step and the last lines of each build that failed, exit code 1
 */
export async function updateStack(
  description: StackDescription,
  { chosen, fetchLogin, onPushed }: StackUpdate,
  context: UpdateContext,
): Promise<ReadonlyMap<string, SourceReference>> {
  const { directory, settings, catalogue } = description;
  const { emit, step } = context;
  emit({ kind: "step-progress", id: step, message: "opening the stack" });
  const [{ stack, engine, state }, ours] = await Promise.all([
    openStack(directory, settings.stack, context.signal),
    projectName(directory).then((project) => declarationHash(description, project)),
  ]);
  const update = (run: EngineRun) => upAgain({ stack, engine }, description, run, { ...context, onPushed });
  if (state?.declaration !== ours) return update(wholeRun(catalogue.services, chosen));
  const login = { [registryLoginVariable]: await fetchLogin() };
  const { [imagePackage]: _used, ...idle } = state.packages;
  return withIdleProviders(idle, (attach) =>
    update(imagesRun(catalogue.services, chosen, { ...attach, ...login })),
  );
}

/** Runs the engine until it succeeds, or until another attempt is not worth it. */
async function upAgain(
  { stack, engine }: Pick<OpenStack, "stack" | "engine">,
  description: StackDescription,
  run: EngineRun,
  context: UpdateContext & Pick<StackUpdate, "onPushed">,
): Promise<ReadonlyMap<string, SourceReference>> {
  const { directory, settings } = description;
  const { emit, step } = context;
  for (let attempt = 1; ; attempt++) {
    const record = emptyRecord();
    try {
      emit({ kind: "step-progress", id: step, message: `starting the engine for ${run.scope}` });
      await waitingForLock(stack, context, () => up(stack, description, run, record, context));
      if (record.pendingOperations) await forgetPendingOperations(engine, directory, stack.name);
      return record.pushed;
    } catch (error) {
      if (context.signal.aborted) throw abortedBy(error);
      const { problems, worthAnotherAttempt } = failureOf(error, record, description);
      if (!worthAnotherAttempt || attempt >= settings.deploy.attempts) {
        throw new UserError(problems, { exitCode: 1, cause: error });
      }
      const first = firstLine(problems[0]?.message ?? "");
      emit({
        kind: "warning",
        code: "another-attempt",
        message: `attempt ${attempt} of ${settings.deploy.attempts} failed: ${first}`,
      });
    }
  }
}

async function up(
  stack: Stack,
  { catalogue, settings }: StackDescription,
  { environment, options }: EngineRun,
  record: EngineRecord,
  { emit, signal, step, onPushed }: UpdateContext & Pick<StackUpdate, "onPushed">,
): Promise<void> {
  const { parallelBuilds, pushTimeoutSeconds } = settings.deploy;
  const attempt = new AbortController();
  const watch = setInterval(() => {
    for (const [urn, startedAt] of record.building) {
      if (performance.now() - startedAt < pushTimeoutSeconds * 1000) continue;
      const part = imagePartOf(urn, catalogue.services);
      attempt.abort(new BuildTimeout(part?.service ?? urn, pushTimeoutSeconds));
    }
  }, 1000);
  const running = AbortSignal.any([signal, attempt.signal]);
  stack.workspace.envVars = { ...stack.workspace.envVars, ...environment };
  try {
    await stack.up({
      ...options,
      parallel: parallelBuilds,
      color: "never",
      onEvent: readEngineEvents(record, {
        emit,
        parent: step,
        services: catalogue.services,
        signal: running,
        onPushed,
      }),
      signal: running,
    });
  } finally {
    clearInterval(watch);
    endOpenBuilds(record, { emit, services: catalogue.services, cancelled: running.aborted });
  }
}

/** Builds that the engine said nothing more about: it was cancelled, or died. */
function endOpenBuilds(
  record: EngineRecord,
  {
    emit,
    services,
    cancelled,
  }: { emit: Emit; services: StackDescription["catalogue"]["services"]; cancelled: boolean },
): void {
  for (const [urn, startedAt] of record.building) {
    const part = imagePartOf(urn, services);
    if (part === undefined) continue;
    const milliseconds = performance.now() - startedAt;
    emit({ kind: "step-ended", id: stepOf(part), outcome: cancelled ? "cancelled" : "failed", milliseconds });
  }
  record.building.clear();
}

class BuildTimeout extends Error {
  readonly service: string;
  readonly seconds: number;

  constructor(service: string, seconds: number) {
    super(`building and pushing ${service} took longer than ${formatDuration(seconds * 1000)}`);
    this.name = "BuildTimeout";
    this.service = service;
    this.seconds = seconds;
  }
}

function failureOf(
  error: unknown,
  record: EngineRecord,
  { catalogue, settings }: StackDescription,
): { readonly problems: readonly Problem[]; readonly worthAnotherAttempt: boolean } {
  if (error instanceof BuildTimeout) {
    return {
      problems: [
        {
          code: "build-timeout",
          where: stackFile(settings.stack),
          key: "slipway:deploy.pushTimeoutSeconds",
          value: error.seconds,
          message: error.message,
          fix: "raise the limit, or use docker buildx build to find out what takes so long",
        },
      ],
      worthAnotherAttempt: true,
    };
  }
  if (error instanceof Error && error.name.endsWith("CommandError")) {
    const backend = backendProblem(error, settings.stack);
    if (backend instanceof UserError) throw backend;
    return explainFailure(record, catalogue.services, error.message, stackFile(settings.stack));
  }
  throw error;
}

/** Runs `work` as soon as no other run holds the stack's lock, and reports who holds it. */
async function waitingForLock<T>(
  stack: Stack,
  { emit, signal }: UpdateContext,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  let announced: string | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConcurrentUpdateError)) throw error;
      const holder = lockHolder(error.message) ?? { description: "another run" };
      if (isAbandoned(holder, process.env.PULUMI_BACKEND_URL)) {
        emit({
          kind: "notice",
          message: `taking over the stack lock that ${holder.description} left behind`,
        });
        await stack.cancel();
        continue;
      }
      if ((performance.now() - startedAt) / 1000 > lockWaitSeconds)
        throw lockedFor(stack.name, holder.description);
      if (announced !== holder.description) {
        announced = holder.description;
        const limit = formatDuration(lockWaitSeconds * 1000);
        emit({
          kind: "notice",
          message: `waiting up to ${limit} for ${announced}, which is updating the stack`,
        });
      }
      await sleep(lockPollSeconds * 1000, undefined, { signal });
    }
  }
}

function lockedFor(stack: string, holder: string): UserError {
  return new UserError(
    {
      code: "stack-locked",
      where: `stack ${stack}`,
      message: `${holder} has held the stack's lock for longer than ${formatDuration(lockWaitSeconds * 1000)}`,
      fix: `wait until it ends; if it no longer runs, release the lock with: pulumi cancel --stack ${stack}`,
    },
    { exitCode: 1 },
  );
}
