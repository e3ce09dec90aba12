import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  ListAliasesCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { indexText, ociIndex } from "../../registry/fixtures.ts";
import { awsError, fakeContext, image, sha } from "../fakes.ts";
import { aliasIs, changes, fn, holds, lambda, latest, ref, start, startAnew, target } from "./builders.ts";

const create = {
  role: "arn:aws:iam::111122223333:role/pay",
  architecture: "x86_64" as const,
  memoryMegabytes: 256,
  timeoutSeconds: 3,
  environment: { MODE: "test" },
};

beforeEach(startAnew);

async function rejection(promise: Promise<unknown>): Promise<UserError> {
  return await promise.then(
    () => expect.unreachable(),
    (error: UserError) => error,
  );
}

describe("updating a function", () => {
  it("updates the code, publishes what it became, and moves the alias last", async () => {
    const { deploy } = await start();
    expect(await deploy()).toMatchObject({
      outcome: "done",
      message: "live is on version 5, before: version 4",
      running: ref("a"),
      details: { version: "5", previousVersion: "4", digest: sha("a") },
    });
    expect(changes()).toEqual(["UpdateFunctionCode", "PublishVersion", "UpdateAlias"]);
    expect(lambda.commandCalls(UpdateFunctionCodeCommand)[0]?.args[0].input).toEqual({
      FunctionName: "pay",
      ImageUri: ref("a"),
      Publish: false,
    });
    expect(lambda.commandCalls(PublishVersionCommand)[0]?.args[0].input).toEqual({
      FunctionName: "pay",
      RevisionId: "r1",
      CodeSha256: "a".repeat(64),
    });
    expect(lambda.commandCalls(UpdateAliasCommand)[0]?.args[0].input).toMatchObject({
      FunctionVersion: "5",
      RoutingConfig: { AdditionalVersionWeights: {} },
    });
  });

  it("waits for another update to end first, and tries again when one gets in between", async () => {
    const { deploy, clock } = await start();
    latest(fn("0", { LastUpdateStatus: "InProgress" }), fn("0"), fn("a"));
    lambda
      .on(UpdateFunctionCodeCommand)
      .rejectsOnce(awsError("ResourceConflictException", "An update is in progress"))
      .resolves({});
    const before = clock.now();
    expect((await deploy()).outcome).toBe("done");
    expect(lambda.commandCalls(UpdateFunctionCodeCommand)).toHaveLength(2);
    expect(clock.now() - before).toBe(1000);
  });

  it("does not update the code again after an interrupted run", async () => {
    const { deploy } = await start();
    latest(fn("a"));
    expect((await deploy()).outcome).toBe("done");
    expect(changes()).toEqual(["PublishVersion", "UpdateAlias"]);
  });

  it("takes it well when publishing gives the version that there is", async () => {
    const { deploy } = await start();
    lambda.on(PublishVersionCommand).resolves({ Version: "4" });
    lambda.on(GetFunctionCommand, { Qualifier: "4" }).resolves(fn("a", { Version: "4" }));
    expect(await deploy()).toMatchObject({ outcome: "done", details: { version: "4" } });
  });

  it("goes back to the version that an earlier release left: only the alias moves", async () => {
    const { kind, plan, context } = await start();
    lambda.on(GetFunctionCommand, { Qualifier: "3" }).resolves(fn("a", { Version: "3" }));
    const back = { ...plan, reuse: "3" };
    const outcome = await kind.follow(back, await kind.apply(back, image, context), image, context);
    expect(outcome).toMatchObject({ outcome: "done", details: { version: "3", previousVersion: "4" } });
    expect(changes()).toEqual(["UpdateAlias"]);
  });

  it("updates the code when that version is gone, or has another image", async () => {
    for (const answer of [fn("9", { Version: "3" }), undefined]) {
      startAnew();
      const { kind, plan, context } = await start();
      const version = lambda.on(GetFunctionCommand, { Qualifier: "3" });
      if (answer === undefined) version.rejects(awsError("ResourceNotFoundException"));
      else version.resolves(answer);
      const back = { ...plan, reuse: "3" };
      const outcome = await kind.follow(back, await kind.apply(back, image, context), image, context);
      expect(outcome).toMatchObject({ outcome: "done", details: { version: "5" } });
    }
  });

  it("moves the alias from where it was seen, and not from where somebody else has put it since", async () => {
    const seen = aliasIs("4");
    const { deploy } = await start();
    lambda.on(PublishVersionCommand).callsFake(() => {
      aliasIs("9");
      return Promise.resolve({ Version: "5" });
    });
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: "someone else moved the alias to version 9; it stays there",
    });
    expect(lambda.commandCalls(UpdateAliasCommand).map(({ args: [{ input }] }) => input.RevisionId)).toEqual([
      seen.RevisionId,
    ]);
  });

  it("looks at the alias again when it is another revision, and moves it from the same place", async () => {
    const { deploy } = await start();
    lambda.on(PublishVersionCommand).callsFake(() => {
      aliasIs("4");
      return Promise.resolve({ Version: "5" });
    });
    expect(await deploy()).toMatchObject({ outcome: "done", details: { version: "5" } });
    expect(lambda.commandCalls(UpdateAliasCommand)).toHaveLength(2);
  });

  it("leaves an alias that somebody else has made meanwhile", async () => {
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    lambda.on(ListAliasesCommand).resolves({});
    const { deploy } = await start();
    lambda.on(CreateAliasCommand).rejects(awsError("ResourceConflictException", "Alias already exists"));
    lambda.on(GetAliasCommand).resolves(aliasIs("9"));
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: "someone else moved the alias to version 9; it stays there",
    });
  });

  it("makes the alias when there is none", async () => {
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    lambda.on(UpdateAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(ListAliasesCommand).resolves({});
    const { deploy } = await start();
    expect(await deploy()).toMatchObject({ outcome: "done", message: "live was created on version 5" });
    expect(changes().at(-1)).toBe("CreateAlias");
  });

  it("refuses an alias that is not there where there are others, and says which", async () => {
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    lambda.on(ListAliasesCommand).resolves({ Aliases: [{ Name: "lives" }, { Name: "blue" }] });
    const { plan } = await start();
    expect(plan.problems).toMatchObject([
      { code: "unknown-alias", value: "live", fix: expect.stringMatching(/did you mean "lives"/) },
    ]);
  });

  it("leaves the alias alone when the update fails, and says why it failed", async () => {
    const { deploy } = await start();
    const failed = fn("a", {
      LastUpdateStatus: "Failed",
      LastUpdateStatusReasonCode: "ImageAccessDenied",
      LastUpdateStatusReason: "Lambda may not pull the image",
    });
    latest(fn("0"), failed);
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: "the update failed: ImageAccessDenied: Lambda may not pull the image; live stays on version 4",
      running: ref("0"),
    });
    expect(changes()).toEqual(["UpdateFunctionCode"]);
  });

  it("does not publish somebody else's image", async () => {
    const { deploy } = await start();
    latest(fn("0"), fn("9"));
    const outcome = await deploy();
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("someone else updated the function");
    expect(changes()).toEqual(["UpdateFunctionCode"]);
  });

  it("looks again when the function changed between reading and publishing", async () => {
    const { deploy } = await start();
    latest(fn("0"), fn("a"), fn("a", { RevisionId: "r2" }));
    lambda
      .on(PublishVersionCommand)
      .rejectsOnce(awsError("PreconditionFailedException"))
      .resolves({ Version: "5" });
    expect((await deploy()).outcome).toBe("done");
    expect(lambda.commandCalls(PublishVersionCommand)[1]?.args[0].input.RevisionId).toBe("r2");
  });

  it("waits until the published version is ready before anybody is sent to it", async () => {
    const { deploy, clock } = await start();
    lambda
      .on(GetFunctionCommand, { Qualifier: "5" })
      .resolvesOnce(fn("a", { State: "Pending" }))
      .resolves(fn("a"));
    const moved: number[] = [];
    lambda.on(UpdateAliasCommand).callsFake(() => {
      moved.push(clock.now());
      return Promise.resolve({});
    });
    const before = clock.now();
    await deploy();
    expect((moved[0] ?? 0) - before).toBeGreaterThanOrEqual(1000);
  });

  it("gives up when the time is up, with the alias where it was", async () => {
    const { deploy } = await start();
    latest(fn("0"), fn("a", { LastUpdateStatus: "InProgress" }));
    const outcome = await deploy();
    expect(outcome).toMatchObject({ outcome: "failed", milliseconds: 60_000 });
    expect(outcome.message).toContain(
      "waited 60 s for the function's update to be ready; live stays on version 4",
    );
  });

  it("says what was done when it is stopped", async () => {
    const { deploy, clock, context } = await start();
    latest(fn("0"), fn("a", { LastUpdateStatus: "InProgress" }));
    clock.afterSleep = () => context.controller.abort();
    expect(await deploy()).toMatchObject({
      outcome: "cancelled",
      message: "stopped; the code was updated, and live stays on version 4; run the command again to finish",
      running: ref("0"),
    });
  });

  it("never hands Lambda an index, whatever the image says its manifests are", async () => {
    holds(indexText, ociIndex);
    const { deploy } = await start();
    expect((await rejection(deploy())).problems[0]?.code).toBe("lambda-manifest");
    expect(changes()).toEqual([]);
  });

  it("says what Lambda went on refusing when the time is up", async () => {
    const { deploy } = await start();
    latest(fn("0"));
    lambda
      .on(UpdateFunctionCodeCommand)
      .rejects(awsError("ResourceConflictException", "An update is in progress for resource pay"));
    const [problem] = (await rejection(deploy())).problems;
    expect(problem).toMatchObject({ code: "timed-out" });
    expect(problem?.message).toBe(
      "waited 60 s for another update of the function to end; Lambda says: An update is in progress for resource pay",
    );
  });

  it("waits for the update that mends a function in state Failed", async () => {
    const { deploy } = await start();
    const failed = { State: "Failed" as const, StateReason: "the image is gone" };
    latest(fn("0", failed), fn("a", { ...failed, LastUpdateStatus: "InProgress" }), fn("a"));
    expect((await deploy()).outcome).toBe("done");
  });

  it("says what Lambda refused", async () => {
    const { deploy } = await start();
    lambda
      .on(UpdateFunctionCodeCommand)
      .rejects(awsError("InvalidParameterValueException", "Source image does not exist"));
    const [problem] = (await rejection(deploy())).problems;
    expect(problem).toMatchObject({ code: "aws-refused", where: "lambda pay:live" });
    expect(problem?.message).toContain("Source image does not exist");
  });
});

