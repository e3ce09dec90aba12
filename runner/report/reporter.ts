import type { Reporter, ReporterOptions } from "./events.ts";

/**
 * The reporter that suits where it writes to: a live list on a terminal, plain lines in CI, in a
 * file, or beside a document on stdout.
 */
export async function createReporter(
  options: ReporterOptions & { readonly output: "text" | "json" },
): Promise<Reporter> {
  const { stream, environment, output } = options;
  // A pseudo-terminal without a size (some CI systems have one) can't be drawn on.
  const live =
    stream.isTTY === true &&
    stream.columns > 0 &&
    stream.rows > 0 &&
    output === "text" &&
    environment.TERM !== "dumb" &&
    !isSet(environment.CI);
  if (!live) return (await import("./lines.ts")).createLineReporter(options);
  return (await import("./terminal.ts")).createTerminalReporter(options);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}
