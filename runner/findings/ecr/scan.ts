import {
  type DescribeImageScanFindingsResponse,
  paginateDescribeImageScanFindings,
  StartImageScanCommand,
} from "@aws-sdk/client-ecr";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";
import { type Clock, type PollPolicy, poll } from "../../targets/poll.ts";
import { type ScanResult, type Unscanned, unlessStale, type Waiting } from "../finding.ts";
import { readScan } from "./read.ts";

/** A scan takes from seconds to minutes, and an account is allowed few calls a second for its findings. */
export const scanPolicy: PollPolicy = {
  firstMilliseconds: 1_000,
  factor: 1.4,
  longestMilliseconds: 10_000,
  jitter: 0.2,
  unansweredMilliseconds: 60_000,
};

/** How to look for a scan. */
export interface ScanRequest {
  readonly clock: Clock;
  /** Longest wait for a scan that is not over; 0 looks once, and starts none. */
  readonly waitSeconds: number;
  readonly maxAgeDays: number;
  /** Whether Slipway may start a scan: of a registry that scans in basic mode. */
  readonly mayStart: boolean;
  readonly signal: AbortSignal;
}

/**
 * The findings of one platform's manifest, as ECR has them. Waits for a scan that is under way, and starts one
 * where there is none or it is too old. ECR does not scan an index: pass the digest of a manifest.
 */
export async function scanWithEcr(
  clients: Clients,
  repository: string,
  digest: string,
  { clock, waitSeconds, maxAgeDays, mayStart, signal }: ScanRequest,
): Promise<ScanResult> {
  const image = { repositoryName: repository, imageId: { imageDigest: digest } };
  const until = clock.now() + waitSeconds * 1000;
  let last = "";
  let started = false;
  const found = await poll(
    async () => {
      const looked = await lookAtScan(clients, image, signal);
      const now = new Date(clock.now());
      const result = looked.state === "waiting" ? looked : unlessStale(looked, maxAgeDays, now);
      last = result.state === "scanned" ? "" : result.status;
      if (result.state === "waiting") return undefined;
      const isMissing = result.state === "unknown" && ["NOT_SCANNED", "STALE_SCAN"].includes(result.status);
      if (!isMissing || waitSeconds === 0) return result;
      if (started || !mayStart) {
        // A scan on push, or one that was just started, is not there at once. A stale result stays.
        return result.status === "STALE_SCAN" && !started ? result : undefined;
      }
      started = true;
      return startScan(clients, image, signal);
    },
    { clock, policy: scanPolicy, until, signal },
  );
  if (found !== undefined) return found;
  const reason =
    waitSeconds === 0
      ? `the scan is not over yet (${last})`
      : `no scan was complete after ${waitSeconds} s; the last status was ${last}`;
  return { state: "unknown", status: waitSeconds === 0 ? last : "TIMED_OUT", reason };
}

interface ImageOfScan {
  readonly repositoryName: string;
  readonly imageId: { readonly imageDigest: string };
}

/** All pages of one image's findings: a call for a thousand. */
async function lookAtScan(
  { ecr }: Clients,
  image: ImageOfScan,
  signal: AbortSignal,
): Promise<ScanResult | Waiting> {
  const pages: DescribeImageScanFindingsResponse[] = [];
  try {
    // The paginator writes its page size into what it is given.
    const all = paginateDescribeImageScanFindings(
      { client: ecr, pageSize: 1000 },
      { ...image },
      {
        abortSignal: signal,
      },
    );
    for await (const page of all) pages.push(page);
  } catch (error) {
    if (isAwsError(error, "ScanNotFoundException")) {
      return unknown("NOT_SCANNED", "the image was not scanned");
    }
    if (isAwsError(error, "ImageNotFoundException", "RepositoryNotFoundException")) {
      return unknown("IMAGE_NOT_FOUND", "the image is not in the repository");
    }
    throw error;
  }
  return readScan(pages);
}

/** Starts a basic scan. Undefined when one is under way now; otherwise why there is none. */
async function startScan(
  { ecr }: Clients,
  image: ImageOfScan,
  signal: AbortSignal,
): Promise<Unscanned | undefined> {
  try {
    await ecr.send(new StartImageScanCommand(image), { abortSignal: signal });
    return undefined;
  } catch (error) {
    // One scan of an image in 24 hours, that on push included: then one is under way, or its result comes.
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html
    if (isAwsError(error, "LimitExceededException")) return undefined;
    if (isAwsError(error, "UnsupportedImageTypeException")) {
      return unknown("UNSUPPORTED_IMAGE", `ECR cannot scan this image: ${error.message}`);
    }
    if (isAwsError(error, "ImageArchivedException")) {
      return unknown(
        "IMAGE_ARCHIVED",
        "the image is in ECR's archive storage class, where it is not scanned",
      );
    }
    if (isAwsError(error, "ImageNotFoundException", "RepositoryNotFoundException")) {
      return unknown("IMAGE_NOT_FOUND", "the image is not in the repository");
    }
    // What a registry with enhanced scanning answers, where slipway:scanning.mode says otherwise.
    if (isAwsError(error, "ValidationException", "InvalidParameterException")) {
      return unknown("NOT_SCANNED", `the image was not scanned, and ECR starts no scan: ${error.message}`);
    }
    throw error;
  }
}

function unknown(status: string, reason: string): Unscanned {
  return { state: "unknown", status, reason };
}
