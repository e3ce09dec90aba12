import { severities } from "../../../config/stack/gates.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { ReportedFinding, ScanDocument, ScannedImage, ScannedPlatform } from "./document.ts";

/** Findings of one platform that are listed without `--verbose`: the others are counted. */
const mostListed = 20;

/** The findings as text: for each image and platform its source, counts, and the findings, the worst first. */
export function showScan(document: ScanDocument, colours: Colours, verbose = false): string {
  const { bold, dim, green, red, yellow } = colours;
  const { images, withoutImage, notices, outcome, stack, account, region } = document;
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
  ];
}

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
  const { id, severity, package: found, fixedIn, fixable, waived, vex } = finding;
  const paint = severity === "CRITICAL" || severity === "HIGH" ? red : severity === "MEDIUM" ? yellow : dim;
  const fix = fixedIn ?? (fixable === "no" ? "no fix" : fixable === "yes" ? "has a fix" : "");
  return [
    `    ${waived === undefined && vex === undefined ? paint(severity) : dim(severity)}`,
    id,
    `${found.name} ${found.version ?? ""}`.trim(),
    fixedIn === undefined ? dim(fix) : `fixed in ${fix}`,
    dim(
      waived !== undefined
        ? `waived until ${waived.expires} by ${waived.owner}`
        : vex !== undefined
          ? `${vex.status.replace("_", " ")} (VEX of ${vex.author}: ${vex.because})`
          : "",
    ),
  ];
}

function dayOf(time: string): string {
  return time.slice(0, 10);
}
