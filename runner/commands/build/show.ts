import prettyBytes from "pretty-bytes";
import type { Colours } from "../../report/colours.ts";
import { formatDuration } from "../../report/duration.ts";
import type { BuildDocument, ReviewedService } from "./build.ts";

/** The result of a build, as text. */
export function showBuild(document: BuildDocument, colours: Colours): string {
  const { services, compared, milliseconds } = document;
  const built = services.filter(({ outcome }) => outcome === "built").length;
  const pushed = services.flatMap((one) => one.pushed ?? []);
  return [
    ...services.flatMap((one) => showService(one, colours)),
    ...(services.length === 0 ? [] : [""]),
    `${built} of ${services.length} built in ${formatDuration(milliseconds)}, ${pushed.length === 0 ? "nothing pushed" : `pushed: ${pushed.join(", ")}`}`,
    ...(compared.with === "nothing" && services.length > 0
      ? [`sizes were not compared: ${compared.reason}`]
      : []),
  ].join("\n");
}

function showService(service: ReviewedService, colours: Colours): string[] {
  const { outcome, platforms, warnings, releasedBytes, message } = service;
  const title = outcome === "built" ? colours.green(service.service) : colours.red(service.service);
  return [
    outcome === "built" ? title : `${title}: ${outcome}`,
    ...(outcome === "built" ? [] : (message ?? "").split("\n").map((line) => `  ${line}`)),
    ...platforms.map(({ platform, bytes }) => {
      return `  ${platform}: ${prettyBytes(bytes)}${difference(bytes, releasedBytes[platform])}`;
    }),
    ...warnings.map(({ rule, line, message: text }) =>
      colours.yellow(`  Dockerfile${line === undefined ? "" : `:${line}`}: ${text} (${rule})`),
    ),
  ];
}

function difference(bytes: number, released: number | undefined): string {
  if (released === undefined) return "";
  if (bytes === released) return " (as released)";
  return ` (${prettyBytes(bytes - released, { signed: true })} compared with the released ${prettyBytes(released)})`;
}
