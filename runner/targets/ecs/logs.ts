import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { LogSource } from "../logs.ts";
import type { TargetContext } from "../target.ts";
import { findService } from "./inspect.ts";
import { ecsTitle } from "./plan.ts";
import { describeTaskDefinition } from "./revisions/task-definition.ts";
import { type ContainerDefinition, primaryOf, type TaskDefinition } from "./state.ts";

/** Where the containers of a service log to, by the task definition that it is set to: two calls. */
export async function logsOfEcs(
  serviceName: string,
  target: EcsTarget,
  { clients, signal }: TargetContext,
): Promise<LogSource[]> {
  const about = { service: serviceName, title: ecsTitle(target), kind: "ecs" as const };
  const elsewhere = (description: string): LogSource[] => [{ ...about, place: "elsewhere", description }];
  const service = await findService(clients, target, signal);
  if (service === "no cluster") return elsewhere(`there is no cluster ${target.cluster}`);
  const reference =
    service === undefined ? undefined : (primaryOf(service)?.taskDefinition ?? service.taskDefinition);
  if (reference === undefined) return elsewhere(`there is no service ${target.service}`);
  const { taskDefinition } = await describeTaskDefinition(clients.ecs, reference, signal);
  return sourcesOf(taskDefinition, target.container, clients.region).map((place) => ({ ...about, ...place }));
}

type Place =
  | Pick<Extract<LogSource, { place: "cloudwatch" }>, "place" | "group" | "streams" | "container">
  | Pick<Extract<LogSource, { place: "elsewhere" }>, "place" | "description" | "container">;

/**
 * Where each container of a task definition logs to.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
 *
 * @param main container that is called by its service's name alone
 */
export function sourcesOf(taskDefinition: TaskDefinition, main: string, region: string): Place[] {
  return taskDefinition.containerDefinitions.map((definition): Place => {
    const name = definition.name === main ? {} : { container: definition.name };
    return { ...name, ...placeOf(definition, region) };
  });
}

function placeOf({ name, logConfiguration }: ContainerDefinition, region: string): Place {
  const elsewhere = (description: string): Place => ({ place: "elsewhere", description });
  const driver = logConfiguration?.logDriver;
  if (driver === undefined) {
    return elsewhere("it has no logConfiguration: its lines stay with the container's own Docker");
  }
  const options = logConfiguration?.options ?? {};
  const group = options["awslogs-group"];
  if (driver !== "awslogs" || group === undefined) {
    return elsewhere(`its log driver is ${driver}${describeOptions(driver, options)}`);
  }
  const other = options["awslogs-region"];
  if (other !== undefined && other !== region) return elsewhere(`it logs to ${group} in ${other}`);
  const prefix = options["awslogs-stream-prefix"];
  // Without a prefix streams are called by containers' ids: nothing tells whose they are.
  return {
    place: "cloudwatch",
    group,
    streams: prefix === undefined ? { kind: "all" } : { kind: "prefix", prefix: `${prefix}/${name}/` },
  };
}

/** Options that say where a driver sends lines to; others may hold secrets. */
const placeOptions = [
  "Name",
  "log_group_name",
  "splunk-url",
  "gelf-address",
  "fluentd-address",
  "syslog-address",
];

function describeOptions(driver: string, options: Readonly<Record<string, string>>): string {
  const said = placeOptions.flatMap((key) => (options[key] === undefined ? [] : [`${key} ${options[key]}`]));
  return said.length === 0 ? `: look where ${driver} sends them` : ` (${said.join(", ")})`;
}
