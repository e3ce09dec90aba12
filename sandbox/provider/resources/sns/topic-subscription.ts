import { SNS } from "@aws-sdk/client-sns";
import type { sns } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(SNS, "sns");
const gone = ["NotFoundException", "NotFound"];

const attributes = {
  deliveryPolicy: "DeliveryPolicy",
  filterPolicy: "FilterPolicy",
  filterPolicyScope: "FilterPolicyScope",
  rawMessageDelivery: "RawMessageDelivery",
  redrivePolicy: "RedrivePolicy",
  subscriptionRoleArn: "SubscriptionRoleArn",
} as const satisfies Partial<Record<keyof sns.TopicSubscriptionArgs, string>>;
const names = Object.keys(attributes) as (keyof typeof attributes)[];

export const topicSubscription = defineResource<sns.TopicSubscriptionArgs, sns.TopicSubscription>()({
  token: "aws:sns/topicSubscription:TopicSubscription",
  inputs: {
    confirmationTimeoutInMinutes: { on: "update", local: true, fallback: 1 },
    deliveryPolicy: { on: "update", compare: "json" },
    endpoint: "replace",
    endpointAutoConfirms: { on: "update", local: true, fallback: false },
    filterPolicy: { on: "update", compare: "json" },
    filterPolicyScope: { on: "update", computed: true },
    protocol: "replace",
    rawMessageDelivery: { on: "update", fallback: false },
    redrivePolicy: { on: "update", compare: "json" },
    region: { on: "replace", computed: true },
    replayPolicy: "unsupported",
    subscriptionRoleArn: "update",
    topic: "replace",
  },
  computed: {
    arn: "stable",
    confirmationWasAuthenticated: "changes",
    ownerId: "stable",
    pendingConfirmation: "changes",
  },

  async create(inputs, context) {
    const { SubscriptionArn = "" } = await client(context).subscribe({
      TopicArn: String(inputs.topic),
      Protocol: inputs.protocol,
      Endpoint: inputs.endpoint,
      ReturnSubscriptionArn: true,
      Attributes: Object.fromEntries(
        names
          .filter((name) => inputs[name] !== undefined)
          .map((name) => [attributes[name], String(inputs[name])]),
      ),
    });
    if (SubscriptionArn.startsWith("arn:")) return SubscriptionArn;
    return await arnOfPending(String(inputs.topic), inputs.protocol, inputs.endpoint, context);
  },

  async read(id, _previous, context) {
    const found = await unlessGone(
      client(context).getSubscriptionAttributes({ SubscriptionArn: id }),
      ...gone,
    );
    const live = found?.Attributes;
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        arn: live.SubscriptionArn ?? id,
        confirmationWasAuthenticated: live.ConfirmationWasAuthenticated === "true",
        deliveryPolicy: live.DeliveryPolicy,
        endpoint: live.Endpoint ?? "",
        filterPolicy: live.FilterPolicy,
        filterPolicyScope: live.FilterPolicyScope ?? "",
        ownerId: live.Owner ?? context.account,
        pendingConfirmation: live.PendingConfirmation === "true",
        protocol: live.Protocol ?? "",
        rawMessageDelivery: live.RawMessageDelivery === "true",
        redrivePolicy: live.RedrivePolicy,
        subscriptionRoleArn: live.SubscriptionRoleArn,
        topic: live.TopicArn ?? "",
      },
    };
  },

  async update(SubscriptionArn, { inputs, changed }, context) {
    for (const name of names.filter((each) => changed.has(each))) {
      await client(context).setSubscriptionAttributes({
        SubscriptionArn,
        AttributeName: attributes[name],
        AttributeValue: String(inputs[name] ?? (name === "rawMessageDelivery" ? false : "")),
      });
    }
  },

  async delete(SubscriptionArn, { pendingConfirmation }, context) {
    // SNS takes nothing away that was never confirmed; it forgets it by itself after three days.
    const call = unlessGone(client(context).unsubscribe({ SubscriptionArn }), ...gone);
    await (pendingConfirmation ? unlessGone(call, "InvalidParameter", "InvalidParameterException") : call);
  },
});

/** The emulator does not honour ReturnSubscriptionArn for what has to be confirmed; its list has the ARN. */
async function arnOfPending(
  TopicArn: string,
  protocol: string,
  endpoint: string,
  context: AwsContext,
): Promise<string> {
  let NextToken: string | undefined;
  do {
    const page = await client(context).listSubscriptionsByTopic({ TopicArn, NextToken });
    const found = page.Subscriptions?.find(
      (each) =>
        each.Protocol === protocol && each.Endpoint === endpoint && each.SubscriptionArn?.startsWith("arn:"),
    );
    if (found?.SubscriptionArn !== undefined) return found.SubscriptionArn;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  throw new Error(`SNS names no ARN for the subscription of ${protocol} ${endpoint} to ${TopicArn}`);
}
