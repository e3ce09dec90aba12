import { DescribeImageScanFindingsCommand, ECRClient, StartImageScanCommand } from "@aws-sdk/client-ecr";
import { beforeEach, describe, expect, test } from "vitest";
import { scanWithEcr } from "../../../runner/findings/ecr/scan.ts";
import { scanImage } from "../../../runner/findings/scan.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const now = new Date(fakeClock().now());
const notFound = awsError("ScanNotFoundException");
const complete = {
  imageScanStatus: { status: "COMPLETE" as const },
  imageScanFindings: { imageScanCompletedAt: now, findings: [] },
};
const inProgress = { imageScanStatus: { status: "IN_PROGRESS" as const } };
const old = {
  ...complete,
  imageScanFindings: { imageScanCompletedAt: new Date("2023-01-01T00:00:00Z"), findings: [] },
};

beforeEach(() => {
  ecr.reset();
});

const started = () => ecr.commandCalls(StartImageScanCommand).length;
const looks = () => ecr.commandCalls(DescribeImageScanFindingsCommand);

function ask(changes: Partial<Parameters<typeof scanWithEcr>[3]> = {}) {
  const { clients, signal } = fakeContext();
  const request = { clock: fakeClock(), waitSeconds: 60, maxAgeDays: 7, mayStart: true, signal, ...changes };
  return scanWithEcr(clients, "shop/ui", sha("a"), request);
}

describe("ECR's scan of a manifest", () => {
  test("is started when there is none, and waited for", async () => {
    ecr
      .on(DescribeImageScanFindingsCommand)
      .rejectsOnce(notFound)
      .resolvesOnce(inProgress)
      .resolves(complete);
    ecr.on(StartImageScanCommand).resolves({ imageScanStatus: { status: "IN_PROGRESS" } });
    expect(await ask()).toMatchObject({ state: "scanned", source: "ecr-basic" });
    expect(started()).toBe(1);
  });

  test("is awaited when the scan on push is under way, which ECR says with a limit", async () => {
    ecr.on(DescribeImageScanFindingsCommand).rejectsOnce(notFound).rejectsOnce(notFound).resolves(complete);
    ecr.on(StartImageScanCommand).rejects(awsError("LimitExceededException"));
    expect(await ask()).toMatchObject({ state: "scanned" });
    expect(started()).toBe(1);
  });

  test("is started again when it is too old, and unknown where none may be started", async () => {
    ecr.on(DescribeImageScanFindingsCommand).resolvesOnce(old).resolvesOnce(old).resolves(complete);
    ecr.on(StartImageScanCommand).resolves({});
    expect(await ask()).toMatchObject({ state: "scanned" });
    ecr.on(DescribeImageScanFindingsCommand).resolves(old);
    expect(await ask({ mayStart: false })).toMatchObject({ state: "unknown", status: "STALE_SCAN" });
    expect(started()).toBe(1);
  });

  test("is never started by a registry with enhanced scanning: it comes by itself", async () => {
    ecr
      .on(DescribeImageScanFindingsCommand)
      .rejectsOnce(notFound)
      .resolves({
        imageScanStatus: { status: "ACTIVE" },
        imageScanFindings: { enhancedFindings: [] },
      });
    expect(await ask({ mayStart: false })).toMatchObject({ state: "scanned", source: "ecr-enhanced" });
    expect(started()).toBe(0);
  });

  test("that does not end is unknown when the time is up, with the last status", async () => {
    ecr.on(DescribeImageScanFindingsCommand).resolves(inProgress);
    const result = await ask();
    expect(result).toEqual({
      state: "unknown",
      status: "TIMED_OUT",
      reason: "no scan was complete after 60 s; the last status was IN_PROGRESS",
    });
    // Pauses grow: a scan of a minute is no sixty calls.
    expect(looks().length).toBeLessThan(20);
  });

  test.each([
    ["UnsupportedImageTypeException", "UNSUPPORTED_IMAGE"],
    ["ImageArchivedException", "IMAGE_ARCHIVED"],
    ["ImageNotFoundException", "IMAGE_NOT_FOUND"],
    ["ValidationException", "NOT_SCANNED"],
  ])("that ECR refuses to start with %s is unknown, %s", async (name, status) => {
    ecr.on(DescribeImageScanFindingsCommand).rejects(notFound);
    ecr.on(StartImageScanCommand).rejects(awsError(name));
    expect(await ask()).toMatchObject({ state: "unknown", status });
  });

  test("is only looked at, with one call, where nothing is waited for", async () => {
    ecr.on(DescribeImageScanFindingsCommand).rejects(notFound);
    expect(await ask({ waitSeconds: 0 })).toMatchObject({ state: "unknown", status: "NOT_SCANNED" });
    ecr.on(DescribeImageScanFindingsCommand).resolves(inProgress);
    expect(await ask({ waitSeconds: 0 })).toMatchObject({ state: "unknown", status: "IN_PROGRESS" });
    expect([started(), looks().length]).toEqual([0, 2]);
  });

  test("is read to its last page", async () => {
    const findings = (name: string) => ({
      ...complete,
      imageScanFindings: { imageScanCompletedAt: now, findings: [{ name, severity: "LOW" as const }] },
    });
    ecr.on(DescribeImageScanFindingsCommand).resolvesOnce({ ...findings("CVE-1"), nextToken: "2" });
    ecr.on(DescribeImageScanFindingsCommand, { nextToken: "2" }).resolves(findings("CVE-2"));
    expect(await ask()).toMatchObject({ findings: [{ id: "CVE-1" }, { id: "CVE-2" }] });
  });

  test("stops with the run", async () => {
    const clock = fakeClock();
    const { clients, controller, signal } = fakeContext();
    clock.afterSleep = () => controller.abort();
    ecr.on(DescribeImageScanFindingsCommand).resolves(inProgress);
    const request = { clock, waitSeconds: 60, maxAgeDays: 7, mayStart: true, signal };
    await expect(scanWithEcr(clients, "shop/ui", sha("a"), request)).rejects.toThrow(/abort/i);
  });
});

test("an image is asked for by each platform's manifest, and never by its index", async () => {
  ecr.on(DescribeImageScanFindingsCommand).resolves(complete);
  const session = {
    ...fakeContext(),
    settings: { scanning: { mode: "basic", lambda: false, manageRegistry: true } },
  } as const;
  const scans = await scanImage(
    session,
    image,
    { source: "ecr", waitSeconds: 60, maxAgeDays: 7 },
    fakeClock(),
  );
  expect(scans.map(({ platform, digest }) => [platform, digest])).toEqual([
    ["linux/amd64", sha("a")],
    ["linux/arm64", sha("b")],
  ]);
  expect(looks().map((call) => call.args[0].input.imageId?.imageDigest)).toEqual([sha("a"), sha("b")]);
});
