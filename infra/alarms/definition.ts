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
  /** What it means when it fires, for who is woken by it. */
  readonly description: string;
  readonly metric: Metric;
  readonly statistic: "Sum" | "Average" | "Minimum" | "Maximum" | "SampleCount" | "p95";
  readonly periodSeconds: number;
  /** All of so many periods in a row. */
  readonly periods: number;
  readonly fires: "above" | "below";
  readonly threshold: number;
  /** What no data means: `quiet` that nothing happened, `down` that nothing is there to report. */
  readonly noDataMeans: "quiet" | "down";
}
