import type { Service } from "@aws-sdk/client-ecs";
import { isAbort } from "../../../../config/problems/abort.ts";
import { firstLine } from "../../../../config/problems/first-line.ts";
import type { Image } from "../../../registry/image.ts";
import { type Clock, poll, pollPolicy } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";
import type { EcsApplied } from "../apply.ts";
import { findService } from "../inspect.ts";
import type { TaskDefinition } from "../state.ts";
import { bakeSeconds } from "../strategy.ts";
import { collectEvidence } from "../tasks/evidence.ts";
import { listTasks } from "../tasks/tasks.ts";
import { createAcceptance } from "./acceptance.ts";
import { cancelledEnd, type DeploymentEnd, failureFacts, timedOutEnd } from "./ends.ts";
import { emitLine } from "./lines.ts";
import { type Further, type Look, next } from "./next.ts";
import { trackServiceDeployment } from "./service-deployment.ts";
import { beginFollowing, type FollowState } from "./state.ts";
import { readUnhealthy } from "./target-health.ts";

export type { DeploymentEnd } from "./ends.ts";

export interface FollowOptions {
  readonly context: TargetContext;
  readonly clock: Clock;
  readonly taskDefinition: TaskDefinition;
  readonly container: string;
  /** In addition to the bake time of the service's strategy. */
  readonly timeoutSeconds: number;
  /** Container → image that the tasks must run; undefined to go by the revision only. */
  readonly images: Readonly<Record<string, Image>> | undefined;
  /** Whether the tasks must be healthy in the service's target groups. */
  readonly targetHealth: boolean;
}

/**
 * Follows a deployment until it has ended or failed or the time is up, and reports the service's new events.
 * Looks, emits and sleeps; `next` decides.
 */
export async function followDeployment(applied: EcsApplied, options: FollowOptions): Promise<DeploymentEnd> {
  const { context, clock } = options;
  const { signal } = context;
  const log = (text: string) => emitLine(context, applied, { kind: "log", text });
  const observe = createObserver(applied, options, log);
  let state = beginFollowing(applied);
  const until = () => endOfWaiting(applied, options, state.last?.service);
  const look = async (attempt: number): Promise<DeploymentEnd | undefined> => {
    let seen: Look = { ...(await observe.service()), attempt, at: clock.now() };
    for (;;) {
      const step = next(state, seen, applied);
      if (step.kind === "wants") {
        seen = { ...seen, ...(await observe.further(step.further)) };
        continue;
      }
      state = step.state;
      for (const line of step.say) emitLine(context, applied, line);
      return step.end;
    }
  };
  try {
    const onNoAnswer = (error: Error) => log(`no answer, trying again: ${firstLine(error)}`);
    const end = await poll(look, { clock, policy: pollPolicy, until, signal, onNoAnswer });
    if (end !== undefined) return end;
    const evidence = state.failure === undefined ? await observe.evidence(state) : [];
    return timedOutEnd(state, applied, (until() - applied.startedAt) / 1000, evidence);
  } catch (error) {
    if (!isAbort(error)) throw error;
    return cancelledEnd(state, applied);
  }
}

/** Reads the parts of a deployment, each on request. */
function createObserver(applied: EcsApplied, options: FollowOptions, log: (text: string) => void) {
  const { context, taskDefinition, container, targetHealth } = options;
  const { clients, signal } = context;
  const accept = createAcceptance(applied, options);
  const track = trackServiceDeployment(clients, applied, (reason) =>
    log(`following by the service's own list: the service deployments API answered: ${reason}`),
  );
  const evidence = async (state: FollowState): Promise<readonly string[]> => {
    const { last, unhealthy } = state;
    const health =
      !targetHealth || unhealthy.length > 0 || last === undefined
        ? unhealthy
        : await readUnhealthy(clients, last.service, applied, signal);
    const facts = [...health, ...failureFacts(state, applied)];
    return collectEvidence(clients, applied, taskDefinition, container, signal, facts);
  };
  return {
    evidence,
    async service(): Promise<Pick<Look, "service" | "ours">> {
      const [found, ours] = await Promise.all([findService(clients, applied, signal), track(signal)]);
      const isGone = found === undefined || found === "no cluster" || found.status === "INACTIVE";
      return { service: isGone ? undefined : found, ours };
    },
    async further(asked: Further): Promise<Partial<Look>> {
      switch (asked.what) {
        case "stopped":
          return { stopped: await listTasks(clients, applied, "STOPPED", signal) };
        case "acceptance":
          return { acceptance: await accept(asked.service, asked.desired) };
        case "evidence":
          return { evidence: await evidence(asked.state) };
      }
    },
  };
}

/** When to stop waiting, by our clock: the target's time plus ECS's bake time. */
function endOfWaiting(applied: EcsApplied, options: FollowOptions, service: Service | undefined): number {
  const bake = bakeSeconds(service?.deploymentConfiguration);
  return applied.startedAt + (options.timeoutSeconds + bake) * 1000;
}
