import { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudWatchAlarmName } from "../../config/alarm-names.ts";
import type { AlarmDefinition } from "./definition.ts";

export interface AlarmsArgs {
  /** What alarms' names begin with. */
  readonly name: string;
  readonly definitions: readonly AlarmDefinition[];
  /** Notified when an alarm fires and when it recovers. */
  readonly topicArn: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * CloudWatch alarms. Each notifies the topic when it fires and when it recovers.
 *
 * Costs $0.10 a month for each.
 */
export class Alarms extends pulumi.ComponentResource {
  /** By the alarm's name in the stack. */
  readonly arns: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(args: AlarmsArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:Alarms", "alarms", {}, options);
    this.arns = Object.fromEntries(
      args.definitions.map((definition) => {
        const alarm = new MetricAlarm(
          definition.name,
          {
            name: cloudWatchAlarmName(args.name, definition.name),
            alarmDescription: definition.description,
            namespace: definition.metric.namespace,
            metricName: definition.metric.name,
            dimensions: { ...definition.metric.dimensions },
            ...(definition.statistic === "p95"
              ? { extendedStatistic: definition.statistic }
              : { statistic: definition.statistic }),
            period: definition.periodSeconds,
            evaluationPeriods: definition.periods,
            threshold: definition.threshold,
            comparisonOperator: definition.fires === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
            treatMissingData: definition.noDataMeans === "down" ? "breaching" : "notBreaching",
            alarmActions: [args.topicArn],
            okActions: [args.topicArn],
            tags: args.tags,
          },
          { parent: this },
        );
        return [definition.name, alarm.arn];
      }),
    );
    this.registerOutputs({ arns: this.arns });
  }
}
