import { GetConfigurationCommand, Inspector2Client } from "@aws-sdk/client-inspector2";
import { beforeEach, expect, test } from "vitest";
import type { StackDescription } from "../../../../config/description/description.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { checkRescan } from "../../../../runner/commands/doctor/rescan.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { awsError } from "../../targets/fakes.ts";

const inspector = mockClient(Inspector2Client);
beforeEach(() => {
  inspector.reset();
});

const { signal } = new AbortController();
const check = (rescan: object | undefined) => {
  const settings = slipwaySchema.parse({ scanning: { mode: "enhanced", rescan } });
  const description = {
    settings: { ...settings, aws: awsSchema.parse({ region: "eu-west-1" }), stack: "prod" },
  };
  return checkRescan(description as unknown as StackDescription, signal);
};
type State = { rescanDuration: "DAYS_14" | "DAYS_90"; status?: "PENDING" | "FAILED" | "SUCCESS" } & Record<
  string,
  string
>;
const answers = (rescanDurationState: State) =>
  inspector.on(GetConfigurationCommand).resolves({ ecrConfiguration: { rescanDurationState } });
const wanted = { pushDays: 90, pullDays: 14, pullDate: "last-in-use" };
const asWanted = {
  rescanDuration: "DAYS_90",
  pullDateRescanDuration: "DAYS_14",
  pullDateRescanMode: "LAST_IN_USE_AT",
} as const;

test("a stack that says nothing of re-scans asks nothing", async () => {
  expect(await check(undefined)).toEqual([]);
  expect(inspector.calls()).toEqual([]);
});

test("what Inspector does as the stack says is fine", async () => {
  answers({ ...asWanted, status: "SUCCESS" });
  expect(await check(wanted)).toEqual([
    {
      name: "re-scans",
      state: "ok",
      message:
        "Inspector: rescanDuration DAYS_90, pullDateRescanDuration DAYS_14, pullDateRescanMode LAST_IN_USE_AT",
    },
  ]);
});

test("what differs is named, and the command sets it and leaves the rest", async () => {
  answers({ ...asWanted, rescanDuration: "DAYS_14" });
  expect(await check({ pushDays: 90 })).toEqual([
    {
      name: "re-scans",
      state: "warn",
      message: "Inspector differs from slipway:scanning.rescan: rescanDuration is DAYS_14, not DAYS_90",
      fix: "aws inspector2 update-configuration --ecr-configuration rescanDuration=DAYS_90,pullDateRescanDuration=DAYS_14,pullDateRescanMode=LAST_IN_USE_AT --region eu-west-1",
    },
  ]);
});

test("an account whose images Inspector does not scan has nothing set", async () => {
  inspector.on(GetConfigurationCommand).resolves({});
  const [found] = await check(wanted);
  expect(found?.state).toBe("warn");
  expect(found?.message).toContain("rescanDuration is not set, not DAYS_90");
});

test.each([
  ["PENDING", "is still changing to rescanDuration DAYS_90", /some minutes/],
  ["FAILED", "could not change to rescanDuration DAYS_90", /aws inspector2 update-configuration/],
] as const)("a change that is %s is said", async (status, message, fix) => {
  answers({ ...asWanted, status });
  const [found] = await check({ pushDays: 90 });
  expect(found).toMatchObject({ state: "warn", message: expect.stringContaining(message) });
  expect(found?.fix).toMatch(fix);
});

test("what could not be read is not seen, and stops nothing", async () => {
  const denied = new UserError({
    code: "access-denied",
    message: "ci may not call inspector2:GetConfiguration",
    fix: "allow it",
  });
  inspector.on(GetConfigurationCommand).rejectsOnce(denied).rejectsOnce(awsError("InternalServerException"));
  expect(await check(wanted)).toEqual([
    {
      name: "re-scans",
      state: "warn",
      message:
        "how long Inspector scans images again was not seen: ci may not call inspector2:GetConfiguration",
      fix: "allow it",
    },
  ]);
  const [unknown] = await check(wanted);
  expect(unknown).toMatchObject({
    state: "warn",
    message: expect.stringContaining("InternalServerException"),
  });
});
