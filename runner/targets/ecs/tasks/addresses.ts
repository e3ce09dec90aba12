import type { Task } from "@aws-sdk/client-ecs";
import type { TaskDefinition } from "../state.ts";

/** A task's own private address (network mode awsvpc); undefined when it has none. */
export function addressOf(task: Task): string | undefined {
  const details = (task.attachments ?? []).flatMap((attachment) => attachment.details ?? []);
  const address = details.find(({ name }) => name === "privateIPv4Address")?.value;
  return (
    address ??
    task.containers
      ?.flatMap(({ networkInterfaces }) => networkInterfaces ?? [])
      .find(({ privateIpv4Address }) => privateIpv4Address !== undefined)?.privateIpv4Address
  );
}

/** The first port that a container maps; undefined when it maps none. */
export function firstPort({ containerDefinitions }: TaskDefinition, container: string): number | undefined {
  const definition = containerDefinitions.find(({ name }) => name === container);
  const mappings = definition?.portMappings as readonly { containerPort?: number }[] | null | undefined;
  return mappings?.find(({ containerPort }) => containerPort !== undefined)?.containerPort;
}
