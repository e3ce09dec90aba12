import { ECR, type EncryptionType, type ImageTagMutability } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import { withDefaults } from "../../compare.ts";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");

export const repository = defineResource<ecr.RepositoryArgs, ecr.Repository>()({
  token: "aws:ecr/repository:Repository",
  inputs: {
    encryptionConfigurations: {
      on: "replace",
      fallback: [{ encryptionType: "AES256" }],
      // KMS without a key gets AWS's own key. That is not a difference.
      compare: withDefaults({ encryptionType: "AES256" }),
      keys: ["encryptionType", "kmsKey"],
    },
    forceDelete: { on: "update", local: true },
    imageScanningConfiguration: { on: "update", fallback: { scanOnPush: false }, keys: ["scanOnPush"] },
    imageTagMutability: { on: "update", fallback: "MUTABLE" },
    imageTagMutabilityExclusionFilters: { on: "update", compare: "set", keys: ["filter", "filterType"] },
    name: "replace",
    region: { on: "replace", computed: true },
    tags: "update",
  },
  computed: { arn: "stable", registryId: "stable", repositoryUrl: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const name = inputs.name ?? "";
    const [encryption] = inputs.encryptionConfigurations ?? [];
    await client(context).createRepository({
      repositoryName: name,
      ...mutabilityOf(inputs),
      imageScanningConfiguration: { scanOnPush: inputs.imageScanningConfiguration?.scanOnPush ?? false },
      encryptionConfiguration: {
        encryptionType: (encryption?.encryptionType ?? "AES256") as EncryptionType,
        kmsKey: encryption?.kmsKey,
      },
      tags: asKeyValues(allTags(inputs.tags, context)),
    });
    return name;
  },

  async read(id, _previous, context) {
    const answer = await unlessGone(
      client(context).describeRepositories({ repositoryNames: [id] }),
      "RepositoryNotFoundException",
    );
    const found = answer?.repositories?.[0];
    if (found === undefined) return undefined;
    const arn = found.repositoryArn ?? "";
    const { tags } = await client(context).listTagsForResource({ resourceArn: arn });
    return {
      id,
      outputs: {
        arn,
        encryptionConfigurations: [
          {
            encryptionType: found.encryptionConfiguration?.encryptionType ?? "AES256",
            kmsKey: found.encryptionConfiguration?.kmsKey ?? "",
          },
        ],
        imageScanningConfiguration: { scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false },
        imageTagMutability: found.imageTagMutability,
        imageTagMutabilityExclusionFilters: found.imageTagMutabilityExclusionFilters?.map(
          ({ filter = "", filterType = "WILDCARD" }) => ({ filter, filterType }),
        ),
        name: found.repositoryName ?? id,
        registryId: found.registryId ?? context.account,
        repositoryUrl: found.repositoryUri ?? "",
        tagsAll: fromKeyValues(tags),
      },
    };
  },

  async update(id, { inputs, previous, changed }, context) {
    const ecr = client(context);
    if (changed.has("imageTagMutability") || changed.has("imageTagMutabilityExclusionFilters")) {
      await ecr.putImageTagMutability({ repositoryName: id, ...mutabilityOf(inputs) });
    }
    if (changed.has("imageScanningConfiguration")) {
      const scanOnPush = inputs.imageScanningConfiguration?.scanOnPush ?? false;
      await ecr.putImageScanningConfiguration({
        repositoryName: id,
        imageScanningConfiguration: { scanOnPush },
      });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await ecr.untagResource({ resourceArn: previous.arn, tagKeys: remove });
      if (Object.keys(set).length > 0) {
        await ecr.tagResource({ resourceArn: previous.arn, tags: asKeyValues(set) });
      }
    }
  },

  async delete(id, outputs, context) {
    await unlessGone(
      client(context).deleteRepository({ repositoryName: id, force: outputs.forceDelete ?? false }),
      "RepositoryNotFoundException",
    );
  },
});

function mutabilityOf(inputs: InputsOf<ecr.RepositoryArgs>) {
  return {
    imageTagMutability: (inputs.imageTagMutability ?? "MUTABLE") as ImageTagMutability,
    imageTagMutabilityExclusionFilters: inputs.imageTagMutabilityExclusionFilters?.map(({ filter }) => ({
      filter,
      filterType: "WILDCARD" as const,
    })),
  };
}
