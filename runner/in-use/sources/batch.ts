import {
  DescribeJobDefinitionsCommand,
  type EksPodProperties,
  type JobDefinition,
  paginateDescribeJobDefinitions,
  type TaskContainerProperties,
} from "@aws-sdk/client-batch";
import pMap from "p-map";
import { type ImageUse, parallelReads, type ReadContext } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";

/**
 * The images of all job definitions that jobs can be submitted with, of every revision that is active.
 * https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobDefinitions.html
 */
export async function imagesOfJobs({ clients, signal }: SourceContext): Promise<readonly ImageUse[]> {
  const uses: ImageUse[] = [];
  const pages = paginateDescribeJobDefinitions(
    { client: clients.batch, pageSize: 100 },
    { status: "ACTIVE" },
    { abortSignal: signal },
  );
  for await (const { jobDefinitions = [] } of pages) {
    for (const job of jobDefinitions) {
      const where = `batch job definition ${job.jobDefinitionName}`;
      for (const reference of imagesIn(job))
        uses.push({ reference, where, why: `revision ${job.revision}`, certainty: "starts" });
    }
  }
  return uses;
}

/** Something that submits jobs of a definition: its name, `name:revision`, or ARN. */
export interface JobStart {
  readonly definition: string;
  readonly where: string;
  readonly how: string;
}

/** The images of the job definitions that something submits. */
export async function jobImages(
  { clients, signal }: ReadContext,
  starts: readonly JobStart[],
): Promise<readonly ImageUse[]> {
  const uses = await pMap(
    Map.groupBy(starts, ({ definition }) => definition),
    async ([definition, users]) => {
      const command = new DescribeJobDefinitionsCommand({ jobDefinitions: [definition] });
      const { jobDefinitions = [] } = await clients.batch.send(command, { abortSignal: signal });
      return jobDefinitions.flatMap((job) =>
        imagesIn(job).flatMap((reference) =>
          users.map(
            ({ where, how }): ImageUse => ({
              reference,
              where,
              why: `${how} ${job.jobDefinitionName}:${job.revision}`,
              certainty: "starts",
            }),
          ),
        ),
      );
    },
    { concurrency: parallelReads, signal },
  );
  return uses.flat();
}

/** The images of a job: of one container or many, of several nodes, on ECS or on EKS. Each once. */
export function imagesIn(job: JobDefinition): readonly string[] {
  const ofTasks = (tasks: readonly { readonly containers?: TaskContainerProperties[] | undefined }[] = []) =>
    tasks.flatMap(({ containers = [] }) => containers.map(({ image }) => image));
  const ofPod = (pod: EksPodProperties | undefined) =>
    [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ image }) => image);
  const nodes = job.nodeProperties?.nodeRangeProperties ?? [];
  const images = [
    job.containerProperties?.image,
    ...ofTasks(job.ecsProperties?.taskProperties),
    ...ofPod(job.eksProperties?.podProperties),
    ...nodes.flatMap((node) => [
      node.container?.image,
      ...ofTasks(node.ecsProperties?.taskProperties),
      ...ofPod(node.eksProperties?.podProperties),
    ]),
  ];
  return [...new Set(images.filter((image) => image !== undefined))];
}
