import { SQS } from "@aws-sdk/client-sqs";
import type { sqs } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(SQS, "sqs");
const gone = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

export const queuePolicy = defineResource<sqs.QueuePolicyArgs, sqs.QueuePolicy>()({
  token: "aws:sqs/queuePolicy:QueuePolicy",
  inputs: {
    policy: { on: "update", compare: "policy" },
    queueUrl: "replace",
    region: { on: "replace", computed: true },
  },
  computed: {},
  deleteBeforeReplace: true,

  async create({ queueUrl, policy }, context) {
    await put(queueUrl, asDocument(policy), context);
    return queueUrl;
  },

  async read(id, _previous, context) {
    const found = await unlessGone(
      client(context).getQueueAttributes({ QueueUrl: id, AttributeNames: ["Policy"] }),
      ...gone,
    );
    const policy = found?.Attributes?.Policy;
    if (policy === undefined || policy === "") return undefined;
    return { id, outputs: { policy, queueUrl: id } };
  },

  async update(id, { inputs }, context) {
    await put(id, asDocument(inputs.policy), context);
  },

  async delete(id, _outputs, context) {
    await unlessGone(put(id, "", context), ...gone);
  },
});

async function put(QueueUrl: string, Policy: string, context: AwsContext): Promise<void> {
  await client(context).setQueueAttributes({ QueueUrl, Attributes: { Policy } });
}
