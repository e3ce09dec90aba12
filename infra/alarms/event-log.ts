import { EventRule } from "@pulumi/aws/cloudwatch/eventRule.js";
import { EventTarget } from "@pulumi/aws/cloudwatch/eventTarget.js";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { LogMetricFilter } from "@pulumi/aws/cloudwatch/logMetricFilter.js";
import { LogResourcePolicy } from "@pulumi/aws/cloudwatch/logResourcePolicy.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/settings.ts";
import { type Account, accountLike } from "../account.ts";
import { policyDocument, type Statement } from "../policy-document.ts";
import { type EventSource, rulesOf } from "./event-source.ts";
import { eventNamespace } from "./events.ts";

export interface EventLogArgs {
  readonly name: string;
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
  /**
   * The event sources of a stack, for the resources of an account. Their number does not depend on the
   * account.
   */
  readonly sources: (account: Account) => readonly EventSource[];
  readonly tags: Readonly<Record<string, string>>;
}

const retentionDays = 30;

/**
 * A log group for the events of what AWS has no metric for, and the metrics that count them. The log also has
 * the details, such as the finding.
 *
 * Costs $0.50 per GB of events and $0.30 a month for each metric that had data. An account can have
 * ten log resource policies in a region; this takes one.
 */
export class EventLog extends pulumi.ComponentResource {
  readonly logGroupName: string;

  constructor(args: EventLogArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:EventLog", "events", {}, options);
    const child = { parent: this };
    this.logGroupName = eventLogName(args.name);
    const log = new LogGroup(
      "events",
      { name: this.logGroupName, retentionInDays: retentionDays, tags: args.tags },
      child,
    );
    const policy = new LogResourcePolicy(
      "events",
      {
        policyName: `${args.name}-events`,
        policyDocument: args.account.apply((account) =>
          policyDocument(deliveryStatements(this.logGroupName, args.name, account)),
        ),
      },
      child,
    );
    // How many there are must be known before the account is.
    for (const [at, source] of args.sources(accountLike(args.settings.aws.region)).entries()) {
      for (const [index, { name: part }] of rulesOf(source).entries()) {
        const pattern = args.account.apply((own) => JSON.stringify(args.sources(own)[at]?.patterns[index]));
        const rule = new EventRule(
          part,
          {
            name: `${args.name}-${part}`,
            description: source.description,
            eventPattern: pattern,
            tags: args.tags,
          },
          child,
        );
        new EventTarget(
          part,
          { rule: rule.name, targetId: "log", arn: log.arn },
          { ...child, dependsOn: [policy] },
        );
      }
      for (const count of source.counts) {
        new LogMetricFilter(
          count.metric,
          {
            name: `${args.name}-${count.metric}`,
            logGroupName: log.name,
            pattern: count.filter,
            metricTransformation: {
              namespace: eventNamespace(args.settings.stack),
              name: count.metric,
              value: count.value,
              ...(count.dimensions === undefined
                ? { defaultValue: "0" }
                : { dimensions: { ...count.dimensions } }),
            },
          },
          child,
        );
      }
    }
    this.registerOutputs({ logGroupName: this.logGroupName });
  }
}

/** Name of the log group; EventBridge delivers to groups under /aws/events/. */
export function eventLogName(name: string): string {
  return `/aws/events/${name}`;
}

/**
 * EventBridge may write to the log group, for the stack's own rules.
 *
 * EventBridge makes the stream without saying for which rule: a condition on `logs:CreateLogStream` refuses
 * it, and then nothing is ever delivered. So that action is cut to this one log group, and only
 * `logs:PutLogEvents` to the rules.
 * https://github.com/aws-samples/serverless-patterns/pull/618
 * https://github.com/hashicorp/terraform-provider-aws/issues/26628
 */
export function deliveryStatements(
  logGroup: string,
  name: string,
  { id, region, partition }: Account,
): Statement[] {
  // The same names in every partition.
  const principals = { services: ["delivery.logs.amazonaws.com", "events.amazonaws.com"] };
  const resources = [`arn:${partition}:logs:${region}:${id}:log-group:${logGroup}:*`];
  return [
    { sid: "Streams", principals, actions: ["logs:CreateLogStream"], resources },
    {
      sid: "Events",
      principals,
      actions: ["logs:PutLogEvents"],
      resources,
      conditions: {
        ArnLike: { "aws:SourceArn": [`arn:${partition}:events:${region}:${id}:rule/${name}-*`] },
      },
    },
  ];
}
