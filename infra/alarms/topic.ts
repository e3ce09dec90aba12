import { Topic } from "@pulumi/aws/sns/topic.js";
import { TopicPolicy } from "@pulumi/aws/sns/topicPolicy.js";
import { TopicSubscription } from "@pulumi/aws/sns/topicSubscription.js";
import * as pulumi from "@pulumi/pulumi";
import type { Account } from "../account.ts";
import { policyDocument, type Statement } from "../policy-document.ts";

export interface AlertsTopicArgs {
  readonly name: string;
  readonly account: pulumi.Output<Account>;
  /** A key that CloudWatch may use; the AWS managed key for SNS is not one. */
  readonly keyArn: pulumi.Input<string>;
  readonly email: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * An encrypted topic for alarms, which CloudWatch may publish to, with an e-mail subscription if an address
 * is set. The recipient confirms it once, by the link in the first mail.
 *
 * Costs next to nothing: the first million publications and thousand mails a month are free.
 */
export class AlertsTopic extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(args: AlertsTopicArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:AlertsTopic", "alerts", {}, options);
    const topic = new Topic(
      "alerts",
      { name: args.name, displayName: args.name, kmsMasterKeyId: args.keyArn, tags: args.tags },
      { parent: this },
    );
    new TopicPolicy(
      "alerts",
      {
        arn: topic.arn,
        policy: pulumi
          .all([topic.arn, args.account])
          .apply(([arn, account]) => policyDocument(topicStatements(arn, account))),
      },
      { parent: this },
    );
    if (args.email !== undefined) {
      new TopicSubscription(
        "alerts",
        { topic: topic.arn, protocol: "email", endpoint: args.email },
        { parent: this },
      );
    }
    this.arn = topic.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/**
 * The account's principals have what their own policies grant; CloudWatch publishes for alarms of this
 * account.
 */
export function topicStatements(topic: string, { id, region, partition }: Account): Statement[] {
  return [
    {
      sid: "Account",
      principals: { arns: [`arn:${partition}:iam::${id}:root`] },
      actions: [
        "sns:AddPermission",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:Publish",
        "sns:RemovePermission",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
      ],
      resources: [topic],
    },
    {
      sid: "Alarms",
      principals: { services: ["cloudwatch.amazonaws.com"] },
      actions: ["sns:Publish"],
      resources: [topic],
      conditions: {
        StringEquals: { "aws:SourceAccount": [id] },
        ArnLike: { "aws:SourceArn": [`arn:${partition}:cloudwatch:${region}:${id}:alarm:*`] },
      },
    },
  ];
}
