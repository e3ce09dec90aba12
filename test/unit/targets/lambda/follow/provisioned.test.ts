import {
  DeleteProvisionedConcurrencyConfigCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetProvisionedConcurrencyConfigCommand,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { toUserError } from "../../../../../runner/aws/errors.ts";
import { awsError } from "../../fakes.ts";
import { aliasNow, changes, fn, lambda, latest, ref, start, startAnew, target } from "../builders.ts";

const provisioned = { ...target, provisionedConcurrency: 3 };
const none = awsError("ProvisionedConcurrencyConfigNotFoundException");

/** What each look at a version's or an alias' configuration answers; the last answer stays. */
function config(Qualifier: string, ...answers: (object | Error)[]) {
  lambda.on(GetProvisionedConcurrencyConfigCommand, { Qualifier }).callsFake(() => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
}

const ready = (n: number) => ({
  Status: "READY",
  RequestedProvisionedConcurrentExecutions: n,
  AvailableProvisionedConcurrentExecutions: n,
});
const allocating = {
  Status: "IN_PROGRESS",
  RequestedProvisionedConcurrentExecutions: 3,
  AvailableProvisionedConcurrentExecutions: 1,
};

beforeEach(() => {
  startAnew();
  config("live", none);
  config("4", ready(3));
  config("5", none, allocating, ready(3));
  lambda.on(ListAliasesCommand).resolves({ Aliases: [{ Name: "live", FunctionVersion: "5" }] });
  lambda.on(PutProvisionedConcurrencyConfigCommand).resolves({});
  lambda.on(DeleteProvisionedConcurrencyConfigCommand).resolves({});
});

describe("provisioned concurrency", () => {
  it("is put on the new version and ready before the alias moves; the version before gives its own back", async () => {
    const { deploy, context } = await start(provisioned);
    expect(await deploy()).toMatchObject({ outcome: "done", details: { provisionedConcurrency: 3 } });
    expect(changes()).toEqual([
      "UpdateFunctionCode",
      "PublishVersion",
      "PutProvisionedConcurrencyConfig",
      "UpdateAlias",
      "DeleteProvisionedConcurrencyConfig",
    ]);
    expect(lambda.commandCalls(PutProvisionedConcurrencyConfigCommand)[0]?.args[0].input).toEqual({
      FunctionName: "pay",
      Qualifier: "5",
      ProvisionedConcurrentExecutions: 3,
    });
    expect(lambda.commandCalls(DeleteProvisionedConcurrencyConfigCommand)[0]?.args[0].input.Qualifier).toBe(
      "4",
    );
    expect(context.messages()).toContain("provisioned concurrency of version 5: 1 of 3 ready");
  });

  it("keeps the alias where it is when it fails, with the reason, and gives it back", async () => {
    config("5", none, { Status: "FAILED", StatusReason: "FUNCTION_ERROR_INIT_FAILURE" });
    const { deploy } = await start(provisioned);
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      running: ref("0"),
      message:
        "provisioned concurrency of version 5 failed: FUNCTION_ERROR_INIT_FAILURE; live stays on version 4",
    });
    expect(changes()).not.toContain("UpdateAlias");
    expect(lambda.commandCalls(DeleteProvisionedConcurrencyConfigCommand)[0]?.args[0].input.Qualifier).toBe(
      "5",
    );
  });

  it("is given back when the deployment is interrupted", async () => {
    config("5", none, allocating);
    const { deploy, clock, context } = await start(provisioned);
    clock.afterSleep = (elapsed) => elapsed > 3_000 && context.controller.abort();
    expect((await deploy()).outcome).toBe("cancelled");
    expect(lambda.commandCalls(DeleteProvisionedConcurrencyConfigCommand)[0]?.args[0].input.Qualifier).toBe(
      "5",
    );
  });

  it("stays on a version that another alias uses", async () => {
    lambda.on(ListAliasesCommand).resolves({ Aliases: [{ FunctionVersion: "5" }, { FunctionVersion: "4" }] });
    const { deploy } = await start(provisioned);
    expect((await deploy()).outcome).toBe("done");
    expect(changes()).not.toContain("DeleteProvisionedConcurrencyConfig");
  });

  it("is changed on the version that runs when nothing else is different", async () => {
    lambda.on(GetAliasCommand).resolves({ FunctionVersion: "5" });
    latest(fn("a"));
    config("5", ready(1), ready(1), ready(3));
    const { deploy } = await start(provisioned);
    expect((await deploy()).outcome).toBe("done");
    expect(changes()).toContain("PutProvisionedConcurrencyConfig");
    expect(changes()).not.toContain("DeleteProvisionedConcurrencyConfig");
  });

  it("is refused, before anything changes, on an alias that has its own", async () => {
    config("live", ready(2));
    const { plan } = await start(provisioned);
    expect(plan.problems[0]).toMatchObject({
      code: "alias-has-provisioned-concurrency",
      key: "provisionedConcurrency",
    });
    const shift = { steps: [{ percent: 10, seconds: 1 }], alarms: [] };
    expect((await start({ ...target, shift })).plan.problems[0]?.key).toBe("shift");
  });

  it("is put on the version before again when the alias is put back", async () => {
    const { kind, plan, context } = await start(provisioned);
    lambda.on(GetAliasCommand).resolves({ FunctionVersion: "5" });
    config("4", none, ready(3));
    expect(await kind.revert(plan, { reference: ref("a"), startedAt: 0 }, context)).toMatchObject({
      outcome: "rolled back",
    });
    expect(changes()).toEqual(["PutProvisionedConcurrencyConfig", "UpdateAlias"]);
  });
});

