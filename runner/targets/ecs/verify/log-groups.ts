import { DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { isAwsError } from "../../../aws/errors.ts";
import { check, elsewhere } from "../../checks.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import type { ExistingService } from "../state.ts";

/**
 * Checks that the containers' log groups exist, or that containers create them: without one, a task does
 * not start.
 */
export async function checkLogGroups(
  { taskDefinition }: ExistingService,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const groups = new Map(
    taskDefinition.containerDefinitions.flatMap(({ logConfiguration }) => {
      const group = logConfiguration?.options?.["awslogs-group"];
      return logConfiguration?.logDriver === "awslogs" && group !== undefined
        ? [[group, logConfiguration.options ?? {}] as const]
        : [];
    }),
  );
  return Promise.all(
    [...groups].map(async ([logGroupName, options]): Promise<TargetCheck> => {
      const name = `log group ${logGroupName}`;
      const region = options["awslogs-region"];
      if (options["awslogs-create-group"] === "true") {
        return { name, state: "ok", message: "is made when it is needed (awslogs-create-group)" };
      }
      if (region !== undefined && region !== clients.region) return elsewhere(name, region);
      return check(name, "exists", signal, async () => {
        try {
          await clients.logs.send(new DescribeLogStreamsCommand({ logGroupName, limit: 1 }), {
            abortSignal: signal,
          });
          return undefined;
        } catch (error) {
          if (!isAwsError(error, "ResourceNotFoundException")) throw error;
          return { message: "there is no such log group", fix: "create it, or set awslogs-create-group" };
        }
      });
    }),
  );
}
