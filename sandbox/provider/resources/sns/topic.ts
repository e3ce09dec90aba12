import { SNS } from "@aws-sdk/client-sns";
import type { sns } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(SNS, "sns");

type Inputs = InputsOf<sns.TopicArgs>;

/** SNS's attribute for each input that is one. */
const attributes = {
  applicationFailureFeedbackRoleArn: "ApplicationFailureFeedbackRoleArn",
  applicationSuccessFeedbackRoleArn: "ApplicationSuccessFeedbackRoleArn",
  deliveryPolicy: "DeliveryPolicy",
  displayName: "DisplayName",
  httpFailureFeedbackRoleArn: "HTTPFailureFeedbackRoleArn",
  httpSuccessFeedbackRoleArn: "HTTPSuccessFeedbackRoleArn",
  kmsMasterKeyId: "KmsMasterKeyId",
  lambdaFailureFeedbackRoleArn: "LambdaFailureFeedbackRoleArn",
  lambdaSuccessFeedbackRoleArn: "LambdaSuccessFeedbackRoleArn",
  policy: "Policy",
  signatureVersion: "SignatureVersion",
  sqsFailureFeedbackRoleArn: "SQSFailureFeedbackRoleArn",
  sqsSuccessFeedbackRoleArn: "SQSSuccessFeedbackRoleArn",
  tracingConfig: "TracingConfig",
} as const satisfies Partial<Record<keyof sns.TopicArgs, string>>;

export const topic = defineResource<sns.TopicArgs, sns.Topic>()({
  token: "aws:sns/topic:Topic",
  inputs: {
    applicationFailureFeedbackRoleArn: "update",
    applicationSuccessFeedbackRoleArn: "update",
    applicationSuccessFeedbackSampleRate: "unsupported",
    archivePolicy: "unsupported",
    contentBasedDeduplication: "unsupported",
    deliveryPolicy: { on: "update", compare: "json" },
    displayName: "update",
    fifoThroughputScope: "unsupported",
    fifoTopic: "unsupported",
    firehoseFailureFeedbackRoleArn: "unsupported",
    firehoseSuccessFeedbackRoleArn: "unsupported",
    firehoseSuccessFeedbackSampleRate: "unsupported",
    httpFailureFeedbackRoleArn: "update",
    httpSuccessFeedbackRoleArn: "update",
    httpSuccessFeedbackSampleRate: "unsupported",
    kmsMasterKeyId: "update",
    lambdaFailureFeedbackRoleArn: "update",
    lambdaSuccessFeedbackRoleArn: "update",
    lambdaSuccessFeedbackSampleRate: "unsupported",
    name: "replace",
    namePrefix: "unsupported",
    // Without one SNS has a policy of its own, and an aws.sns.TopicPolicy may own it.
    policy: { on: "update", computed: true, compare: "policy" },
    region: { on: "replace", computed: true },
    signatureVersion: { on: "update", computed: true },
    sqsFailureFeedbackRoleArn: "update",
    sqsSuccessFeedbackRoleArn: "update",
    sqsSuccessFeedbackSampleRate: "unsupported",
    tags: "update",
    tracingConfig: { on: "update", computed: true },
  },
  computed: { arn: "stable", beginningArchiveTime: "stable", owner: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const { TopicArn = "" } = await client(context).createTopic({
      Name: inputs.name,
      Attributes: attributesOf(inputs, Object.keys(attributes) as (keyof typeof attributes)[]),
      Tags: asKeyValues(allTags(inputs.tags, context)),
    });
    return TopicArn;
  },

  async read(id, _previous, context) {
    const found = await unlessGone(
      client(context).getTopicAttributes({ TopicArn: id }),
      "NotFoundException",
      "NotFound",
    );
    const live = found?.Attributes;
    if (live === undefined) return undefined;
    const { Tags } = await client(context).listTagsForResource({ ResourceArn: id });
    return {
      id,
      outputs: {
        applicationFailureFeedbackRoleArn: live.ApplicationFailureFeedbackRoleArn,
        applicationSuccessFeedbackRoleArn: live.ApplicationSuccessFeedbackRoleArn,
        arn: live.TopicArn ?? id,
        beginningArchiveTime: live.BeginningArchiveTime ?? "",
        deliveryPolicy: live.DeliveryPolicy,
        displayName: live.DisplayName,
        httpFailureFeedbackRoleArn: live.HTTPFailureFeedbackRoleArn,
        httpSuccessFeedbackRoleArn: live.HTTPSuccessFeedbackRoleArn,
        kmsMasterKeyId: live.KmsMasterKeyId,
        lambdaFailureFeedbackRoleArn: live.LambdaFailureFeedbackRoleArn,
        lambdaSuccessFeedbackRoleArn: live.LambdaSuccessFeedbackRoleArn,
        name: id.split(":").at(-1) ?? "",
        owner: live.Owner ?? context.account,
        policy: live.Policy ?? "",
        signatureVersion: Number(live.SignatureVersion ?? 0),
        sqsFailureFeedbackRoleArn: live.SQSFailureFeedbackRoleArn,
        sqsSuccessFeedbackRoleArn: live.SQSSuccessFeedbackRoleArn,
        tagsAll: fromKeyValues(Tags),
        tracingConfig: live.TracingConfig ?? "",
      },
    };
  },

  async update(TopicArn, { inputs, previous, changed }, context) {
    const sns = client(context);
    for (const property of Object.keys(attributes) as (keyof typeof attributes)[]) {
      if (!changed.has(property)) continue;
      await sns.setTopicAttributes({
        TopicArn,
        AttributeName: attributes[property],
        AttributeValue: String(inputs[property] ?? ""),
      });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await sns.untagResource({ ResourceArn: TopicArn, TagKeys: remove });
      if (Object.keys(set).length > 0)
        await sns.tagResource({ ResourceArn: TopicArn, Tags: asKeyValues(set) });
    }
  },

  async delete(TopicArn, _outputs, context) {
    await unlessGone(client(context).deleteTopic({ TopicArn }), "NotFoundException", "NotFound");
  },
});

function attributesOf(
  inputs: Inputs,
  properties: readonly (keyof typeof attributes)[],
): Record<string, string> {
  return Object.fromEntries(
    properties
      .filter((property) => inputs[property] !== undefined)
      .map((property) => [attributes[property], String(inputs[property])]),
  );
}
