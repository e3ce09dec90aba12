import { DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import pMap from "p-map";
import { isAwsError } from "../../aws/errors.ts";
import { type ImageUse, parallelReads, type ReadContext } from "../../targets/image-use.ts";

/** Something that starts tasks of a task definition. */
export interface TaskStart {
  /** ARN, with a revision or, for the newest one, without. */
  readonly taskDefinition: string;
  readonly where: string;
  /** `starts`, `starts (disabled)` */
  readonly how: string;
}

/** The images of the task definitions that something starts. One that is gone starts nothing. */
export async function imagesOfStarts(
  { clients, signal }: ReadContext,
  starts: readonly TaskStart[],
): Promise<readonly ImageUse[]> {
  const uses = await pMap(
    Map.groupBy(starts, ({ taskDefinition }) => taskDefinition),
    async ([taskDefinition, users]) => {
      const found = await describe(taskDefinition);
      const name = found?.taskDefinitionArn?.split("/").at(-1) ?? taskDefinition;
      const images = (found?.containerDefinitions ?? []).flatMap(({ image }) => image ?? []);
      return users.flatMap(({ where, how }) =>
        images.map(
          (reference): ImageUse => ({ reference, where, why: `${how} ${name}`, certainty: "starts" }),
        ),
      );
    },
    { concurrency: parallelReads, signal },
  );
  return uses.flat();

  async function describe(taskDefinition: string) {
    try {
      const command = new DescribeTaskDefinitionCommand({ taskDefinition });
      return (await clients.ecs.send(command, { abortSignal: signal })).taskDefinition;
    } catch (error) {
      // "Unable to describe task definition": it was deregistered and deleted.
      if (isAwsError(error, "ClientException")) return undefined;
      throw error;
    }
  }
}
