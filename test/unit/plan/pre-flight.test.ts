import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { type ChosenRelease, planReleases, problemsOfReleases } from "../../../runner/move/releases.ts";
import { moveServices, type ServiceToMove } from "../../../runner/move/services.ts";
import { exitCodeOfProblems } from "../../../runner/plan/plan.ts";
import type { Session } from "../../../runner/session/session.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import type { TargetCheck, TargetPlan, Verification } from "../../../runner/targets/target.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { notFound } from "../registry/fixtures.ts";
import { earlier } from "../release/releases.ts";
import { service } from "../stack/services.ts";
import { fakeContext, image } from "../targets/fakes.ts";
import { ecsDoes, ecsTarget, targetPlan } from "./samples.ts";

let checks: readonly TargetCheck[] = [];
let action: TargetPlan["action"] = "update";
let verified: Verification[] = [];
let applied = 0;

const kind = {
  title: () => "ecs shop/ui",
  inspect: async () => undefined,
  plan: (name: string, target: TargetPlan["target"]) => targetPlan(name, { target, action }),
  verify: async (_: unknown, __: unknown, verification: Verification) => {
    verified.push(verification);
    return checks;
  },
  apply: async () => applied++,
  resume: () => undefined,
};

let directory: string;
let session: Session;

beforeEach(async () => {
  ecsDoes(kind);
  // No release is recorded.
  mockClient(ECRClient).on(BatchGetImageCommand).resolves(notFound);
  directory = await mkdtemp(join(tmpdir(), "slipway-"));
  checks = [{ name: "secret db", state: "fail", message: "there is no such secret", fix: "create it" }];
  action = "update";
  verified = [];
  applied = 0;
  const context = fakeContext();
  const settings: Settings = { ...slipwaySchema.parse({}), stack: "dev", aws: { region: "eu-west-1" } };
  session = {
    ...context,
    directory,
    settings,
    catalogue: { services: [] },
    services: [],
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/ann" },
    registry: image.registry,
    timeline: createTimeline(context.emit),
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const ui = service("ui", { targets: [ecsTarget("ui")] });
const chosen: ChosenRelease = {
  service: ui,
  image,
  release: earlier("1", "1"),
  reuse: { "ecs shop/ui": "ui:7" },
  about: { command: "rollback", source: {}, tags: [], gates: [] },
};

describe("the checks of verify", () => {
  test("refuse to move images that are there, with nothing changed and exit code 2", async () => {
    const problems = problemsOfReleases(await planReleases(session, [chosen]));
    expect(problems).toMatchObject([
      { code: "check-failed", key: "secret db", message: "there is no such secret" },
    ]);
    expect(exitCodeOfProblems(problems)).toBe(2);
  });

  test("are made for what an earlier release left, where that is used again", async () => {
    checks = [];
    const [planned] = await planReleases(session, [chosen]);
    expect(verified).toMatchObject([{ reuse: "ui:7", image: { digest: image.digest } }]);
    expect(planned?.targets).toMatchObject([{ reuse: "ui:7", action: "update" }]);
  });

  test("are not made where nothing is to be moved", async () => {
    action = "none";
    const [planned] = await planReleases(session, [chosen]);
    expect(planned?.targets).toMatchObject([{ action: "none", problems: [] }]);
    expect(verified).toEqual([]);
  });

  test("are made again when targets are looked at again, and refuse before anything is moved", async () => {
    const { release: _, ...rest } = chosen;
    const moving: ServiceToMove = { ...rest, targets: [targetPlan("ui")], newestRecord: undefined };
    await expect(moveServices(session, [moving], { stale: true })).rejects.toMatchObject({
      exitCode: 2,
      problems: [{ code: "check-failed" }],
    });
    expect(applied).toBe(0);
  });
});