describe("a function that does not exist", () => {
  beforeEach(() => {
    lambda.on(GetFunctionCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda
      .on(ListFunctionsCommand)
      .resolves({ Functions: [{ FunctionName: "pays" }, { FunctionName: "ship" }] });
  });

  it("is a problem with the nearest name, unless the target says how to create it", async () => {
    const { plan } = await start();
    expect(plan.problems[0]).toMatchObject({ code: "unknown-function", value: "pay" });
    expect(plan.problems[0]?.fix).toContain('did you mean "pays"?');
  });

  it("is a problem also where none may be listed, as in CI", async () => {
    lambda
      .on(ListFunctionsCommand)
      .rejects(new UserError({ code: "access-denied", message: "may not call lambda:ListFunctions" }));
    const { plan } = await start();
    expect(plan.problems[0]?.fix).toBe(
      'check the name (these credentials may not list which ones exist); or add "create" to the target',
    );
  });

  it("is created as the target says, also while its role is so new that Lambda does not know it", async () => {
    const { deploy, plan } = await start({ ...target, create });
    expect(plan.action).toBe("create");
    lambda
      .on(CreateFunctionCommand)
      .rejectsOnce(
        awsError(
          "InvalidParameterValueException",
          "The role defined for the function cannot be assumed by Lambda.",
        ),
      )
      .resolves({});
    latest(fn("a"));
    lambda.on(GetFunctionCommand, { Qualifier: "5" }).resolves(fn("a"));
    lambda.on(UpdateAliasCommand).rejects(awsError("ResourceNotFoundException"));
    expect((await deploy()).outcome).toBe("done");
    expect(lambda.commandCalls(CreateFunctionCommand)[1]?.args[0].input).toEqual({
      FunctionName: "pay",
      PackageType: "Image",
      Code: { ImageUri: ref("a") },
      Role: create.role,
      Architectures: ["x86_64"],
      MemorySize: 256,
      Timeout: 3,
      Publish: false,
      Environment: { Variables: { MODE: "test" } },
    });
  });
});

describe("a function that was created and does not start", () => {
  it("is a failure with the reason, and what was left behind", async () => {
    lambda.on(GetFunctionCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    const { deploy } = await start({ ...target, create: { ...create, ephemeralStorageMegabytes: 1024 } });
    latest(
      fn("a", { State: "Failed", StateReasonCode: "ImageAccessDenied", StateReason: "no right to pull" }),
    );
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message:
        "the function is in state Failed: ImageAccessDenied: no right to pull; the function was created and is left as it is, without the alias live",
    });
    expect(lambda.commandCalls(CreateFunctionCommand)[0]?.args[0].input.EphemeralStorage).toEqual({
      Size: 1024,
    });
    expect(changes()).toEqual(["CreateFunction"]);
  });
});

