import {
  DescribeContainerInstancesCommand,
  type LoadBalancer,
  type Service,
  type Task,
} from "@aws-sdk/client-ecs";
import type { TargetHealthDescription } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Clients } from "../../../aws/clients.ts";
import { nameOf } from "../state.ts";
import { addressOf } from "../tasks/addresses.ts";
import { listTasks, type TaskQuery } from "../tasks/tasks.ts";

/** A task as a load balancer knows it. */
export interface Endpoint {
  readonly task: string;
  /** Its IP address, or the id of its EC2 instance. */
  readonly target: string;
  readonly port: number | undefined;
}

/** The targets in the groups that one container port is registered in. */
export interface PortHealth {
  /** One, or both groups of a blue/green pair: a task is in either. */
  readonly groups: readonly string[];
  readonly endpoints: readonly Endpoint[];
  readonly descriptions: readonly TargetHealthDescription[];
}

export interface HealthVerdict {
  readonly healthy: number;
  readonly wanted: number;
  /** `10.0.1.5:8080 in shop-ui is unhealthy: Health checks failed (Target.ResponseCodeMismatch)` */
  readonly waiting: readonly string[];
}

/**
 * Reads the health of the new revision's tasks from the service's target groups: by IP address for tasks that
 * have their own, by instance and port for others.
 */
export async function readTargetHealth(
  clients: Clients,
  service: Service,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<PortHealth[]> {
  // Loaded only for services with a load balancer; most have none.
  const { DescribeTargetHealthCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const instances = await instanceIds(clients, service, tasks, signal);
  const ports = (service.loadBalancers ?? []).filter(({ targetGroupArn }) => targetGroupArn !== undefined);
  return Promise.all(
    ports.map(async (port) => {
      const arns = [port.targetGroupArn, port.advancedConfiguration?.alternateTargetGroupArn].filter(
        (arn) => arn !== undefined,
      );
      const answers = await Promise.all(
        arns.map((TargetGroupArn) =>
          clients.elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn }), { abortSignal: signal }),
        ),
      );
      return {
        groups: arns.map((arn) => arn.split("/").at(-2) ?? arn),
        endpoints: tasks.flatMap((task) => endpointOf(task, port, instances) ?? []),
        descriptions: answers.flatMap(({ TargetHealthDescriptions = [] }) => TargetHealthDescriptions),
      };
    }),
  );
}

/**
 * How many of a revision's tasks are healthy in their load balancers, and why the others are not. A group that
 * is not in use, or has no health checks, rejects no task.
 */
export function judgeTargetHealth(ports: readonly PortHealth[]): HealthVerdict {
  const findings = ports.flatMap(({ groups, endpoints, descriptions }) =>
    endpoints.map((endpoint): string | undefined => {
      const place = `${endpoint.target}${endpoint.port === undefined ? "" : `:${endpoint.port}`} in ${groups.join(" or ")}`;
      const found = descriptions.filter(
        ({ Target }) =>
          Target?.Id === endpoint.target && (endpoint.port === undefined || Target.Port === endpoint.port),
      );
      if (found.length === 0) return `${place} is not registered yet`;
      if (found.some(({ TargetHealth }) => fine.includes(TargetHealth?.State ?? ""))) return undefined;
      const { State = "unknown", Description, Reason } = found[0]?.TargetHealth ?? {};
      const why = Description ?? Reason;
      const code = Description === undefined || Reason === undefined ? "" : ` (${Reason})`;
      return `${place} is ${State}${why === undefined ? "" : `: ${why}${code}`}`;
    }),
  );
  const waiting = findings.filter((finding) => finding !== undefined);
  return { healthy: findings.length - waiting.length, wanted: findings.length, waiting };
}

/**
 * What the service's target groups have against the running tasks of a revision, to explain a failure;
 * nothing when they can't be asked.
 */
export async function readUnhealthy(
  clients: Clients,
  service: Service,
  query: TaskQuery,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if ((service.loadBalancers ?? []).length === 0) return [];
  try {
    const tasks = await listTasks(clients, query, "RUNNING", signal);
    return judgeTargetHealth(await readTargetHealth(clients, service, tasks, signal)).waiting.slice(0, 5);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

const fine: readonly string[] = ["healthy", "unused", "unavailable"];

function endpointOf(
  task: Task,
  port: LoadBalancer,
  instances: ReadonlyMap<string, string>,
): Endpoint | undefined {
  const name = nameOf(task.taskArn).slice(0, 8);
  const address = addressOf(task);
  if (address !== undefined) return { task: name, target: address, port: port.containerPort };
  const target = instances.get(task.containerInstanceArn ?? "");
  const container = task.containers?.find((one) => one.name === port.containerName);
  const hostPort = container?.networkBindings?.find(
    (binding) => binding.containerPort === port.containerPort,
  )?.hostPort;
  return target === undefined ? undefined : { task: name, target, port: hostPort };
}

/** Container instance → EC2 instance, for tasks without an address of their own. */
async function instanceIds(
  clients: Clients,
  service: Service,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const arns = tasks
    .filter((task) => addressOf(task) === undefined)
    .flatMap((task) => task.containerInstanceArn ?? []);
  if (arns.length === 0) return new Map();
  const { containerInstances = [] } = await clients.ecs.send(
    new DescribeContainerInstancesCommand({
      cluster: service.clusterArn,
      containerInstances: [...new Set(arns)].slice(0, 100),
    }),
    { abortSignal: signal },
  );
  return new Map(
    containerInstances.map(({ containerInstanceArn, ec2InstanceId }) => [
      containerInstanceArn ?? "",
      ec2InstanceId ?? "",
    ]),
  );
}
