import type { JobReport } from "../../github/job-report.ts";
import { codeMarkdown, foldedMarkdown, markdownTable, plainMarkdown } from "../../github/markdown.ts";
import { shortDigest } from "../../registry/image.ts";
import type { ReportedFinding, ScanDocument, ScannedImage, ScannedPlatform } from "./document.ts";
import { isOpen } from "./report.ts";
import { originLines } from "./show.ts";

/** Findings of one platform that are listed; the others are counted. A comment takes 65,536 characters. */
const mostListed = 50;

const shown = ["CRITICAL", "HIGH", "MEDIUM", "LOW"] as const;

/** The job summary and pull request comment of a scan: a row for each platform, and its findings below. */
export function presentScan(document: ScanDocument): JobReport {
  const { stack, outcome, images, withoutImage, notices, sarif } = document;
  const rows = images.flatMap((image) => image.platforms.map((platform) => row(image, platform)));
  const listed = images.flatMap((image) =>
    image.platforms.filter(({ findings }) => findings.length > 0).map((platform) => details(image, platform)),
  );
  const more = [
    ...withoutImage.map(({ service, reason }) => `${service}: nothing to scan: ${reason}`),
    ...notices,
    ...(sarif?.leftOut ?? []).map((what) => `Not in the SARIF file: ${what}`),
  ];
  return {
    stack,
    summary: [
      `## ${headlines[outcome]} ${codeMarkdown(stack)}`,
      ...(rows.length === 0
        ? []
        : [markdownTable(["Service", "Platform", ...shown.map(titleOf), "Other", "Accepted", "By"], rows)]),
      ...listed,
      ...(more.length === 0 ? [] : [more.map((line) => `- ${plainMarkdown(line)}`).join("\n")]),
    ].join("\n\n"),
    outputs: { outcome },
    problems: [],
  };
}

const headlines = {
  clean: "✅ No findings on",
  findings: "🔎 Findings on",
  unknown: "❔ An image has no scan result on",
  refused: "❌ Findings that --fail-on refuses on",
} as const satisfies Record<ScanDocument["outcome"], string>;

function titleOf(severity: string): string {
  return severity.charAt(0) + severity.slice(1).toLowerCase();
}

function row({ service }: ScannedImage, of: ScannedPlatform): string[] {
  const { platform, unknown, findings, source = "", scannedAt } = of;
  const head = [codeMarkdown(service), plainMarkdown(platform)];
  if (unknown !== undefined) {
    return [...head, ...shown.map(() => "?"), "?", "", `not known: ${plainMarkdown(unknown.reason)}`];
  }
  const open = findings.filter(isOpen);
  const count = (some: readonly ReportedFinding[]) => (some.length === 0 ? "" : String(some.length));
  const day = scannedAt === undefined ? "" : ` ${scannedAt.slice(0, 10)}`;
  return [
    ...head,
    ...shown.map((severity) => count(open.filter((finding) => finding.severity === severity))),
    count(open.filter(({ severity }) => !(shown as readonly string[]).includes(severity))),
    count(findings.filter((finding) => !isOpen(finding))),
    plainMarkdown(`${source}${day}`),
  ];
}

function details({ service, repository, digest }: ScannedImage, of: ScannedPlatform): string {
  const { platform, findings } = of;
  const sorted = findings.toSorted((one, other) => Number(isOpen(other)) - Number(isOpen(one)));
  const table = markdownTable(
    ["Severity", "Id", "Package", "Fixed in", "Whose", ""],
    sorted.slice(0, mostListed).map(findingRow),
  );
  const more = findings.length - mostListed;
  return foldedMarkdown(
    `${codeMarkdown(service)} ${plainMarkdown(platform)}: ${findings.length} findings`,
    [
      `${codeMarkdown(`${repository}@${shortDigest(digest)}`)}`,
      ...originLines(of).map((line) => plainMarkdown(line)),
      table,
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join("\n\n"),
  );
}

function findingRow({
  id,
  link,
  severity,
  package: found,
  fixedIn,
  fixable,
  origin,
  waived,
  vex,
}: ReportedFinding) {
  const name = plainMarkdown(id);
  const isLink = link !== undefined && URL.canParse(link) && /^https?:/.test(link) && !/[\s()<>|]/.test(link);
  return [
    severity,
    isLink ? `[${name}](${link})` : name,
    plainMarkdown(`${found.name} ${found.version ?? ""}`.trim()),
    fixedIn === undefined ? (fixable === "no" ? "no fix" : "") : plainMarkdown(fixedIn),
    origin === "unknown" ? "" : origin,
    waived !== undefined
      ? plainMarkdown(`waived until ${waived.expires} by ${waived.owner}`)
      : vex !== undefined
        ? plainMarkdown(`${vex.status.replace("_", " ")} (VEX of ${vex.author}: ${vex.because})`)
        : "",
  ];
}