describe("putting back", () => {
  it("moves the alias to the version before", async () => {
    const { kind, plan, context } = await start();
    lambda.on(GetAliasCommand).resolves({ FunctionVersion: "5" });
    const applied = { reference: ref("a"), startedAt: 0 };
    expect(await kind.revert(plan, applied, context)).toMatchObject({
      outcome: "rolled back",
      message: "live is on version 4 again",
      running: ref("0"),
    });
    expect(lambda.commandCalls(UpdateAliasCommand)[0]?.args[0].input.FunctionVersion).toBe("4");
  });

  it("ends a division of the invocations that was left", async () => {
    const { kind, plan, context } = await start();
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "5": 0.1 } } });
    await kind.revert(plan, { reference: ref("a"), startedAt: 0 }, context);
    expect(lambda.commandCalls(UpdateAliasCommand)[0]?.args[0].input).toMatchObject({
      FunctionVersion: "4",
      RoutingConfig: { AdditionalVersionWeights: {} },
    });
  });

  it("leaves an alias that somebody else has moved to another image meanwhile", async () => {
    const { kind, plan, context } = await start();
    aliasIs("9");
    lambda.on(GetFunctionCommand, { Qualifier: "9" }).resolves(fn("9", { Version: "9" }));
    expect(await kind.revert(plan, { reference: ref("a"), startedAt: 0 }, context)).toMatchObject({
      message: "someone else has moved live: it stays on version 9",
    });
    expect(changes()).toEqual([]);
  });

  it("changes nothing when the alias had not moved", async () => {
    const { kind, plan, context } = await start();
    await kind.revert(plan, { reference: ref("a"), startedAt: 0 }, context);
    expect(changes()).toEqual([]);
  });
});

describe("the status of a function", () => {
  const status = async () => (await start()).kind.status("ui", target, fakeContext());

  it("tells what the alias runs", async () => {
    const LastModified = "2026-01-01T12:00:00.000+0000";
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("0", { Version: "4", LastModified }));
    expect(await status()).toMatchObject({
      health: "healthy",
      message: "live is on version 4",
      running: ref("0"),
      since: new Date("2026-01-01T12:00:00Z"),
    });
  });

  it.each([
    ["unhealthy", { State: "Failed" as const, StateReason: "the image is gone" }],
    ["updating", { State: "Pending" as const }],
    ["healthy", { State: "Inactive" as const }],
  ])("is %s with %o", async (health, configuration) => {
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("0", configuration));
    expect((await status()).health).toBe(health);
  });

  it("is updating while a shift is under way, or was left in its middle", async () => {
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: { "5": 0.1 } } });
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("0", { Version: "4" }));
    expect(await status()).toMatchObject({
      health: "updating",
      message: "live is on version 4, 10 % to version 5",
    });
  });

  it("says what is missing", async () => {
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    expect((await status()).health).toBe("missing");
  });
});
