/**
 * EventBridge's matching and CloudWatch Logs' metric filters, as far as Slipway uses them, from AWS's
 * documentation.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 */

/** Whether an event matches a pattern: all fields, each by one of its alternatives; of a list, one element. */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) {
    const values = Array.isArray(event) ? event : [event];
    return values.some((value) => pattern.some((alternative) => matchesAlternative(alternative, value)));
  }
  const elements = Array.isArray(event) ? event : [event];
  return elements.some(
    (element) =>
      typeof element === "object" &&
      element !== null &&
      Object.entries(pattern as object).every(
        ([key, inner]) => key in element && matchesPattern(inner, (element as Record<string, unknown>)[key]),
      ),
  );
}

function matchesAlternative(alternative: unknown, value: unknown): boolean {
  if (typeof alternative !== "object" || alternative === null) return alternative === value;
  if (typeof value !== "string") return false;
  const [[operator, operand] = []] = Object.entries(alternative);
  switch (operator) {
    case "suffix":
      return value.endsWith(operand as string);
    case "prefix":
      return value.startsWith(operand as string);
    case "anything-but":
      return !(operand as string[]).includes(value);
    default:
      throw new Error(`this evaluator does not know ${String(operator)}`);
  }
}

/** Whether a log event matches a metric filter of the form `{ (term) && (term) }`. */
export function matchesFilter(filter: string, event: unknown): boolean {
  const inside = /^\{ (.+) \}$/.exec(filter)?.[1];
  if (inside === undefined) throw new Error(`not a JSON filter: ${filter}`);
  return inside.split(" && ").every((term) => {
    const [, selector = "", operator, operand = ""] = /^\((\$\.[\w.-]+) (=|>) (.+)\)$/.exec(term) ?? [];
    const value = field(event, selector);
    switch (operator) {
      case "=":
        return `"${String(value)}"` === operand;
      case ">":
        return typeof value === "number" && value > Number(operand);
      default:
        throw new Error(`this evaluator does not know ${term}`);
    }
  });
}

/** The field that a selector such as `$.detail.reason` means. */
export function field(event: unknown, selector: string): unknown {
  return selector
    .slice("$.".length)
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      event,
    );
}
