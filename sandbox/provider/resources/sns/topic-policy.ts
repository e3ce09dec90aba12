import { SNS } from "@aws-sdk/client-sns";
import type { sns } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(SNS, "sns");
const gone = ["NotFoundException", "NotFound"];

export const topicPolicy = defineResource<sns.TopicPolicyArgs, sns.TopicPolicy>()({
  token: "aws:sns/topicPolicy:TopicPolicy",
  inputs: {
    arn: "replace",
    policy: { on: "update", compare: "policy" },
    region: { on: "replace", computed: true },
  },
  computed: { owner: "stable" },
  deleteBeforeReplace: true,

  async create({ arn, policy }, context) {
    await put(arn, asDocument(policy), context);
    return arn;
  },

  async read(id, _previous, context) {
    const found = await unlessGone(client(context).getTopicAttributes({ TopicArn: id }), ...gone);
    const live = found?.Attributes;
    if (live?.Policy === undefined || live.Policy === "") return undefined;
    return {
      id,
      outputs: { arn: live.TopicArn ?? id, owner: live.Owner ?? context.account, policy: live.Policy },
    };
  },

  async update(id, { inputs }, context) {
    await put(id, asDocument(inputs.policy), context);
  },

  /**
   * SNS has no topic without a policy: the one that a new topic gets is put back, as the real provider
   * does.
   */
  async delete(id, { owner }, context) {
    const policy = {
      Version: "2008-10-17",
      Id: "__default_policy_ID",
      Statement: [
        {
          Sid: "__default_statement_ID",
          Effect: "Allow",
          Principal: { AWS: "*" },
          Action: [
            "SNS:GetTopicAttributes",
            "SNS:SetTopicAttributes",
            "SNS:AddPermission",
            "SNS:RemovePermission",
            "SNS:DeleteTopic",
            "SNS:Subscribe",
            "SNS:ListSubscriptionsByTopic",
            "SNS:Publish",
          ],
          Resource: id,
          Condition: { StringEquals: { "AWS:SourceOwner": owner } },
        },
      ],
    };
    await unlessGone(put(id, JSON.stringify(policy), context), ...gone);
  },
});

async function put(TopicArn: string, policy: string, context: AwsContext): Promise<void> {
  await client(context).setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue: policy });
}
