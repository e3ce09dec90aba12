import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeJobDefinitionsCommand } from "@aws-sdk/client-batch";
import { GetLifecyclePolicyCommand } from "@aws-sdk/client-ecr";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Catalogue } from "../../../config/catalogue/catalogue.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import { changedPolicies } from "../../../infra/images/lifecycle-guard.ts";
import { recordedPolicies } from "../../../infra/images/recorded-images.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { checkChangedPolicies, confirmationOf } from "../../../runner/in-use/policy-guard.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { type FakeRegistry, fakeRegistry, platformManifest } from "../registry/fake-registry.ts";
import { awsError } from "../registry/fixtures.ts";
import { service } from "../stack/services.ts";
import { nothingElseInUse } from "./nothing-else.ts";

const strict: LifecyclePolicy = {
  rules: [
    {
      rulePriority: 1,
      description: "",
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 1 },
      action: { type: "expire" },
    },
  ],
};
const changed = [{ repository: "shop/ui", policy: strict }];

const settings = (lifecycleGuard: object = {}): Settings => ({
  ...slipwaySchema.parse({ repositories: { prefix: "shop" }, lifecycleGuard }),
  stack: "dev",
  aws: awsSchema.parse({ region: "eu-central-1" }),
});

const check = (own = settings()) =>
  checkChangedPolicies(
    { settings: own, directory: ".", catalogue: { services: [service("ui")] } as unknown as Catalogue },
    changed,
    new AbortController().signal,
  );

async function problemsOf(own = settings()) {
  const error = await check(own).catch((refused: unknown) => refused);
  return error instanceof UserError ? error.problems : [];
}

let registry: FakeRegistry;
const ecs = () => mockClient(ECSClient);
beforeEach(async () => {
  registry = fakeRegistry("shop/ui");
  registry.mock.on(GetLifecyclePolicyCommand as never).rejects(awsError("LifecyclePolicyNotFoundException"));
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "slipway-guard-")));
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  mockClient(STSClient).on(GetCallerIdentityCommand).resolves({ Account: "111122223333" });
  ecs().on(ListClustersCommand).resolves({ clusterArns: [] });
  mockClient(LambdaClient).on(ListFunctionsCommand).resolves({ Functions: [] });
  nothingElseInUse();
});

const push = (name: string, ...tags: string[]) => registry.push(platformManifest({ [name]: 10 }), ...tags);

describe("a changed lifecycle policy", () => {
  test("is refused with image, target, rule and date when it would take what is in use", async () => {
    const running = push("1", "v1", "inuse-dev-ecs-shop.ui");
    push("2", "v2");
    const [problem] = await problemsOf();
    expect(problem).toMatchObject({
      code: "lifecycle-takes-in-use",
      where: "lifecycle policy of shop/ui",
      key: "rule 1",
    });
    expect(problem?.message).toContain(running);
    expect(problem?.message).toContain("with its next run");
    expect(problem?.message).toContain("dev-ecs-shop.ui (marked as running)");
  });

  // Disaster 8 of test/unit/lifecycle/disasters.test.ts.
  test("8. that takes more than the settings allow needs exactly its own confirmation", async () => {
    for (const name of ["1", "2", "3", "4"]) push(name, `v${name}`);
    const [problem] = await problemsOf();
    expect(problem).toMatchObject({ code: "lifecycle-takes-much" });
    expect(problem?.message).toContain("3 of 4");
    const confirmation = confirmationOf("shop/ui", strict);
    expect(problem?.fix).toContain(confirmation);
    expect(await check(settings({ confirmed: [confirmation] }))).toEqual({ unchecked: [] });
    expect(await check(settings({ mostTakenPercent: 75 }))).toEqual({ unchecked: [] });
    expect(await problemsOf(settings({ confirmed: ["shop/ui@00000000"] }))).toHaveLength(1);
  });

  test("that takes nothing of it passes", async () => {
    push("1", "v1", "inuse-dev-ecs-shop.ui");
    expect(await check()).toEqual({ unchecked: [] });
  });

  test("is held against keep tags alone by a role that may not see what runs, and that is said", async () => {
    push("1", "v1", "inuse-dev-ecs-shop.ui");
    const denied = new UserError({ code: "access-denied", message: "may not call ecs:ListClusters" });
    ecs().on(ListClustersCommand).rejects(denied);
    expect((await check()).unchecked).toEqual([
      { repository: "shop/ui", reason: expect.stringContaining("ecs:ListClusters") },
    ]);
    push("2", "v2");
    expect(await problemsOf()).toHaveLength(1);
  });

  test("is not refused because another service may not be asked, and that is said", async () => {
    push("1", "v1", "inuse-dev-ecs-shop.ui");
    const denied = new UserError({
      code: "access-denied",
      message: "may not call batch:DescribeJobDefinitions",
    });
    nothingElseInUse().batch.on(DescribeJobDefinitionsCommand).rejects(denied);
    expect((await check()).unchecked).toEqual([
      {
        repository: "shop/ui",
        reason: expect.stringMatching(/^not looked at: .*Batch.* \(.*batch:DescribeJobDefinitions\)$/),
      },
    ]);
  });

  test("is not refused because the account can't be asked, and that is said", async () => {
    mockClient(STSClient)
      .on(GetCallerIdentityCommand)
      .rejects(new UserError({ code: "no-credentials", message: "no credentials" }));
    expect((await check()).unchecked).toEqual([
      { repository: "shop/ui", reason: expect.stringContaining("no credentials") },
    ]);
  });
});

describe("which policies change", () => {
  const own = { ...settings(), retention: { preset: "releases" as const } };
  const ui = service("ui");
  const text = JSON.stringify(compileRetention(own.retention, 3));
  const names = (recorded: ReadonlyMap<string, string | undefined>) =>
    changedPolicies(own, [ui], recorded).map(({ repository }) => repository);

  test("is what the state says, whatever the order of keys", () => {
    expect(names(new Map([["shop/ui", JSON.stringify(JSON.parse(text), null, 2)]]))).toEqual([]);
    expect(names(new Map([["shop/ui", JSON.stringify(strict)]]))).toEqual(["shop/ui"]);
    // A repository without a policy gets one; a new repository holds nothing.
    expect(names(new Map([["shop/ui", undefined]]))).toEqual(["shop/ui"]);
    expect(names(new Map())).toEqual([]);
  });

  test("is read of the state by repository", () => {
    const recorded = recordedPolicies({
      a: {
        type: "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        outputs: { repository: "shop/ui", policy: text },
      },
      b: { type: "aws:ecr/repository:Repository", outputs: { name: "shop/ui" } },
      c: { type: "aws:ecr/repository:Repository", outputs: { name: "shop/new" } },
      d: { type: "aws:sns/topic:Topic", outputs: {} },
    });
    expect(recorded).toEqual(
      new Map([
        ["shop/ui", text],
        ["shop/new", undefined],
      ]),
    );
  });
});
