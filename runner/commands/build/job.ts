import prettyBytes from "pretty-bytes";
import type { JobReport } from "../../github/job-report.ts";
import { codeMarkdown, fencedMarkdown, markdownTable, plainMarkdown } from "../../github/markdown.ts";
import type { BuildDocument, ReviewedService } from "./build.ts";

/** The job summary and pull request comment of a build. */
export function presentBuild({ stack, outcome, services, compared }: BuildDocument): JobReport {
  const built = services.filter((one) => one.outcome === "built");
  const pushed = services.flatMap((one) => one.pushed ?? []);
  const rows = services.flatMap(rowsOf);
  return {
    stack,
    summary: [
      `## ${outcome === "done" ? "✅" : "❌"} slipway build: ${built.length} of ${services.length} built, ${pushed.length === 0 ? "nothing pushed" : `${pushed.length} pushed`}`,
      ...(rows.length === 0
        ? []
        : [markdownTable(["Service", "Platform", "Size", "Released", "Difference"], rows)]),
      ...(compared.with === "nothing" && rows.length > 0
        ? [`Sizes were not compared: ${plainMarkdown(compared.reason)}`]
        : []),
      ...services.flatMap(warningsOf),
      ...services.flatMap(failureOf),
    ].join("\n\n"),
    outputs: { outcome, services: JSON.stringify(services.map(({ service }) => service)) },
    problems: [],
  };
}

function rowsOf({ service, platforms, releasedBytes }: ReviewedService): string[][] {
  return platforms.map(({ platform, bytes }) => {
    const released = releasedBytes[platform];
    return [
      codeMarkdown(service),
      codeMarkdown(platform),
      prettyBytes(bytes),
      released === undefined ? "" : prettyBytes(released),
      released === undefined ? "" : difference(bytes, released),
    ];
  });
}

/** `+1.2 MB (+3.4 %)`. */
export function difference(bytes: number, released: number): string {
  if (bytes === released) return "none";
  const percent = released === 0 ? undefined : ((bytes - released) / released) * 100;
  const share = percent === undefined ? "" : ` (${percent > 0 ? "+" : "-"}${Math.abs(percent).toFixed(1)} %)`;
  return `${prettyBytes(bytes - released, { signed: true })}${share}`;
}

function warningsOf({ service, warnings }: ReviewedService): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.map(({ rule, line, message }) => {
    const place = line === undefined ? "" : `:${line}`;
    return `- Dockerfile${place}: ${plainMarkdown(message)} (${plainMarkdown(rule)})`;
  });
  return [`${codeMarkdown(service)}:\n\n${lines.join("\n")}`];
}

function failureOf({ service, outcome, message = "" }: ReviewedService): string[] {
  if (outcome === "built") return [];
  return [`${codeMarkdown(service)}: ${outcome}\n\n${fencedMarkdown(message.split("\n"))}`];
}
