import { ECR } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");
const gone = ["LifecyclePolicyNotFoundException", "RepositoryNotFoundException"];

export const lifecyclePolicy = defineResource<ecr.LifecyclePolicyArgs, ecr.LifecyclePolicy>()({
  token: "aws:ecr/lifecyclePolicy:LifecyclePolicy",
  inputs: {
    // The real provider also replaces it, because ECR keeps no versions of it.
    policy: { on: "replace", compare: "json" },
    region: { on: "replace", computed: true },
    repository: "replace",
  },
  computed: { registryId: "stable" },
  deleteBeforeReplace: true,

  async create({ repository, policy }, context) {
    const lifecyclePolicyText = asDocument(policy);
    await client(context).putLifecyclePolicy({ repositoryName: repository, lifecyclePolicyText });
    return repository;
  },

  async read(id, _previous, context) {
    const found = await unlessGone(client(context).getLifecyclePolicy({ repositoryName: id }), ...gone);
    if (found === undefined) return undefined;
    return {
      id,
      outputs: {
        policy: found.lifecyclePolicyText ?? "",
        registryId: found.registryId ?? context.account,
        repository: found.repositoryName ?? id,
      },
    };
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteLifecyclePolicy({ repositoryName: id }), ...gone);
  },
});
