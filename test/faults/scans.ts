import type { ScanStatus } from "@aws-sdk/client-ecr";
import type { Fault } from "./rules.ts";

/** Statuses of ECR's scans that come without a result. */
export const scanStatuses = [
  "IN_PROGRESS",
  "PENDING",
  "FAILED",
  "UNSUPPORTED_IMAGE",
  "SCAN_ELIGIBILITY_EXPIRED",
  "FINDINGS_UNAVAILABLE",
  "LIMIT_EXCEEDED",
  "IMAGE_ARCHIVED",
] as const satisfies readonly ScanStatus[];

/** ECR describes a scan with this status, and with no finding; said for ever, IN_PROGRESS never ends. */
export function scanStatus(status: ScanStatus): Fault {
  const answer = {
    imageScanStatus: { status },
    ...(status === "ACTIVE"
      ? { imageScanFindings: { imageScanCompletedAt: Date.now() / 1000, enhancedFindings: [] } }
      : {}),
  };
  return { kind: "say", answer };
}
