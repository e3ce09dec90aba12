import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { getPartitionOutput } from "@pulumi/aws/getPartition.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings.ts";
import { partitionOf } from "../config/stack/partition.ts";

/**
 * The account that the stack's credentials belong to. The provider checks it against `aws:allowedAccountIds`.
 */
export interface Account {
  /** 12 digits. */
  readonly id: string;
  readonly region: string;
  /** `aws`, `aws-cn`, …: the second part of every ARN. */
  readonly partition: string;
}

/** Reads the account of the credentials. Two calls, free of charge. */
export function currentAccount(settings: Settings): pulumi.Output<Account> {
  const region = settings.aws.region;
  return getPartitionOutput().apply(({ partition }) =>
    getCallerIdentityOutput().accountId.apply((id) => ({ id, region, partition })),
  );
}

/**
 * A placeholder account of the region's partition, to count the resources before AWS is asked. Every account
 * id has the same number of digits.
 */
export function accountLike(region: string): Account {
  return { id: "000000000000", region, partition: partitionOf(region).id };
}
