import { ReplicationConfiguration } from "@pulumi/aws/ecr/replicationConfiguration.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/stack/settings.ts";
import type { Account } from "./account.ts";

export interface ReplicationArgs {
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
  /** Repositories to replicate, by name. */
  readonly repositories: readonly string[];
}

/**
 * Copies what is pushed to other regions or accounts. Only what is pushed from now on; another account
 * has to allow it in its registry policy, and what is copied has a lifecycle policy only if it gets
 * one there.
 *
 * It is one setting for the whole registry of an account and region: exactly one stack may own it.
 * Costs storage there, and transfer between regions.
 */
export class Replication extends pulumi.ComponentResource {
  constructor(args: ReplicationArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:Replication", "replication", {}, options);
    const destinations = args.settings.repositories.replication.map(({ region, account }) => ({
      region,
      registryId: account ?? args.account.id,
    }));
    const filters = replicationFilters(args.settings.repositories.prefix, args.repositories);
    new ReplicationConfiguration(
      "replication",
      {
        replicationConfiguration: {
          rules: Array.from({ length: Math.ceil(filters.length / filtersInRule) }, (_, index) => ({
            destinations,
            repositoryFilters: filters.slice(index * filtersInRule, (index + 1) * filtersInRule),
          })),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/**
 * ECR takes so many filters in a rule, and so many rules.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
 */
const filtersInRule = 100;
const rules = 10;

/** How many filters ECR takes in all. */
export const maximumReplicated = rules * filtersInRule;

/** ECR filters by prefix: the stack's own when all repositories have it, else each one's name. */
export function replicationFilters(prefix: string | undefined, repositories: readonly string[]) {
  const common = prefix !== undefined && repositories.every((name) => name.startsWith(`${prefix}/`));
  return (common ? [`${prefix}/`] : repositories).map((filter) => ({ filter, filterType: "PREFIX_MATCH" }));
}
