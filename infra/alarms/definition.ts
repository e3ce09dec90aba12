/** A metric in CloudWatch. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** An alarm as data: which metric, how it is read, and when it fires. */
export interface AlarmDefinition {
  /** Unique in the stack, and the key in its outputs: `ui-cpu`. */
  readonly name: string;
  /** What the alarm means, for the person on call. */
  readonly description: string;
  readonly metric: Metric;
  readonly statistic: "Sum" | "Average" | "Minimum" | "Maximum" | "SampleCount" | "p95";
  readonly periodSeconds: number;
  /** The number of consecutive periods that must all breach. */
  readonly periods: number;
  readonly fires: "above" | "below";
  readonly threshold: number;
  /** What missing data means. `quiet`: nothing happened. `down`: nothing is left that could report. */
  readonly noDataMeans: "quiet" | "down";
}
