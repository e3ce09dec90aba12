/** Something that AWS reports by events and not by a metric: how to match and count its events. */
export interface EventSource {
  /** `findings`, `failed-scans`, … */
  readonly name: string;
  readonly description: string;
  /** Event patterns; several when one would exceed EventBridge's limit. */
  readonly patterns: readonly EventPattern[];
  readonly counts: readonly EventCount[];
}

export type EventPattern = Readonly<Record<string, unknown>>;

/** A metric made of the events in the log, by a metric filter. */
export interface EventCount {
  /** Name of the metric, and of its filter. */
  readonly metric: string;
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html */
  readonly filter: string;
  /** `1`, or the field whose number is summed. */
  readonly value: string;
  /** Dimension → field. A metric with dimensions has no value when nothing happens. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** The rules of a source, one for each pattern: `findings`, `findings-2`, … */
export function rulesOf(source: EventSource): { readonly name: string; readonly pattern: EventPattern }[] {
  return source.patterns.map((pattern, index) => ({
    name: index === 0 ? source.name : `${source.name}-${index + 1}`,
    pattern,
  }));
}

/** A pattern can have 2048 characters; the fixed part of ours needs fewer than 550. */
const maximumCharacters = 1400;

/** Splits texts into groups that each fit into one pattern. */
export function inParts(texts: readonly string[]): string[][] {
  const parts: string[][] = [];
  let room = 0;
  for (const text of texts) {
    const needed = text.length + '{"prefix":""},'.length;
    const last = parts.at(-1);
    if (last !== undefined && needed <= room) {
      last.push(text);
      room -= needed;
    } else {
      parts.push([text]);
      room = maximumCharacters - needed;
    }
  }
  return parts;
}
