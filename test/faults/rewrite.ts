import type { Fault } from "./rules.ts";

/** A JSON answer of AWS's with something else in it. */
export function rewriteJson<T>(change: (document: T) => void): Fault {
  return {
    kind: "rewrite",
    answer: (text) => {
      const document = JSON.parse(text) as T;
      change(document);
      return JSON.stringify(document);
    },
  };
}

interface Event {
  readonly id: string;
  readonly createdAt: number;
  readonly message: string;
}

/** A service has this event, too, and it is the newest; in ECS's own words. */
export function withEvent(message: string): Fault {
  return rewriteJson<{ services: { events: Event[] }[] }>(({ services }) => {
    const event = { id: message, createdAt: Date.now() / 1000, message };
    for (const service of services) service.events.unshift(event);
  });
}

interface Task {
  readonly lastStatus: string;
  stopCode?: string;
  stoppedReason?: string;
  readonly containers: { exitCode?: number; healthStatus: string; reason?: string }[];
}

/** Tasks that stopped have done so as ECS took them for unhealthy: the emulator runs no health checks. */
export function stoppedAsUnhealthy(stoppedReason: string): Fault {
  return rewriteJson<{ tasks: Task[] }>(({ tasks }) => {
    for (const task of tasks.filter(({ lastStatus }) => lastStatus === "STOPPED")) {
      Object.assign(task, { stopCode: "ServiceSchedulerInitiated", stoppedReason });
      for (const container of task.containers)
        Object.assign(container, { exitCode: 137, healthStatus: "UNHEALTHY" });
    }
  });
}

/** Targets of a load balancer are unhealthy, as it would put it. */
export function unhealthyTargets(reason: string, description: string): Fault {
  return {
    kind: "rewrite",
    answer: (text) =>
      text.replaceAll(
        "<State>healthy</State>",
        `<State>unhealthy</State><Reason>${reason}</Reason><Description>${description}</Description>`,
      ),
  };
}

/** A function whose last update has failed. */
export function failedUpdate(code: string, reason: string): Fault {
  return rewriteJson<{ Configuration: object }>(({ Configuration }) =>
    Object.assign(Configuration, {
      LastUpdateStatus: "Failed",
      LastUpdateStatusReasonCode: code,
      LastUpdateStatusReason: reason,
    }),
  );
}
