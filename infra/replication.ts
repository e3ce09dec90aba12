import { ReplicationConfiguration } from "@pulumi/aws/ecr/replicationConfiguration.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings.ts";
import type { Account } from "./account.ts";

export interface ReplicationArgs {
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
  /** Repositories to replicate, by name. */
  readonly repositories: readonly string[];
}

/**
 * Replicates images to other regions or accounts. It applies only to later pushes. Another account must allow
 * it in its registry policy, and the replicas have a lifecycle policy only if one is set there.
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
 * The most filters in a rule, and the most rules.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
 */
const filtersInRule = 100;
const rules = 10;

/** The most filters of all rules together. */
export const maximumReplicated = rules * filtersInRule;

/**
 * The prefixes that ECR filters by: the stack's own if all repositories have it, otherwise each repository's
 * name.
 */
export function replicationFilters(prefix: string | undefined, repositories: readonly string[]) {
  const common = prefix !== undefined && repositories.every((name) => name.startsWith(`${prefix}/`));
  return (common ? [`${prefix}/`] : repositories).map((filter) => ({ filter, filterType: "PREFIX_MATCH" }));
}
