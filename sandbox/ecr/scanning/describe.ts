import type { RegistryScanning, ScanFrequency } from "./configuration.ts";
import { basicFinding, enhancedFinding, severityCounts } from "./findings.ts";
import type { ImageOfScan } from "./image.ts";
import type { Scan } from "./scans.ts";

/** What DescribeImageScanFindings says of a scan; `all` are its findings, which go into pages. */
export interface DescribedScan {
  readonly imageScanStatus: { readonly status: string; readonly description?: string };
  readonly imageScanFindings?: object;
  readonly all?: readonly object[];
}

/**
 * A scan as ECR describes it: basic and enhanced scans have other words and other shapes.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html
 */
export function describeScan(
  scan: Scan,
  image: ImageOfScan,
  {
    scanType,
    frequency,
  }: { readonly scanType: RegistryScanning["scanType"]; readonly frequency: ScanFrequency },
): DescribedScan {
  const isEnhanced = scanType === "ENHANCED";
  switch (scan.state) {
    case "running": {
      const description = scan.message === "" ? {} : { description: scan.message };
      return { imageScanStatus: { status: isEnhanced ? "PENDING" : "IN_PROGRESS", ...description } };
    }
    case "failed":
      return { imageScanStatus: { status: "FAILED", description: scan.reason } };
    case "unsupported":
      return {
        imageScanStatus: {
          status: "UNSUPPORTED_IMAGE",
          description:
            "UnsupportedImageError: The operating system and/or package manager are not supported.",
        },
      };
    case "complete": {
      const isContinuous = isEnhanced && frequency === "CONTINUOUS_SCAN";
      const all = scan.report.matches.map((match) =>
        isEnhanced ? enhancedFinding(match, image, scan.endedAt) : basicFinding(match),
      );
      const built = Date.parse(scan.report.descriptor.db?.status?.built ?? "");
      return {
        imageScanStatus: {
          status: isContinuous ? "ACTIVE" : "COMPLETE",
          description: isContinuous
            ? "Continuous scan is selected for image."
            : "The scan was completed successfully.",
        },
        imageScanFindings: {
          imageScanCompletedAt: scan.endedAt / 1000,
          ...(Number.isNaN(built) ? {} : { vulnerabilitySourceUpdatedAt: built / 1000 }),
          findingSeverityCounts: severityCounts(all),
        },
        all,
      };
    }
  }
}
