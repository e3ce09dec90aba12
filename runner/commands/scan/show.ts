import { severities } from "../../../config/stack/gates.ts";
import { type Origin, rebuildText } from "../../findings/origin/origin.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { ReportedFinding, ScanDocument, ScannedImage, ScannedPlatform } from "./document.ts";

/** Findings of one platform that are listed without `--verbose`: the others are counted. */
const mostListed = 20;

/** The findings as text: for each image and platform its source, counts, and the findings, the worst first. */
export function showScan(document: ScanDocument, colours: Colours, verbose = false): string {
  const { bold, dim, green, red, yellow } = colours;
  const { images, withoutImage, notices, outcome, stack, account, region, sarif } = document;
  const words = {
    clean: green("No findings."),
    findings: yellow("There are findings."),
    unknown: yellow("An image has no scan result: it is unknown, not clean."),
    refused: red("Refused by --fail-on."),
  } as const satisfies Record<ScanDocument["outcome"], string>;
  return [
    bold(`Stack ${stack} (account ${account}, ${region})`),
    "",
    ...images.flatMap((image) => [...showImage(image, colours, verbose), ""]),
    ...withoutImage.map(({ service, reason }) => dim(`${service}: nothing to scan: ${reason}`)),
    ...notices.map((notice) => yellow(notice)),
    ...(sarif === undefined ? [] : [dim(`SARIF: ${sarif.files.join(", ")}`)]),
    ...(sarif?.leftOut ?? []).map((what) => yellow(`not in the SARIF file: ${what}`)),
    bold(images.length === 0 ? "No image to scan." : words[outcome]),
  ].join("\n");
}

function showImage(image: ScannedImage, colours: Colours, verbose: boolean): string[] {
  const { service, repository, digest, platforms } = image;
  return [
    colours.bold(`${service} ${repository}@${shortDigest(digest)}`),
    ...platforms.flatMap((platform) => showPlatform(platform, colours, verbose)),
  ];
}

function showPlatform(of: ScannedPlatform, colours: Colours, verbose: boolean): string[] {
  const { dim, yellow } = colours;
  const { platform, unknown, source = "", scannedAt, databaseAt, suppressed, findings } = of;
  if (unknown !== undefined) return [`  ${platform}  ${yellow(`unknown: ${unknown.reason}`)}`];
  const facts = [
    source,
    ...(scannedAt === undefined ? [] : [`scanned ${dayOf(scannedAt)}`]),
    ...(databaseAt === undefined ? [] : [`database of ${dayOf(databaseAt)}`]),
    ...(suppressed === 0 ? [] : [`${suppressed} suppressed there`]),
  ];
  const listed = verbose ? findings : findings.slice(0, mostListed);
  const more = findings.length - listed.length;
  return [
    `  ${platform}  ${countsText(findings)} ${dim(`(${facts.join(", ")})`)}`,
    ...(listed.length === 0 ? [] : [formatTable(listed.map((finding) => row(finding, colours)))]),
    ...(more === 0 ? [] : [dim(`    and ${more} more (--verbose lists them)`)]),
    ...originLines(of).map((line) => dim(`    ${line}`)),
  ];
}

/** Whose the findings are, and what a rebuild would fix. */
export function originLines({ findings, base, baseUnknown, rebuild, source }: ScannedPlatform): string[] {
  const counts = origins.flatMap((origin) => {
    const some = findings.filter((finding) => finding.origin === origin).length;
    return some === 0 ? [] : [`${some} ${originWords[origin]}`];
  });
  const of = base === undefined ? "" : ` (base image ${base.reference})`;
  const why =
    baseUnknown !== undefined
      ? `: ${baseUnknown}`
      : source === "ecr-basic" && findings.some(({ origin }) => origin === "unknown")
        ? ": a basic scan names no layer"
        : "";
  return [
    ...(findings.length === 0 ? [] : [`whose: ${counts.join(", ")}${of}${why}`]),
    ...(rebuild === undefined ? [] : [rebuildText(rebuild)]),
  ];
}

const origins = ["base image", "our layer", "lock file", "unknown"] as const satisfies readonly Origin[];

export const originWords = {
  "base image": "of the base image",
  "our layer": "of our own layers",
  "lock file": "of our lock files",
  unknown: "not known",
} as const satisfies Record<Origin, string>;

function countsText(findings: readonly ReportedFinding[]): string {
  if (findings.length === 0) return "no findings";
  const counts = severities.flatMap((severity) => {
    const some = findings.filter((finding) => finding.severity === severity);
    return some.length === 0 ? [] : [`${some.length} ${severity}`];
  });
  const waived = findings.filter((finding) => finding.waived !== undefined).length;
  return `${counts.join(", ")}${waived === 0 ? "" : ` (${waived} waived)`}`;
}

function row(finding: ReportedFinding, { dim, red, yellow }: Colours): string[] {
  const { id, severity, package: found, fixedIn, fixable, waived, vex, origin } = finding;
  const paint = severity === "CRITICAL" || severity === "HIGH" ? red : severity === "MEDIUM" ? yellow : dim;
  const fix = fixedIn ?? (fixable === "no" ? "no fix" : fixable === "yes" ? "has a fix" : "");
  return [
    `    ${waived === undefined && vex === undefined ? paint(severity) : dim(severity)}`,
    id,
    `${found.name} ${found.version ?? ""}`.trim(),
    fixedIn === undefined ? dim(fix) : `fixed in ${fix}`,
    dim(
      [
        ...(origin === "unknown" ? [] : [origin]),
        ...(waived === undefined ? [] : [`waived until ${waived.expires} by ${waived.owner}`]),
        ...(vex === undefined
          ? []
          : [`${vex.status.replace("_", " ")} (VEX of ${vex.author}: ${vex.because})`]),
      ].join(", "),
    ),
  ];
}

function dayOf(time: string): string {
  return time.slice(0, 10);
}
