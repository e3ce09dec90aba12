import { type QueueAttributeName, SQS } from "@aws-sdk/client-sqs";
import type { sqs } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, tagChanges } from "../../tags.ts";

type Inputs = InputsOf<sqs.QueueArgs>;

const client = (context: AwsContext) => context.client(SQS, "sqs");
const gone = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

/** SQS's attribute for each such input, and its default. */
const attributes = {
  delaySeconds: ["DelaySeconds", "0"],
  kmsDataKeyReusePeriodSeconds: ["KmsDataKeyReusePeriodSeconds", "300"],
  kmsMasterKeyId: ["KmsMasterKeyId", ""],
  maxMessageSize: ["MaximumMessageSize", "262144"],
  messageRetentionSeconds: ["MessageRetentionPeriod", "345600"],
  policy: ["Policy", ""],
  receiveWaitTimeSeconds: ["ReceiveMessageWaitTimeSeconds", "0"],
  redriveAllowPolicy: ["RedriveAllowPolicy", ""],
  redrivePolicy: ["RedrivePolicy", ""],
  sqsManagedSseEnabled: ["SqsManagedSseEnabled", "true"],
  visibilityTimeoutSeconds: ["VisibilityTimeout", "30"],
} as const satisfies Partial<Record<keyof sqs.QueueArgs, readonly [QueueAttributeName, string]>>;
const names = Object.keys(attributes) as (keyof typeof attributes)[];

export const queue = defineResource<sqs.QueueArgs, sqs.Queue>()({
  token: "aws:sqs/queue:Queue",
  inputs: {
    contentBasedDeduplication: "unsupported",
    deduplicationScope: "unsupported",
    delaySeconds: { on: "update", fallback: 0 },
    fifoQueue: "unsupported",
    fifoThroughputLimit: "unsupported",
    kmsDataKeyReusePeriodSeconds: { on: "update", computed: true },
    kmsMasterKeyId: "update",
    maxMessageSize: { on: "update", computed: true },
    messageRetentionSeconds: { on: "update", fallback: 345_600 },
    name: "replace",
    namePrefix: "unsupported",
    // An aws.sqs.QueuePolicy may own it.
    policy: { on: "update", computed: true, compare: "policy" },
    receiveWaitTimeSeconds: { on: "update", fallback: 0 },
    redriveAllowPolicy: { on: "update", computed: true, compare: "json" },
    redrivePolicy: { on: "update", computed: true, compare: "json" },
    region: { on: "replace", computed: true },
    sqsManagedSseEnabled: { on: "update", computed: true },
    tags: "update",
    visibilityTimeoutSeconds: { on: "update", fallback: 30 },
  },
  computed: { arn: "stable", url: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const { QueueUrl } = await client(context).createQueue({
      QueueName: inputs.name,
      Attributes: attributesOf(
        inputs,
        names.filter((name) => inputs[name] !== undefined),
      ),
      tags: { ...allTags(inputs.tags, context) },
    });
    return QueueUrl ?? "";
  },

  async read(id, _previous, context) {
    const found = await unlessGone(
      client(context).getQueueAttributes({ QueueUrl: id, AttributeNames: ["All"] }),
      ...gone,
    );
    const live = found?.Attributes;
    if (live === undefined) return undefined;
    const { Tags } = await client(context).listQueueTags({ QueueUrl: id });
    const number = (name: QueueAttributeName, otherwise: number) => Number(live[name] ?? otherwise);
    return {
      id,
      outputs: {
        arn: live.QueueArn ?? "",
        delaySeconds: number("DelaySeconds", 0),
        kmsDataKeyReusePeriodSeconds: number("KmsDataKeyReusePeriodSeconds", 300),
        kmsMasterKeyId: live.KmsMasterKeyId,
        maxMessageSize: number("MaximumMessageSize", 262_144),
        messageRetentionSeconds: number("MessageRetentionPeriod", 345_600),
        name: id.split("/").at(-1) ?? "",
        policy: live.Policy ?? "",
        receiveWaitTimeSeconds: number("ReceiveMessageWaitTimeSeconds", 0),
        redriveAllowPolicy: live.RedriveAllowPolicy ?? "",
        redrivePolicy: live.RedrivePolicy ?? "",
        sqsManagedSseEnabled: live.SqsManagedSseEnabled === "true",
        tagsAll: { ...Tags },
        url: id,
        visibilityTimeoutSeconds: number("VisibilityTimeout", 30),
      },
    };
  },

  async update(QueueUrl, { inputs, previous, changed }, context) {
    const sqs = client(context);
    const changedNames = names.filter((name) => changed.has(name));
    if (changedNames.length > 0) {
      await sqs.setQueueAttributes({ QueueUrl, Attributes: attributesOf(inputs, changedNames) });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await sqs.untagQueue({ QueueUrl, TagKeys: remove });
      if (Object.keys(set).length > 0) await sqs.tagQueue({ QueueUrl, Tags: { ...set } });
    }
  },

  async delete(QueueUrl, _outputs, context) {
    await unlessGone(client(context).deleteQueue({ QueueUrl }), ...gone);
  },
});

function attributesOf(inputs: Inputs, which: readonly (keyof typeof attributes)[]): Record<string, string> {
  return Object.fromEntries(
    which.map((name) => [attributes[name][0], String(inputs[name] ?? attributes[name][1])]),
  );
}
