import { InvokeCommand } from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { awsError } from "../../fakes.ts";
import { changes, lambda, ref, start, startAnew, target } from "../builders.ts";

const checked = { ...target, check: { payload: { items: [1] }, matches: '"ok":true', timeoutSeconds: 30 } };
const answer = (text: string) => new Uint8Array(Buffer.from(text)) as never;
const log = (...lines: string[]) => Buffer.from(lines.join("\n")).toString("base64");

beforeEach(startAnew);

describe("the invocation check", () => {
  it("invokes the new version by number, before the alias moves", async () => {
    lambda.on(InvokeCommand).resolves({ Payload: answer('{"ok":true}') });
    const { deploy } = await start(checked);
    expect((await deploy()).outcome).toBe("done");
    expect(changes()).toEqual(["UpdateFunctionCode", "PublishVersion", "Invoke", "UpdateAlias"]);
    const { Payload, ...input } = lambda.commandCalls(InvokeCommand)[0]?.args[0].input ?? {};
    expect(input).toEqual({ FunctionName: "pay", Qualifier: "5", LogType: "Tail" });
    expect(Payload).toBe('{"items":[1]}');
  });

  it("keeps the alias from a version that crashes, and shows what it logged", async () => {
    lambda.on(InvokeCommand).resolves({
      FunctionError: "Unhandled",
      Payload: answer('{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}'),
      LogResult: log("START RequestId: 1 Version: 5", "cannot find module", ""),
    });
    const { deploy } = await start(checked);
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message:
        "version 5 answered with an error (Unhandled): Runtime.ExitError: exit status 1; live stays on version 4",
      running: ref("0"),
      evidence: [
        "last log lines of the invocation:",
        "  START RequestId: 1 Version: 5",
        "  cannot find module",
      ],
    });
    expect(changes()).not.toContain("UpdateAlias");
  });

  it("keeps the alias from a version whose answer is not what was asked for", async () => {
    lambda.on(InvokeCommand).resolves({ Payload: answer('{"ok":false}') });
    const { deploy } = await start(checked);
    const outcome = await deploy();
    expect(outcome.outcome).toBe("failed");
    expect(outcome.gates).toMatchObject([{ gate: "check", verdict: "failed" }]);
    expect(outcome.message).toContain('the answer of version 5 does not match /"ok":true/: {"ok":false}');
  });

  it("takes any answer when nothing has to match", async () => {
    lambda.on(InvokeCommand).resolves({ Payload: answer("null") });
    const { deploy } = await start({ ...target, check: { payload: {}, timeoutSeconds: 3 } });
    expect(await deploy()).toMatchObject({
      outcome: "done",
      gates: [{ gate: "check", verdict: "passed", message: "version 5 answers" }],
    });
  });

  it("waits for an answer no longer than it says", async () => {
    lambda.on(InvokeCommand).callsFake(
      () =>
        new Promise((_, reject) => {
          setTimeout(() => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" })), 60);
        }),
    );
    const { deploy } = await start({ ...target, check: { payload: {}, timeoutSeconds: 0.05 } });
    expect((await deploy()).message).toBe("version 5 did not answer within 0.05 s; live stays on version 4");
  });

  it("takes an image that Lambda can't start for a failure", async () => {
    lambda.on(InvokeCommand).rejects(awsError("InvalidRuntimeException", "entry point not found"));
    const { deploy } = await start(checked);
    const outcome = await deploy();
    expect(outcome).toMatchObject({ outcome: "failed" });
    expect(outcome.message).toContain("version 5 could not be invoked: entry point not found");
  });
});
