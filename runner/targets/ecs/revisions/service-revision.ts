import { DescribeServiceRevisionsCommand, type ECSClient, type Service } from "@aws-sdk/client-ecs";
import { batchesPer, inBatches } from "../../../aws/batches.ts";
import { hasCode, isAwsError } from "../../../aws/errors.ts";

/** Container → reference of its image, as the task definition has it. */
type ImagesByContainer = Readonly<Record<string, string>>;

/**
 * What a service runs, by its service revision; undefined when that takes the task definition: ECS names no
 * revision (older services, the local AWS), several are in use, or the credentials may not ask.
 *
 * Services that are asked about at the same time share a call.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
 */
export async function imagesOfRevision(
  ecs: ECSClient,
  service: Service,
  signal: AbortSignal,
): Promise<ImagesByContainer | undefined> {
  const [current, ...others] = service.currentServiceRevisions ?? [];
  if (current?.arn === undefined || others.length > 0) return undefined;
  const revision = await revisionsOf(ecs, "", signal)(current.arn);
  if (revision === "unknown" || revision.taskDefinition !== service.taskDefinition) return undefined;
  return revision.images;
}

interface Revision {
  readonly taskDefinition: string | undefined;
  readonly images: ImagesByContainer;
}

/** What one call takes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html */
export const revisionsInCall = 20;

const revisionsOf = batchesPer<ECSClient, Revision | "unknown">((ecs, _, signal) =>
  inBatches(revisionsInCall, (arns) => describeRevisions(ecs, arns, signal), hasRefused),
);

async function describeRevisions(
  ecs: ECSClient,
  arns: readonly string[],
  signal: AbortSignal,
): Promise<(arn: string) => { readonly value: Revision | "unknown" }> {
  const known = new Map<string, Revision>();
  try {
    const { serviceRevisions = [] } = await ecs.send(
      new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...arns] }),
      { abortSignal: signal },
    );
    for (const { serviceRevisionArn = "", taskDefinition, containerImages = [] } of serviceRevisions) {
      const images = containerImages.flatMap(({ containerName, image }) =>
        containerName === undefined || image === undefined ? [] : [[containerName, image] as const],
      );
      known.set(serviceRevisionArn, { taskDefinition, images: Object.fromEntries(images) });
    }
  } catch (error) {
    // One of several may be the one that is refused; alone, its task definition answers instead.
    if (!hasRefused(error) || arns.length > 1) throw error;
  }
  return (arn) => ({ value: known.get(arn) ?? "unknown" });
}

/** No permission, a revision that is gone, or an endpoint that does not know the API. */
function hasRefused(error: unknown): boolean {
  return (
    hasCode(error, "access-denied") ||
    isAwsError(error, "AccessDeniedException", "ClientException", "InvalidParameterException") ||
    isAwsError(error, "ServiceNotFoundException", "UnsupportedFeatureException", "InvalidAction")
  );
}
