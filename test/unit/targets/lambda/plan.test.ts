import { describe, expect, it } from "vitest";
import type { LambdaTarget } from "../../../../config/targets/lambda/target.ts";
import { planLambda } from "../../../../runner/targets/lambda/plan.ts";
import type { FoundFunction, LambdaState } from "../../../../runner/targets/lambda/state.ts";
import { image, sha } from "../fakes.ts";

const target: LambdaTarget = { kind: "lambda", function: "pay", alias: "live", timeoutSeconds: 60, order: 0 };
const create = {
  role: "arn:aws:iam::111122223333:role/pay",
  architecture: "arm64" as const,
  memoryMegabytes: 128,
  timeoutSeconds: 3,
  environment: {},
};
const ref = (letter: string) => `localhost:5000/shop/ui@${sha(letter)}`;
const missing: LambdaState = {
  kind: "missing",
  region: "eu-west-1",
  problems: [{ code: "unknown-function", message: "no" }],
};

function found(more: Partial<FoundFunction> = {}): FoundFunction {
  return {
    kind: "found",
    region: "eu-west-1",
    functionName: "pay",
    packageType: "Image",
    architecture: "x86_64",
    latest: { image: ref("0"), settled: true },
    alias: { version: "4", image: ref("0"), weights: {} },
    problems: [],
    ...more,
  };
}

const plan = (state: LambdaState, wanted = target, of = image) => planLambda("ui", wanted, state, of);

describe("planning a Lambda function", () => {
  it.each([
    ["x86_64", "a"],
    ["arm64", "b"],
  ])("takes the one manifest for %s, never the index", (architecture, letter) => {
    expect(plan(found({ architecture }))).toMatchObject({
      title: "lambda pay:live",
      action: "update",
      changes: [
        { field: "imageUri", before: ref("0"), after: ref(letter) },
        { field: "alias live", before: "version 4", after: "a new version" },
      ],
      problems: [],
    });
  });

  it("does nothing when the alias' version runs this manifest, whatever $LATEST is", () => {
    const alias = { version: "4", image: ref("a"), weights: {} };
    expect(plan(found({ alias })).action).toBe("none");
  });

  it("does not count $LATEST when the alias is elsewhere", () => {
    expect(plan(found({ latest: { image: ref("a"), settled: true } })).action).toBe("update");
  });

  it("ends a division of the invocations", () => {
    const { action, changes, notes } = plan(
      found({ alias: { version: "4", image: ref("a"), weights: { "5": 0.1 } } }),
    );
    expect(action).toBe("update");
    expect(changes).toEqual([
      { field: "alias live", before: "version 4, 10 % to version 5", after: "version 4, alone" },
    ]);
    expect(notes[0]).toContain("all of them will go to one version");
  });

  it("says that a missing alias will be created", () => {
    expect(plan(found({ alias: undefined })).notes).toEqual([
      "the alias live does not exist and will be created",
    ]);
  });

  it("creates a missing function only when the target says how", () => {
    expect(plan(missing)).toMatchObject({ action: "none", problems: missing.problems });
    const creating = plan(missing, { ...target, create });
    expect(creating).toMatchObject({ action: "create", problems: [] });
    expect(creating.changes[0]).toEqual({ field: "imageUri", before: undefined, after: ref("b") });
  });

  it("refuses an image without a manifest for the function's architecture", () => {
    const onlyArm64 = { ...image, manifests: { "linux/arm64": sha("b") } };
    expect(plan(found(), target, onlyArm64)).toMatchObject({
      action: "none",
      problems: [{ code: "platform-mismatch", value: "linux/amd64" }],
    });
  });

  it("refuses a zip function, and a registry in another region", () => {
    expect(plan(found({ packageType: "Zip" })).problems[0]?.code).toBe("not-an-image-function");
    const elsewhere = { ...image, registry: "111122223333.dkr.ecr.us-east-1.amazonaws.com" };
    expect(plan(found(), target, elsewhere).problems[0]).toMatchObject({ code: "wrong-region" });
    const here = { ...image, registry: "111122223333.dkr.ecr.eu-west-1.amazonaws.com" };
    expect(plan(found(), target, here).problems).toEqual([]);
  });

  it("tells the steps of a shift, and that nothing watches them", () => {
    const shift = {
      steps: [
        { percent: 10, seconds: 60 },
        { percent: 50, seconds: 90 },
      ],
      alarms: [],
    };
    const { notes } = plan(found(), { ...target, shift });
    expect(notes[0]).toBe("the new version gets 10 % for 1 min, then 50 % for 1 min 30 s, then all");
    expect(notes[1]).toContain("nothing is checked between the steps");
    const check = { payload: {}, timeoutSeconds: 3 };
    expect(plan(found(), { ...target, shift, check }).notes).toHaveLength(1);
  });

  it("changes the provisioned concurrency alone when only that is different", () => {
    const alias = { version: "4", image: ref("a"), weights: {}, provisioned: 2 };
    const wanted = { ...target, provisionedConcurrency: 5 };
    expect(plan(found({ alias }), wanted)).toMatchObject({
      action: "update",
      changes: [{ field: "provisionedConcurrency", before: "2", after: "5" }],
    });
    expect(plan(found({ alias: { ...alias, provisioned: 5 } }), wanted).action).toBe("none");
  });
});
