import { ECR } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");

export const pullTimeUpdateExclusion = defineResource<
  ecr.PullTimeUpdateExclusionArgs,
  ecr.PullTimeUpdateExclusion
>()({
  token: "aws:ecr/pullTimeUpdateExclusion:PullTimeUpdateExclusion",
  inputs: {
    region: { on: "replace", computed: true },
    principalArn: "replace",
  },
  computed: {},

  async create({ principalArn }, context) {
    await client(context).registerPullTimeUpdateExclusion({ principalArn });
    return principalArn;
  },

  async read(id, _previous, context) {
    const { pullTimeUpdateExclusions = [] } = await client(context).listPullTimeUpdateExclusions({});
    return pullTimeUpdateExclusions.includes(id) ? { id, outputs: { principalArn: id } } : undefined;
  },

  async delete(id, _outputs, context) {
    await client(context).deregisterPullTimeUpdateExclusion({ principalArn: id });
  },

  declared({ principalArn }) {
    return { id: principalArn, outputs: {} };
  },
});
