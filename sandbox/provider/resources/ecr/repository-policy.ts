import { ECR } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");
const gone = ["RepositoryPolicyNotFoundException", "RepositoryNotFoundException"];

export const repositoryPolicy = defineResource<ecr.RepositoryPolicyArgs, ecr.RepositoryPolicy>()({
  token: "aws:ecr/repositoryPolicy:RepositoryPolicy",
  inputs: {
    policy: { on: "update", compare: "policy" },
    region: { on: "replace", computed: true },
    repository: "replace",
  },
  computed: { registryId: "stable" },
  deleteBeforeReplace: true,

  async create({ repository, policy }, context) {
    await client(context).setRepositoryPolicy({ repositoryName: repository, policyText: asDocument(policy) });
    return repository;
  },

  async read(id, _previous, context) {
    const found = await unlessGone(client(context).getRepositoryPolicy({ repositoryName: id }), ...gone);
    if (found === undefined) return undefined;
    return {
      id,
      outputs: {
        policy: found.policyText ?? "",
        registryId: found.registryId ?? context.account,
        repository: found.repositoryName ?? id,
      },
    };
  },

  async update(id, { inputs }, context) {
    await client(context).setRepositoryPolicy({ repositoryName: id, policyText: asDocument(inputs.policy) });
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteRepositoryPolicy({ repositoryName: id }), ...gone);
  },
});
