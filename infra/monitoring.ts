import { Dashboard } from "@pulumi/aws/cloudwatch/dashboard.js";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../config/catalogue/catalogue.ts";
import type { Settings } from "../config/settings.ts";
import { type Account, accountLike } from "./account.ts";
import { Alarms } from "./alarms/alarms.ts";
import { dashboardBody } from "./alarms/dashboard.ts";
import { alarmDefinitions } from "./alarms/definitions.ts";
import { EventLog } from "./alarms/event-log.ts";
import { eventSources } from "./alarms/events.ts";
import { AlertsTopic } from "./alarms/topic.ts";

export interface MonitoringArgs {
  readonly name: string;
  readonly services: readonly Service[];
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
  /** Encrypts the topic. */
  readonly keyArn: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Topic, events, alarms and dashboard.
 *
 * Costs $0.10 a month for each alarm, $0.30 for each metric made of events, and $3 for a dashboard
 * beyond the account's first three.
 */
export class Monitoring extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  readonly alarmArns: Readonly<Record<string, pulumi.Output<string>>>;
  readonly dashboardName: string;

  constructor(args: MonitoringArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:Monitoring", "monitoring", {}, options);
    const { name, services, settings, account, tags } = args;
    const child = { parent: this };
    const topic = new AlertsTopic(
      { name, account, keyArn: args.keyArn, email: settings.alarms.email, tags },
      child,
    );
    const sources = (own: Account) => eventSources(services, settings, own);
    if (sources(accountLike(settings.aws.region)).length > 0) {
      new EventLog({ name, settings, account, sources, tags }, child);
    }
    const definitions = alarmDefinitions(services, settings);
    const alarms = new Alarms({ name, definitions, topicArn: topic.arn, tags }, child);
    const dashboard = new Dashboard(
      "dashboard",
      {
        dashboardName: name,
        dashboardBody: pulumi
          .all(alarms.arns)
          .apply((arns) => dashboardBody(services, settings, definitions, arns)),
      },
      child,
    );

    this.topicArn = topic.arn;
    this.alarmArns = alarms.arns;
    this.dashboardName = name;
    this.registerOutputs({ topicArn: this.topicArn, dashboard: dashboard.dashboardName });
  }
}
