import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  GetAliasCommand,
  GetFunctionCommand,
  InvokeCommand,
  ListAliasesCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { lambdaTargetSchema } from "../../../../../config/targets/lambda/target.ts";
import { remainingSteps } from "../../../../../runner/targets/lambda/follow/steps.ts";
import { mockClient } from "../../../../aws/mock-client.ts";
import { awsError } from "../../fakes.ts";
import {
  aliasIs,
  changes,
  fn,
  lambda,
  latest,
  ref,
  start,
  startAnew,
  target,
  updateAlias,
} from "../builders.ts";

const cloudwatch = mockClient(CloudWatchClient);
const steps = [
  { percent: 10, seconds: 60 },
  { percent: 50, seconds: 60 },
];
const shifting = { ...target, shift: { steps, alarms: ["pay-errors"] } };

beforeEach(() => {
  startAnew();
  cloudwatch.reset();
  alarm("OK");
});

function alarm(StateValue: "OK" | "ALARM" | "INSUFFICIENT_DATA") {
  cloudwatch.on(DescribeAlarmsCommand).resolves({
    MetricAlarms: [{ AlarmName: "pay-errors", StateValue, StateReason: "Threshold Crossed: 3 errors" }],
  });
}

/** Where the alias was sent, one after the other: `4`, `4 + 5:0.1`. */
function places(): string[] {
  return lambda.commandCalls(UpdateAliasCommand).map(({ args: [{ input }] }) => {
    const weights = Object.entries(input.RoutingConfig?.AdditionalVersionWeights ?? {});
    return [input.FunctionVersion, ...weights.map(([version, weight]) => `${version}:${weight}`)].join(" + ");
  });
}

