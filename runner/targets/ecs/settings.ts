import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";
import { describeTaskDefinition, responseOnly } from "./revision.ts";

/**
 * A revision of a task definition as its owner wrote it; undefined when it is gone.
 *
 * @param name `shop-ui:12`
 */
export async function readRevisionSettings(
  clients: Clients,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { taskDefinition } = await describeTaskDefinition(clients.ecs, name, signal);
    return Object.fromEntries(
      Object.entries(taskDefinition).filter(([field]) => !responseOnly.includes(field)),
    );
  } catch (error) {
    if (isAwsError(error, "ClientException", "InvalidParameterException")) return undefined;
    throw error;
  }
}
