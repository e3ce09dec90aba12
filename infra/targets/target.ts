import type { Service } from "../../config/catalogue/catalogue.ts";
import type { AlarmSettings, Settings } from "../../config/settings.ts";
import type { Target } from "../../config/targets/target.ts";
import type { Account } from "../account.ts";
import type { AlarmDefinition, Metric } from "../alarms/definition.ts";
import type { EventPattern, EventSource } from "../alarms/event-source.ts";
import type { Statement } from "../policy-document.ts";

/** A graph of the dashboard. */
export interface Graph {
  readonly title: string;
  readonly statistic: "Sum" | "Average" | "p95";
  /** Without any, the graph is left out. */
  readonly metrics: readonly Metric[];
}

/** Events that tell of failed deployments, and the alarm on them. */
export interface DeploymentEvents {
  readonly source: EventSource;
  /** The metric of `source.counts` that the alarm looks at. */
  readonly metric: string;
  /** What it means when the alarm fires. */
  readonly meaning: string;
}

/** What Pulumi declares for targets of a kind. A kind that AWS does not run declares nothing. */
export interface TargetInfrastructure<T extends Target> {
  readonly kind: T["kind"];
  alarms(services: readonly Service[], settings: AlarmSettings): readonly AlarmDefinition[];
  graphs(targets: readonly T[]): readonly Graph[];
  failedDeployments(targets: readonly T[]): readonly DeploymentEvents[];
  /** How Inspector names what it scans of the targets themselves: `resources.details` of its findings. */
  scannedResources(targets: readonly T[], scanning: Settings["scanning"]): readonly EventPattern[];
  /**
   * Statements of a repository's policy without which the targets could not pull; each is made once the
   * account is known. None: the repository needs no policy for them.
   */
  pullStatements(targets: readonly T[]): readonly ((account: Account) => Statement)[];
}
