import { type CoveredResource, paginateListCoverage } from "@aws-sdk/client-inspector2";
import { partitionOf } from "../../../config/stack/partition.ts";
import type { ImageUse } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";

/**
 * What Inspector counts as in use: ECS tasks and EKS pods of all accounts that it looks at, so that it also sees
 * clusters that nobody else here can. Only with enhanced scanning; that it counts none proves nothing.
 * https://docs.aws.amazon.com/inspector/v2/APIReference/API_EcrContainerImageMetadata.html
 */
export async function imagesSeenByInspector({
  clients,
  signal,
}: SourceContext): Promise<readonly ImageUse[]> {
  const uses: ImageUse[] = [];
  const pages = paginateListCoverage(
    { client: clients.inspector2, pageSize: 200 },
    {
      filterCriteria: {
        resourceType: [{ comparison: "EQUALS", value: "AWS_ECR_CONTAINER_IMAGE" }],
        ecrImageInUseCount: [{ lowerInclusive: 1 }],
      },
    },
    { abortSignal: signal },
  );
  for await (const { coveredResources = [] } of pages)
    uses.push(...coveredResources.flatMap((one) => useOf(one)));
  return uses;

  function useOf({ resourceId = "", resourceMetadata }: CoveredResource): readonly ImageUse[] {
    const image = /^arn:[^:]+:ecr:([^:]+):(\d{12}):repository\/(.+)\/(sha256:[0-9a-f]{64})$/.exec(resourceId);
    const { inUseCount = 0, lastInUseAt } = resourceMetadata?.ecrImage ?? {};
    if (image === null || inUseCount === 0) return [];
    const [, region = "", account = "", repository = "", digest = ""] = image;
    const last = lastInUseAt === undefined ? "" : `, last on ${lastInUseAt.toISOString().slice(0, 10)}`;
    return [
      {
        reference: `${account}.dkr.ecr.${region}.${partitionOf(region).dnsSuffix}/${repository}@${digest}`,
        where: "Inspector",
        why: `${inUseCount} ${inUseCount === 1 ? "task or pod" : "tasks or pods"}${last}`,
        certainty: "reported",
      },
    ];
  }
}
