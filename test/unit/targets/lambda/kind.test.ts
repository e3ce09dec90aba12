import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  LambdaClient,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import type { LambdaTarget } from "../../../../config/catalogue.ts";
import type { UserError } from "../../../../config/errors.ts";
import { createLambdaKind } from "../../../../runner/targets/lambda/kind.ts";
import { indexText, manifestText, ociIndex, ociManifest } from "../../registry/fixtures.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../fakes.ts";

const lambda = mockClient(LambdaClient);
const ecr = mockClient(ECRClient);

const target: LambdaTarget = { kind: "lambda", function: "pay", alias: "live", timeoutSeconds: 60, order: 0 };
const create = {
  role: "arn:aws:iam::111122223333:role/pay",
  architecture: "x86_64" as const,
  memoryMegabytes: 256,
  timeoutSeconds: 3,
  environment: { MODE: "test" },
};
const ref = (letter: string) => `localhost:5000/shop/ui@${sha(letter)}`;

type Configuration = NonNullable<GetFunctionCommandOutput["Configuration"]>;

function fn(letter: string, more: Configuration = {}) {
  return {
    Configuration: {
      FunctionName: "pay",
      PackageType: "Image" as const,
      Architectures: ["x86_64" as const],
      State: "Active" as const,
      LastUpdateStatus: "Successful" as const,
      RevisionId: "r1",
      CodeSha256: letter.repeat(64),
      Version: "$LATEST",
      ...more,
    },
    Code: { ResolvedImageUri: ref(letter) },
  };
}

/** One answer for $LATEST after the other; the last one stays. */
let answers: ReturnType<typeof fn>[] = [];
function latest(...next: ReturnType<typeof fn>[]) {
  answers = next;
  lambda
    .on(GetFunctionCommand, { FunctionName: "pay" }, true)
    .callsFake(() => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]));
}

beforeEach(() => {
  lambda.reset();
  ecr.reset();
  lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("0", { Version: "4" }));
  lambda.on(GetFunctionCommand, { Qualifier: "5" }).resolves(fn("a", { Version: "5" }));
  latest(fn("0"), fn("0"), fn("a", { LastUpdateStatus: "InProgress" }), fn("a"));
  lambda.on(GetAliasCommand).resolves({ FunctionVersion: "4" });
  lambda.on(UpdateFunctionCodeCommand).resolves({});
  lambda.on(PublishVersionCommand).resolves({ Version: "5" });
  lambda.on(UpdateAliasCommand).resolves({});
  lambda.on(CreateAliasCommand).resolves({});
  holds(manifestText, ociManifest);
});

function holds(text: string, mediaType: string) {
  ecr.on(BatchGetImageCommand).resolves({
    images: [{ imageId: { imageDigest: sha("a") }, imageManifest: text, imageManifestMediaType: mediaType }],
  });
}

async function start(wanted = target) {
  const clock = fakeClock();
  const context = fakeContext();
  const kind = createLambdaKind(clock);
  const plan = kind.plan("ui", wanted, await kind.inspect(wanted, context), image);
  const deploy = async () => kind.follow(plan, await kind.apply(plan, image, context), image, context);
  return { clock, context, kind, plan, deploy };
}

/** Names of the calls that change something, in their order. */
function changes(): string[] {
  return lambda
    .calls()
    .map((call) => call.args[0].constructor.name.replace(/Command$/, ""))
    .filter((name) => !name.startsWith("Get") && !name.startsWith("List"));
}

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

  it("makes the alias when there is none", async () => {
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    lambda.on(UpdateAliasCommand).rejects(awsError("ResourceNotFoundException"));
    const { deploy } = await start();
    expect(await deploy()).toMatchObject({ outcome: "done", message: "live was created on version 5" });
    expect(changes().at(-1)).toBe("CreateAlias");
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
    expect(outcome.message).toContain("somebody else updated the function");
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
      message: "stopped; the code was updated, live stays on version 4: running it again finishes it",
      running: ref("0"),
    });
  });

  it("never hands Lambda an index, whatever the image says its manifests are", async () => {
    holds(indexText, ociIndex);
    const { deploy } = await start();
    expect((await rejection(deploy())).problems[0]?.code).toBe("lambda-manifest");
    expect(changes()).toEqual([]);
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

  it("says what is missing", async () => {
    lambda.on(GetFunctionCommand, { Qualifier: "live" }).rejects(awsError("ResourceNotFoundException"));
    expect((await status()).health).toBe("missing");
  });
});