describe("a weighted shift", () => {
  it("gives the new version a growing part, each for its time, and then everything", async () => {
    const { deploy, clock, context } = await start(shifting);
    const at: number[] = [];
    lambda.on(UpdateAliasCommand).callsFake(() => {
      at.push(clock.now());
      return Promise.resolve({});
    });
    expect(await deploy()).toMatchObject({
      outcome: "done",
      message: "live is on version 5, before: version 4",
      gates: [{ gate: "shift", verdict: "passed", message: "10 % for 1 min, then 50 % for 1 min, then all" }],
    });
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5", "5"]);
    expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 60_000, 120_000]);
    expect(context.messages()).toContain("version 5 gets 10 % for 1 min, then 50 % for 1 min, then all");
    expect(context.messages()).toContain("version 5 gets 50 % for 1 min, then all");
  });

  it("takes longer than the target's time-out without being cut off", async () => {
    const { deploy } = await start({ ...shifting, timeoutSeconds: 5 });
    latest(fn("a"));
    expect((await deploy()).outcome).toBe("done");
  });

  it("puts everything back to the version before when an alarm goes off, and says which", async () => {
    const { deploy, clock } = await start(shifting);
    clock.afterSleep = (elapsed) => elapsed > 75_000 && alarm("ALARM");
    const outcome = await deploy();
    expect(outcome).toMatchObject({ outcome: "rolled back", running: ref("0") });
    expect(outcome.gates).toMatchObject([{ gate: "shift", verdict: "failed" }]);
    expect(outcome.message).toBe(
      "alarm pay-errors is in ALARM: Threshold Crossed: 3 errors; live is back on version 4 for all invocations; the shift had reached 50 %",
    );
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5", "4"]);
    expect(outcome.milliseconds).toBeLessThan(95_000);
  });

  it("does not begin while an alarm is on already", async () => {
    alarm("ALARM");
    const { deploy } = await start(shifting);
    expect(await deploy()).toMatchObject({ outcome: "failed", running: ref("0") });
    expect(places()).toEqual([]);
  });

  it("invokes the new version after each step, and puts back when it no longer answers", async () => {
    const check = { payload: { ping: true }, timeoutSeconds: 3 };
    const { deploy } = await start({ ...shifting, check });
    const good = { Payload: new Uint8Array(Buffer.from('"pong"')) as never };
    lambda
      .on(InvokeCommand)
      .resolvesOnce(good)
      .resolvesOnce(good)
      .resolves({ ...good, FunctionError: "Unhandled" });
    expect(await deploy()).toMatchObject({ outcome: "rolled back" });
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5", "4"]);
    expect(lambda.commandCalls(InvokeCommand).map(({ args: [{ input }] }) => input.Qualifier)).toEqual([
      "5",
      "5",
      "5",
    ]);
  });

  it("counts the errors that the alias' callers got from the new version", async () => {
    const { deploy } = await start({ ...shifting, shift: { steps, alarms: [], errorsAllowed: 2 } });
    cloudwatch
      .on(GetMetricStatisticsCommand)
      .resolvesOnce({})
      .resolvesOnce({ Datapoints: [{ Sum: 2 }] })
      .resolves({ Datapoints: [{ Sum: 2 }, { Sum: 1 }] });
    const outcome = await deploy();
    expect(outcome.outcome).toBe("rolled back");
    expect(outcome.message).toContain("version 5 had 3 errors, and 2 are allowed");
    expect(cloudwatch.commandCalls(GetMetricStatisticsCommand)[0]?.args[0].input.Dimensions).toEqual([
      { Name: "FunctionName", Value: "pay" },
      { Name: "Resource", Value: "pay:live" },
      { Name: "ExecutedVersion", Value: "5" },
    ]);
  });

  it("is put back whole when it is interrupted, and says so", async () => {
    const { deploy, clock, context } = await start(shifting);
    clock.afterSleep = (elapsed) => elapsed > 5_000 && context.controller.abort();
    expect(await deploy()).toMatchObject({
      outcome: "cancelled",
      running: ref("0"),
      message:
        "stopped; the code was updated, and live is back on version 4 for all invocations; the shift had reached 10 %; run the command again to finish",
    });
    expect(places()).toEqual(["4 + 5:0.1", "4"]);
  });

  it("says what is left when it can't be put back", async () => {
    const { deploy, clock } = await start(shifting);
    clock.afterSleep = (elapsed) => elapsed > 5_000 && alarm("ALARM");
    lambda.on(UpdateAliasCommand).callsFake((input) => {
      const isWhole = Object.keys(input.RoutingConfig.AdditionalVersionWeights).length === 0;
      return isWhole ? Promise.reject(awsError("InvalidParameterValueException", "no")) : updateAlias(input);
    });
    const outcome = await deploy();
    expect(outcome.outcome).toBe("failed");
    expect(outcome.running).toBeUndefined();
    expect(outcome.message).toContain("live could not be put back and may give 10 % to version 5: no");
  });

  it("leaves the alias to whoever moved it in the middle", async () => {
    const { deploy, clock } = await start(shifting);
    clock.afterSleep = (elapsed) => elapsed > 5_000 && aliasIs("9");
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: "someone else moved the alias to version 9; it stays there",
    });
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5"]);
  });

  it.each([
    ["to another version", "9", {}],
    ["whole to the new version", "5", {}],
    ["to another part", "4", { "5": 0.3 }],
  ])("does not take back, when it fails, what somebody else has moved %s", async (_, version, weights) => {
    const { deploy, clock } = await start(shifting);
    clock.afterSleep = (elapsed) => {
      if (elapsed < 5_000) return;
      aliasIs(version, weights);
      alarm("ALARM");
    };
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: expect.stringMatching(/is in ALARM.*; live stays where someone else has moved it$/),
    });
    expect(places()).toEqual(["4 + 5:0.1"]);
  });

  it("goes on when something else about the alias was changed, and when an answer was lost", async () => {
    const { deploy, clock } = await start(shifting);
    let isLost = false;
    lambda.on(UpdateAliasCommand).callsFake(async (input) => {
      const answer = await updateAlias(input);
      if (isLost) return answer;
      // The SDK makes the call once more, and the revision is another by then.
      isLost = true;
      throw awsError("PreconditionFailedException");
    });
    let isDescribed = false;
    clock.afterSleep = (elapsed) => {
      if (elapsed < 5_000 || isDescribed) return;
      isDescribed = true;
      aliasIs("4", { "5": 0.1 });
    };
    expect((await deploy()).outcome).toBe("done");
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5", "4 + 5:0.5", "5"]);
  });

  it("puts back also what may have been done by a call without an answer", async () => {
    const { deploy } = await start(shifting);
    lambda
      .on(UpdateAliasCommand, { RoutingConfig: { AdditionalVersionWeights: { "5": 0.1 } } })
      .callsFake(async (input) => {
        await updateAlias(input);
        throw Object.assign(new Error("socket hang up"), { name: "Error" });
      });
    expect(await deploy()).toMatchObject({ outcome: "rolled back" });
    expect(places()).toEqual(["4 + 5:0.1", "4"]);
  });

  it("is not needed for a first deployment, nor for the image that runs", async () => {
    lambda.on(ListAliasesCommand).resolves({});
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    lambda.on(UpdateAliasCommand).rejects(awsError("ResourceNotFoundException"));
    const { deploy, plan } = await start(shifting);
    expect(plan.notes).toContain("the alias live does not exist and will be created");
    expect(await deploy()).toMatchObject({ outcome: "done", message: "live was created on version 5" });
    expect(changes().at(-1)).toBe("CreateAlias");
  });

  it("goes on where a killed run left it, for that step's whole time", async () => {
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "5": 0.5 } } });
    const { deploy, clock, plan } = await start(shifting);
    latest(fn("a"));
    expect(plan.changes).toContainEqual({
      field: "alias live",
      before: "version 4, 50 % to version 5",
      after: "a new version",
    });
    const before = clock.now();
    expect((await deploy()).outcome).toBe("done");
    expect(places()).toEqual(["4 + 5:0.5", "5"]);
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });

  it("takes back what a killed run left when its version fails before it is gone on with", async () => {
    const check = { payload: {}, timeoutSeconds: 3 };
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "5": 0.5 } } });
    lambda.on(InvokeCommand).resolves({ FunctionError: "Unhandled" });
    const { deploy } = await start({ ...shifting, check });
    expect((await deploy()).outcome).toBe("rolled back");
    expect(places()).toEqual(["4"]);
    alarm("ALARM");
    const again = await start(shifting);
    expect((await again.deploy()).message).toContain(
      "live is back on version 4 for all invocations; the shift had reached 50 %",
    );
  });

  it("says what another version is left with when the new one fails its check", async () => {
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "3": 0.5 } } });
    lambda.on(InvokeCommand).resolves({ FunctionError: "Unhandled" });
    const { deploy } = await start({ ...shifting, check: { payload: {}, timeoutSeconds: 3 } });
    expect((await deploy()).message).toMatch(/live stays on version 4, 50 % to version 3$/);
    expect(places()).toEqual([]);
  });

  it("begins anew when the weight was left for another version", async () => {
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "3": 0.5 } } });
    const { deploy } = await start(shifting);
    await deploy();
    expect(places()).toEqual(["4 + 5:0.1", "4 + 5:0.5", "5"]);
  });

  it("refuses alarms that do not exist before anything is changed, with the nearest name", async () => {
    cloudwatch
      .on(DescribeAlarmsCommand)
      .resolvesOnce({ MetricAlarms: [] })
      .resolves({ MetricAlarms: [{ AlarmName: "pay-errors" }, { AlarmName: "ship-errors" }] });
    const { plan } = await start({ ...shifting, shift: { steps, alarms: ["pay-error"] } });
    expect(plan.problems[0]).toMatchObject({
      code: "unknown-alarm",
      key: "shift.alarms",
      value: "pay-error",
    });
    expect(plan.problems[0]?.fix).toContain('did you mean "pay-errors"?');
  });
});

describe("the steps that are left", () => {
  it.each([
    [undefined, [10, 50]],
    [0.1, [10, 50]],
    [0.2, [50]],
    [0.5, [50]],
    [0.9, [50]],
  ])("after %s are %o", (weight, left) => {
    expect(remainingSteps(steps, weight).map(({ percent }) => percent)).toEqual(left);
  });
});

describe("the setting", () => {
  const read = (shift: unknown) =>
    lambdaTargetSchema
      .safeParse({ kind: "lambda", function: "pay", shift })
      .error?.issues.map(({ message }) => message);

  it("takes growing steps of 1 to 99 percent", () => {
    expect(read({ steps })).toBeUndefined();
    expect(read({ steps: steps.toReversed() })?.[0]).toContain("must increase");
    expect(
      read({
        steps: [
          { percent: 10, seconds: 1 },
          { percent: 10, seconds: 1 },
        ],
      })?.[0],
    ).toContain("must increase");
    for (const percent of [0, 100, 10.5]) expect(read({ steps: [{ percent, seconds: 1 }] })).toHaveLength(1);
    expect(read({ steps: [] })).toHaveLength(1);
  });
});