describe("provisioned concurrency that a killed run has left on a version", () => {
  beforeEach(() => {
    lambda.on(ListVersionsByFunctionCommand).resolves({
      Versions: ["$LATEST", "3", "4", "6", "7"].map((Version) => ({ Version })),
    });
    const beta = { Name: "beta", FunctionVersion: "7" };
    lambda.on(ListAliasesCommand).callsFake(() => Promise.resolve({ Aliases: [aliasNow(), beta] }));
    lambda.on(GetFunctionCommand, { Qualifier: "6" }).resolves(fn("6", { Version: "6" }));
    for (const version of ["3", "6", "7"]) config(version, ready(2));
  });
  const deleted = () =>
    lambda
      .commandCalls(DeleteProvisionedConcurrencyConfigCommand)
      .map(({ args: [{ input }] }) => input.Qualifier);
  const left = {
    field: "provisionedConcurrency of version 6, which was never used",
    before: "2",
    after: "none",
  };

  it("is shown, and given back with the next deployment, unless an alias uses the version", async () => {
    const { plan, deploy } = await start(provisioned);
    expect(plan.changes).toContainEqual(left);
    expect((await deploy()).outcome).toBe("done");
    expect(deleted()).toEqual(["4", "6"]);
  });

  it("is given back also when nothing else is to be done: the version that runs stays", async () => {
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("a", { Version: "4" }));
    const { plan, deploy } = await start(provisioned);
    expect(plan.changes).toEqual([left]);
    expect(await deploy()).toMatchObject({ outcome: "done", details: { version: "4" } });
    expect(changes()).toEqual(["UpdateAlias", "DeleteProvisionedConcurrencyConfig"]);
    expect(deleted()).toEqual(["6"]);
  });

  it("stays on the version that the next run goes on with", async () => {
    lambda.on(GetFunctionCommand, { Qualifier: "6" }).resolves(fn("a", { Version: "6" }));
    lambda.on(PublishVersionCommand).resolves({ Version: "6" });
    config("6", ready(3));
    const { plan, deploy } = await start(provisioned);
    expect(plan.changes.map(({ field }) => field)).toEqual(["imageUri", "alias live"]);
    expect((await deploy()).outcome).toBe("done");
    expect(changes()).not.toContain("PutProvisionedConcurrencyConfig");
    expect(deleted()).toEqual(["4"]);
  });
});

describe("an alias that has provisioned concurrency from elsewhere", () => {
  const weights = { FunctionVersion: "5", RoutingConfig: { AdditionalVersionWeights: { "4": 1 } } };

  it("is waited for after the move, until Lambda has taken its own weights away", async () => {
    const { deploy } = await start();
    config("live", allocating, allocating, ready(3));
    const looks = [weights, { FunctionVersion: "5" }];
    lambda.on(GetAliasCommand).callsFake(() => Promise.resolve(looks.shift()));
    expect((await deploy()).outcome).toBe("done");
    expect(lambda.commandCalls(GetAliasCommand)).toHaveLength(3);
  });

  it("is put back when the new version can't be made ready", async () => {
    const { deploy } = await start();
    config("live", allocating, { Status: "FAILED", StatusReason: "FUNCTION_ERROR_INIT_FAILURE" });
    expect(await deploy()).toMatchObject({
      outcome: "rolled back",
      running: ref("0"),
      message:
        "provisioned concurrency of alias live failed: FUNCTION_ERROR_INIT_FAILURE; live is back on version 4 for all invocations",
    });
    expect(lambda.commandCalls(UpdateAliasCommand)).toHaveLength(2);
  });

  it("is left alone, and reported as moved, when the wait is interrupted", async () => {
    const { deploy, clock, context } = await start();
    config("live", allocating);
    clock.afterSleep = (elapsed) => elapsed > 3_000 && context.controller.abort();
    expect(await deploy()).toMatchObject({
      outcome: "cancelled",
      running: ref("a"),
      message:
        "stopped; the code was updated, and live is already on version 5; run the command again to finish",
    });
    expect(lambda.commandCalls(UpdateAliasCommand)).toHaveLength(1);
  });

  it("is not waited for by a role that may not look", async () => {
    const { deploy } = await start();
    const call = { service: "lambda", operation: "GetProvisionedConcurrencyConfig", region: "eu-west-1" };
    config("live", toUserError(awsError("AccessDeniedException"), call) as Error);
    expect(await deploy()).toMatchObject({ outcome: "done" });
  });
});
