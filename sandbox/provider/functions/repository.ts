import { ECR } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import { defineFunction } from "../function.ts";
import { fromKeyValues } from "../tags.ts";

export const getRepository = defineFunction<ecr.GetRepositoryArgs, ecr.GetRepositoryResult>()({
  token: "aws:ecr/getRepository:getRepository",
  arguments: { name: "used", region: "used", registryId: "used", tags: "ignored" },
  async call({ name, registryId }, context) {
    const client = context.client(ECR, "ecr");
    const { repositories } = await client.describeRepositories({ repositoryNames: [name], registryId });
    const found = repositories?.[0];
    if (found === undefined) throw new Error(`there is no repository ${name}`);
    const [{ tags }, { imageDetails }] = await Promise.all([
      client.listTagsForResource({ resourceArn: found.repositoryArn }),
      client.describeImages({ repositoryName: name }),
    ]);
    const latest = imageDetails?.toSorted(
      (a, b) => (b.imagePushedAt?.getTime() ?? 0) - (a.imagePushedAt?.getTime() ?? 0),
    )[0];
    return {
      arn: found.repositoryArn ?? "",
      encryptionConfigurations: [
        {
          encryptionType: found.encryptionConfiguration?.encryptionType ?? "AES256",
          kmsKey: found.encryptionConfiguration?.kmsKey ?? "",
        },
      ],
      id: name,
      imageScanningConfigurations: [{ scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false }],
      imageTagMutability: found.imageTagMutability ?? "MUTABLE",
      imageTagMutabilityExclusionFilters: (found.imageTagMutabilityExclusionFilters ?? []).map(
        ({ filter = "", filterType = "WILDCARD" }) => ({ filter, filterType }),
      ),
      mostRecentImageTags: latest?.imageTags ?? [],
      name,
      region: context.region,
      registryId: found.registryId ?? context.account,
      repositoryUrl: found.repositoryUri ?? "",
      tags: fromKeyValues(tags),
    };
  },
});
