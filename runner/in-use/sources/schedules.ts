import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  paginateListSchedules,
} from "@aws-sdk/client-scheduler";
import pMap from "p-map";
import { z } from "zod";
import { type ImageUse, parallelReads } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";
import { imagesOfStarts, type TaskStart } from "./task-images.ts";

/**
 * The images of tasks that schedules start, of all groups. A schedule that is disabled counts: somebody may enable it.
 * Only those whose target is of ECS are read one by one.
 * https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html
 */
export async function imagesOfSchedules(context: SourceContext): Promise<readonly ImageUse[]> {
  const { clients, signal } = context;
  const names: { readonly Name: string; readonly GroupName: string | undefined }[] = [];
  const pages = paginateListSchedules(
    { client: clients.scheduler, pageSize: 100 },
    {},
    { abortSignal: signal },
  );
  for await (const { Schedules = [] } of pages) {
    for (const { Name, GroupName, Target } of Schedules) {
      if (Name !== undefined && /:ecs:/.test(Target?.Arn ?? "")) names.push({ Name, GroupName });
    }
  }
  const starts = await pMap(
    names,
    async ({ Name, GroupName }) => {
      const command = new GetScheduleCommand({ Name, ...(GroupName !== undefined && { GroupName }) });
      return startOf(await clients.scheduler.send(command, { abortSignal: signal }));
    },
    { concurrency: parallelReads, signal },
  );
  return imagesOfStarts(context, starts.flat());
}

function startOf({
  Name,
  GroupName = "default",
  State,
  Target,
}: GetScheduleCommandOutput): readonly TaskStart[] {
  const taskDefinition = Target?.EcsParameters?.TaskDefinitionArn ?? universalTask(Target?.Input);
  if (taskDefinition === undefined) return [];
  const where = `schedule ${GroupName === "default" ? "" : `${GroupName}/`}${Name}`;
  return [{ taskDefinition, where, how: State === "DISABLED" ? "disabled, starts" : "starts" }];
}

const inputSchema = z.object({ TaskDefinition: z.string() });

/**
 * The task definition of a universal target (`arn:aws:scheduler:::aws-sdk:ecs:runTask`), whose input is RunTask's.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
 */
export function universalTask(input: string | undefined): string | undefined {
  if (input === undefined) return undefined;
  try {
    return inputSchema.safeParse(JSON.parse(input)).data?.TaskDefinition;
  } catch {
    return undefined;
  }
}
