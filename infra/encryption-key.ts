import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key } from "@pulumi/aws/kms/key.js";
import * as pulumi from "@pulumi/pulumi";
import type { Account } from "./account.ts";
import { policyDocument, type Statement } from "./policy-document.ts";

export interface EncryptionKeyArgs {
  /** The alias without `alias/`, which is also the key's name in descriptions. */
  readonly name: string;
  readonly account: pulumi.Output<Account>;
  /** Refuse to delete the key, and keep it on destroy. */
  readonly protect: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * The stack's own key, rotated every year: for the alerts topic (CloudWatch can't publish to a topic
 * that is encrypted with AWS's own key, because nobody may change that key's policy), and for the
 * repositories when they are to be encrypted with KMS.
 *
 * Costs $1 a month, another for each of the first two rotations, and $0.03 per 10,000 requests.
 */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(args: EncryptionKeyArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(
      "slipway:index:EncryptionKey",
      "key",
      {},
      {
        ...options,
        ...(args.protect && { protect: true, retainOnDelete: true }),
      },
    );
    const key = new Key(
      "key",
      {
        description: `${args.name}: images and alerts`,
        enableKeyRotation: true,
        deletionWindowInDays: 30,
        policy: args.account.apply((account) => policyDocument(keyStatements(account))),
        tags: args.tags,
      },
      { parent: this },
    );
    new Alias("key", { name: `alias/${args.name}`, targetKeyId: key.keyId }, { parent: this });
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/**
 * Grants the key to the account's principals as their own policies say (ECR uses grants that they create),
 * and to CloudWatch for publishing to the topic.
 */
export function keyStatements({ id, partition }: Account): Statement[] {
  return [
    {
      sid: "Account",
      principals: { arns: [`arn:${partition}:iam::${id}:root`] },
      actions: ["kms:*"],
      resources: ["*"],
    },
    {
      sid: "AlarmsPublish",
      principals: { services: ["cloudwatch.amazonaws.com"] },
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": [id] } },
    },
  ];
}
