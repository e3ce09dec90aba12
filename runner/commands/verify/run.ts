import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pLimit from "p-limit";
import { normalizePlatform } from "../../../builder/manifest.ts";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { withPushLogin } from "../../build/push-login.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import { runStep } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import { type Answer, ask } from "../../targets/smoke/ask.ts";
import {
  type ContainerState,
  containerLog,
  type DockerClient,
  DockerRefused,
  docker,
  dockerPlatform,
  inspectContainer,
  inspectImage,
  isHere,
  withContainer,
} from "./container.ts";
import type { ServiceRun } from "./document.ts";
import { judgeContainer, type Question, questionFor, type RunVerdict, tooLate } from "./health.ts";
import { type ImageToVerify, imagesToVerify } from "./image.ts";

export interface RunRequest {
  /** `linux/arm64`; undefined: that of the machine that runs containers. */
  readonly platform: string | undefined;
  /** Tag or digest; undefined: the image of the newest release. */
  readonly image: string | undefined;
  /** How long an image may take from its start until it is well. */
  readonly timeoutSeconds: number;
}

/** Containers at the same time. */
const parallelRuns = 4;
const pauseMilliseconds = 500;

/**
 * Starts the image of each service on this user's Docker, and asks whether it is well. The images come from the
 * registry by digest, with a login of their own; the containers get no secret and are always removed.
 *
 * @throws UserError `docker-unavailable` when Docker does not answer
 */
export async function runImages(session: Session, request: RunRequest): Promise<readonly ServiceRun[]> {
  const { timeline, clients, registry, signal, emit } = session;
  return timeline.run({ id: "run", title: "Start the images" }, (step) =>
    withPushLogin(clients, registry, signal, async (environment) => {
      const client: DockerClient = { environment, signal };
      const { platform, mayCall } = await dockerFacts(client, request.platform);
      const images = await imagesToVerify(session, request.image);
      const runOne = ({ service, image }: ImageToVerify) => {
        const id = `run ${service.name}`;
        return runStep(emit, { id, title: id, parent: step.id }, async ({ conclude, progress }) => {
          if (image === undefined) {
            conclude("skipped", "no release on this stack");
            return [];
          }
          const run = await runImage(client, service, image, { ...request, platform, mayCall, progress });
          conclude(run.state === "ok" ? "done" : "failed", run.message);
          return [run];
        });
      };
      // All of them end, also after an interruption: each removes its container.
      const limit = pLimit(parallelRuns);
      const settled = await Promise.allSettled(images.map((one) => limit(runOne, one)));
      signal.throwIfAborted();
      return settled.flatMap((one) => {
        if (one.status === "rejected") throw one.reason;
        return one.value;
      });
    }),
  );
}

async function dockerFacts(client: DockerClient, wanted: string | undefined) {
  try {
    const platform = normalizePlatform(wanted ?? (await dockerPlatform(client)));
    return { platform, mayCall: await isHere(client) };
  } catch (error) {
    if (!(error instanceof DockerRefused)) throw error;
    throw new UserError(
      {
        code: "docker-unavailable",
        where: "--run",
        message: `Docker does not answer: ${error.message}`,
        fix: "start Docker, or set DOCKER_HOST",
      },
      { exitCode: 2, cause: error },
    );
  }
}

interface Running extends Pick<RunRequest, "timeoutSeconds"> {
  readonly platform: string;
  readonly mayCall: boolean;
  readonly progress: (message: string) => void;
}

async function runImage(
  client: DockerClient,
  service: Service,
  image: Image,
  { platform, mayCall, timeoutSeconds, progress }: Running,
): Promise<ServiceRun> {
  const digest = image.manifests[platform];
  const started = Date.now();
  const about = { service: service.name, platform, reference: imageReference(image, digest) };
  const ended = (verdict: RunVerdict, log: readonly string[] = []): ServiceRun => ({
    ...about,
    ...verdict,
    milliseconds: Date.now() - started,
    ...(log.length === 0 ? {} : { log }),
  });
  if (digest === undefined) {
    const has = Object.keys(image.manifests).join(", ");
    return ended({
      state: "fail",
      message: `the image has no ${platform}, but ${has}: name one with --platform`,
    });
  }
  try {
    progress("pulling");
    await docker(client, "pull", "--quiet", "--platform", platform, about.reference);
    const question = questionFor(await inspectImage(client, about.reference), service.targets, mayCall);
    const name = `slipway-verify-${service.name}-${randomBytes(4).toString("hex")}`;
    const port = question.kind === "http" ? question.port : undefined;
    return await withContainer(client, { ...about, name, port }, async () => {
      progress("waiting until it is well");
      const verdict = await untilWell(client, name, question, timeoutSeconds);
      return ended(verdict, verdict.state === "ok" ? [] : await containerLog(client, name));
    });
  } catch (error) {
    if (!(error instanceof DockerRefused)) throw error;
    return ended({ state: "fail", message: error.message });
  }
}

/** Looks at a container until it is well, ends or takes too long. */
async function untilWell(
  client: DockerClient,
  name: string,
  question: Question,
  timeoutSeconds: number,
): Promise<RunVerdict> {
  const started = Date.now();
  for (;;) {
    const container = await inspectContainer(client, name);
    const answer = await answerOf(container, question, client.signal);
    const seconds = (Date.now() - started) / 1000;
    const verdict = judgeContainer(question, container, answer, seconds);
    if (verdict !== undefined) return verdict;
    if (seconds >= timeoutSeconds) return tooLate(question, container, answer, timeoutSeconds);
    await delay(pauseMilliseconds, undefined, { signal: client.signal });
  }
}

/** What a container answers over HTTP; undefined when it is not asked, or publishes nothing yet. */
async function answerOf(
  { NetworkSettings: { Ports: ports } }: ContainerState,
  question: Question,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  if (question.kind !== "http") return undefined;
  const published = ports?.[`${question.port}/tcp`]?.[0]?.HostPort;
  if (published === undefined) return undefined;
  const { path, timeoutSeconds } = question.check;
  return ask(`http://127.0.0.1:${published}${path}`, timeoutSeconds, signal);
}
