import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EcrPullDateRescanDuration,
  EcrPullDateRescanMode,
  EcrRescanDuration,
} from "@aws-sdk/client-inspector2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { inspectorRescan, rescanCommand, scanningSchema } from "../../../../config/stack/scanning.ts";

const rescanOf = (rescan: object) => scanningSchema.parse({ mode: "enhanced", rescan }).rescan;
const inspector = (rescan: object) => {
  const parsed = rescanOf(rescan);
  if (parsed === undefined) throw new Error("rescan was not read");
  return inspectorRescan(parsed);
};
const days = [3, 7, 14, 30, 60, 90, 180];

describe("how long Inspector scans again", () => {
  test("takes every value that AWS's model has, and no other", () => {
    const afterPush = [...days, "lifetime"].map((pushDays) => inspector({ pushDays }).rescanDuration);
    expect(new Set(afterPush)).toEqual(new Set(Object.values(EcrRescanDuration)));
    const afterPull = days.map(
      (pullDays) => inspector({ pushDays: 14, pullDays }).pullDateRescanDuration ?? "",
    );
    expect(new Set(afterPull)).toEqual(new Set(Object.values(EcrPullDateRescanDuration)));
    const modes = ["last-in-use", "last-pull"].map(
      (pullDate) => inspector({ pushDays: 14, pullDate }).pullDateRescanMode ?? "",
    );
    expect(new Set(modes)).toEqual(new Set(Object.values(EcrPullDateRescanMode)));
    for (const rescan of [{ pushDays: 15 }, { pushDays: 14, pullDays: "lifetime" }, { pullDays: 14 }]) {
      expect(() => rescanOf(rescan), JSON.stringify(rescan)).toThrow();
    }
  });

  test("is set by a command that says what the stack says, and nothing else", () => {
    const region = "eu-west-1";
    expect(rescanCommand(inspector({ pushDays: "lifetime" }), { region })).toBe(
      "aws inspector2 update-configuration --ecr-configuration rescanDuration=LIFETIME --region eu-west-1",
    );
    const all = inspector({ pushDays: 90, pullDays: 30, pullDate: "last-in-use" });
    expect(rescanCommand(all, { region, profile: "prod" })).toBe(
      "aws inspector2 update-configuration --ecr-configuration rescanDuration=DAYS_90,pullDateRescanDuration=DAYS_30,pullDateRescanMode=LAST_IN_USE_AT --region eu-west-1 --profile prod",
    );
  });
});

describe("settings of scanning that contradict each other", () => {
  let project: string;
  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), "slipway-scanning-"));
    await writeFile(join(project, "services.yaml"), "services:\n  ui: { context: ui }\n");
  });
  afterEach(() => rm(project, { recursive: true, force: true }));

  test.each([
    ["rescan without Inspector", { rescan: { pushDays: 14 } }, "slipway:scanning.rescan", /mode is basic/],
    [
      "rescan where another stack manages the registry",
      { mode: "enhanced", manageRegistry: false, rescan: { pushDays: 14 } },
      "slipway:scanning.rescan",
      /manageRegistry: false/,
    ],
    ["functions without Inspector", { lambda: true }, "slipway:scanning.lambda", /mode is basic/],
    [
      "continuous scans without Inspector",
      { filters: { continuous: ["*"] } },
      "slipway:scanning.filters.continuous",
      /mode is basic/,
    ],
  ])("%s is refused, with key and fix", async (_, scanning, key, message) => {
    const config = { "aws:region": "eu-west-1", "slipway:scanning": scanning };
    await writeFile(join(project, "Pulumi.dev.yaml"), JSON.stringify({ config }));
    const error = await loadStack(project, "dev", { sources: false }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems).toMatchObject([
      {
        code: "contradicting-settings",
        key,
        message: expect.stringMatching(message),
        fix: expect.stringMatching(/./),
      },
    ]);
  });
});
