import {
  DescribeServiceRevisionsCommand,
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionsCommand,
  type Service,
} from "@aws-sdk/client-ecs";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import { type ImageUse, parallelReads, type ReadContext } from "../../image-use.ts";
import { nameOf, revisionName } from "../state.ts";
import { revisionsInCall } from "./service-revision.ts";

/**
 * The digests of all containers that ECS resolved for each service. A tag that has moved since leaves a digest
 * without a tag, and every new task of the service pulls it.
 *
 * "Amazon ECS resolves container image tags to digests" for each deployment:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
 */
export async function digestsOfServices(
  { clients, signal }: ReadContext,
  services: readonly Service[],
): Promise<readonly ImageUse[]> {
  const where = new Map(
    services
      .filter(({ status }) => status !== "INACTIVE")
      .flatMap(({ currentServiceRevisions = [], clusterArn, serviceName }) =>
        currentServiceRevisions.flatMap(({ arn }) =>
          arn === undefined ? [] : [[arn, `ecs ${nameOf(clusterArn)}/${serviceName}`] as const],
        ),
      ),
  );
  const described = await pMap(
    chunk([...where.keys()], revisionsInCall),
    async (serviceRevisionArns) => {
      const command = new DescribeServiceRevisionsCommand({ serviceRevisionArns });
      const { serviceRevisions = [] } = await clients.ecs.send(command, { abortSignal: signal });
      return serviceRevisions;
    },
    { concurrency: parallelReads, signal },
  );
  return described.flat().flatMap(({ serviceRevisionArn = "", taskDefinition, containerImages = [] }) =>
    containerImages.flatMap(({ image, imageDigest }): ImageUse[] =>
      image === undefined || imageDigest === undefined
        ? []
        : [
            {
              reference: image,
              digest: imageDigest,
              where: where.get(serviceRevisionArn) ?? serviceRevisionArn,
              why: `resolved for ${revisionName(taskDefinition)}`,
            },
          ],
    ),
  );
}

/**
 * What the newest revisions of families name besides the revisions that are in use: a person goes back to them, and
 * schedules start them.
 *
 * @param inUse ARNs of the revisions in use, whose families are looked at
 * @param count revisions of each family
 */
export async function newestRevisions(
  { clients, signal }: ReadContext,
  inUse: readonly string[],
  count: number,
): Promise<readonly ImageUse[]> {
  if (count === 0) return [];
  const known = new Set(inUse);
  const families = [...new Set(inUse.map(familyOf))];
  const uses = await pMap(
    families,
    async (familyPrefix) => {
      const command = new ListTaskDefinitionsCommand({
        familyPrefix,
        status: "ACTIVE",
        sort: "DESC",
        maxResults: Math.min(100, count),
      });
      const { taskDefinitionArns = [] } = await clients.ecs.send(command, { abortSignal: signal });
      const others = taskDefinitionArns.filter((arn) => !known.has(arn));
      return (await pMap(others, (arn) => imagesOf(arn), { concurrency: 2 })).flat();
    },
    { concurrency: parallelReads, signal },
  );
  return uses.flat();

  async function imagesOf(arn: string): Promise<readonly ImageUse[]> {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn });
    const { taskDefinition } = await clients.ecs.send(command, { abortSignal: signal });
    return (taskDefinition?.containerDefinitions ?? []).flatMap(({ image }): ImageUse[] =>
      image === undefined
        ? []
        : [
            {
              reference: image,
              where: `ecs task definition ${familyOf(arn)}`,
              why: `revision ${revisionName(arn)}`,
              certainty: "returns",
            },
          ],
    );
  }
}

/** `arn:aws:ecs:eu-west-1:111122223333:task-definition/shop-ui:12` → `shop-ui` */
function familyOf(arn: string): string {
  return revisionName(arn).replace(/:\d+$/, "");
}
