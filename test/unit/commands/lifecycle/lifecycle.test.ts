import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetLifecyclePolicyCommand } from "@aws-sdk/client-ecr";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import picocolors from "picocolors";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { listPrices } from "../../../../lifecycle/prices.ts";
import { readPrices } from "../../../../runner/commands/lifecycle/arguments.ts";
import { compare } from "../../../../runner/commands/lifecycle/compare.ts";
import { lifecycleCost } from "../../../../runner/commands/lifecycle/cost.ts";
import { lintLifecycle } from "../../../../runner/commands/lifecycle/lint.ts";
import { conflictsOf, previewLifecycle } from "../../../../runner/commands/lifecycle/preview.ts";
import { reportLifecycle } from "../../../../runner/commands/lifecycle/report.ts";
import { reportMarkdown } from "../../../../runner/commands/lifecycle/report-markdown.ts";
import { showCost, showLint } from "../../../../runner/commands/lifecycle/show.ts";
import { showPreview } from "../../../../runner/commands/lifecycle/show-preview.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { createTimeline } from "../../../../runner/session/timeline.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { nothingElseInUse, otherClients } from "../../in-use/nothing-else.ts";
import { type FakeRegistry, fakeRegistry, indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { awsError, ecrOnly } from "../../registry/fixtures.ts";
import { service } from "../../stack/services.ts";

const plain = picocolors.createColors(false);
const day = 86_400_000;
/** Pushes of the fake registry begin on this day. */
const pushed = Date.UTC(2026, 4, 1, 12);

let registry: FakeRegistry;
let cache: string;
beforeEach(async () => {
  registry = fakeRegistry("shop/ui");
  cache = await mkdtemp(join(tmpdir(), "slipway-lifecycle-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
  mockClient(ECSClient).on(ListClustersCommand).resolves({ clusterArns: [] });
  mockClient(LambdaClient).on(ListFunctionsCommand).resolves({ Functions: [] });
  nothingElseInUse();
});

function session(retention: unknown, tags?: unknown): Session {
  const services = [service("ui")];
  const settings = {
    ...slipwaySchema.parse({ retention, tags, cache: { kind: "none" }, repositories: { prefix: "shop" } }),
    stack: "dev",
    aws: awsSchema.parse({ region: "eu-central-1" }),
  };
  const clients = {
    ...ecrOnly(),
    ecs: new ECSClient({ region: "eu-central-1" }),
    lambda: new LambdaClient({ region: "eu-central-1" }),
    ...otherClients(),
  };
  return {
    services,
    catalogue: { services },
    directory: cache,
    settings,
    clients,
    caller: { account: "111122223333" },
    registry: "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
    signal: new AbortController().signal,
    emit: () => {},
    timeline: createTimeline(() => {}),
  } as unknown as Session;
}

function pushImage(name: string, ...tags: string[]): string {
  const manifests = Object.fromEntries(
    ["amd64", "arm64"].map((architecture) => [
      `linux/${architecture}`,
      registry.push(platformManifest({ [`base ${architecture}`]: 1000, [`${name} ${architecture}`]: 10 })),
    ]),
  );
  return registry.push(indexOf(manifests), ...tags);
}

const request = (more: Partial<Parameters<typeof previewLifecycle>[1]> = {}) => ({
  policy: "declared" as const,
  days: 30,
  pushesPerDay: undefined,
  compareWithAws: false,
  prices: listPrices,
  now: new Date(pushed + day),
  ...more,
});

const keepOne = {
  rules: [
    { images: { prefixes: ["v"] }, keepLast: 1 },
    { images: "untagged", expireAfterDays: 7 },
  ],
};

describe("slipway lifecycle preview", () => {
  test("tells what the policy of the settings takes, and refuses to when something needs it", async () => {
    const old = pushImage("1", "v1", "src-a");
    const running = pushImage("2", "v2", "src-b", "lastgood-dev-ecs-shop.ui");
    pushImage("3", "v3", "src-c");
    registry.mock
      .on(GetLifecyclePolicyCommand as never)
      .rejects(awsError("LifecyclePolicyNotFoundException"));
    const document = await previewLifecycle(session(keepOne), request());
    const [ui] = document.repositories;
    expect(ui?.calendar.map(({ digest, parts }) => [digest, parts])).toEqual([[old, 2]]);
    // The common base stays with the others.
    expect(ui?.freedBytes).toBe(220);
    expect(conflictsOf(document)).toEqual([]);
    expect(showPreview(document, plain)).toContain("next run");
    expect(showPreview(document, plain)).toContain("ECS tasks that EventBridge Scheduler starts");
    expect(showPreview(document, plain)).not.toContain(running.slice(0, 19));
  });

  test("by the policy in force names what would go although it is in use", async () => {
    const image = pushImage("1", "v1", "inuse-dev-ecs-shop.ui");
    pushImage("2", "v2");
    const live = {
      rules: [
        {
          rulePriority: 1,
          selection: {
            tagStatus: "tagged",
            tagPrefixList: ["v"],
            countType: "imageCountMoreThan",
            countNumber: 1,
          },
          action: { type: "expire" },
        },
      ],
    };
    registry.mock
      .on(GetLifecyclePolicyCommand as never)
      .resolves({ lifecyclePolicyText: JSON.stringify(live) } as never);
    const document = await previewLifecycle(session(keepOne), request({ policy: "live" }));
    expect(conflictsOf(document).map(({ digest }) => digest)).toEqual([image]);
    expect(showPreview(document, plain)).toContain("(marked as running)");
  });

  test("reads each manifest once, and a damaged cache is as good as none", async () => {
    pushImage("1", "v1");
    registry.mock
      .on(GetLifecyclePolicyCommand as never)
      .rejects(awsError("LifecyclePolicyNotFoundException"));
    const first = await previewLifecycle(session(keepOne), request());
    const calls = registry.calls("BatchGetImage");
    expect(await previewLifecycle(session(keepOne), request())).toEqual(first);
    expect(registry.calls("BatchGetImage")).toBe(calls);
    const folder = join(cache, "slipway/manifests/111122223333.dkr.ecr.eu-central-1.amazonaws.com");
    const [file = ""] = await readdir(folder);
    expect(JSON.parse(await readFile(join(folder, file), "utf8"))).toMatchObject({ version: 1 });
    await writeFile(join(folder, file), "{");
    expect(await previewLifecycle(session(keepOne), request())).toEqual(first);
    expect(registry.calls("BatchGetImage")).toBe(calls + 1);
  });

  test("of many repositories is one table, and in full what would go although it is needed", async () => {
    const old = pushImage("1", "v1");
    pushImage("2", "v2");
    registry.mock
      .on(GetLifecyclePolicyCommand as never)
      .rejects(awsError("LifecyclePolicyNotFoundException"));
    const document = await previewLifecycle(session(keepOne), request());
    const [ui] = document.repositories;
    if (ui === undefined) throw new Error("no repository");
    const many = Array.from({ length: 40 }, (_, index) => ({ ...ui, repository: `shop/s${index}` }));
    const text = showPreview({ ...document, repositories: many }, plain);
    expect(text).toContain("40 repositories: something goes from 40 of them within 30 days, which frees ");
    expect(text).toMatch(/^shop\/s0 +1 +6 +next run/m);
    expect(text).toContain("20 more repositories (--output json lists all)");
    expect(text).not.toContain(old.slice(7, 19));
    expect(showPreview({ ...document, repositories: many }, plain, true)).toContain(old.slice(7, 19));
    const uses = [{ where: "ecs shop/ui", why: "task of ui:1" }];
    const needed = { ...ui, calendar: ui.calendar.map((entry) => ({ ...entry, uses })) };
    const conflict = showPreview({ ...document, repositories: [...many, needed] }, plain);
    expect(conflict).toContain("ecs shop/ui (task of ui:1)");
  });

  test("tells of the pushes to come, which make others go", async () => {
    pushImage("1", "v1");
    registry.mock
      .on(GetLifecyclePolicyCommand as never)
      .rejects(awsError("LifecyclePolicyNotFoundException"));
    const [ui] = (await previewLifecycle(session(keepOne), request({ pushesPerDay: 1 }))).repositories;
    expect(ui?.calendar).toEqual([]);
    expect(ui?.withPushes).toHaveLength(1);
  });
});

test("slipway lifecycle cost counts a layer once, and says that the archive saves nothing", async () => {
  pushImage("1", "v1");
  pushImage("2", "pr-2");
  registry.mock.on(GetLifecyclePolicyCommand as never).rejects(awsError("LifecyclePolicyNotFoundException"));
  const document = await lifecycleCost(session(keepOne), listPrices);
  expect(document.bytes).toBe(2000 + 4 * 10 + 4 * 100);
  expect(document.kinds.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(document.bytes);
  // Two platforms each, whose common base is the release's.
  const of = (what: string) => document.kinds.find((kind) => kind.what === what);
  expect(of("releases")).toMatchObject({ manifests: 3, bytes: 2000 + 2 * 10 + 2 * 100 });
  expect(of("pull requests")).toMatchObject({ manifests: 3, bytes: 2 * 10 + 2 * 100 });
  expect(showCost(document, plain)).toContain("Nothing is in the archive");
});

test("slipway lifecycle lint names images that stay for ever", async () => {
  pushImage("1", "main-1");
  registry.mock.on(GetLifecyclePolicyCommand as never).rejects(awsError("LifecyclePolicyNotFoundException"));
  const text = showLint(await lintLifecycle(session(keepOne), "declared"), plain);
  expect(text).toContain("no rule selects 1 image (main-*): they stay for ever");
  expect(text).toContain("(v*) matches no tag that is there");
});

test("a rule of a preset whose tags can still come is a note, which keeps no issue open", async () => {
  pushImage("1", "main-01234567", "src-a");
  registry.mock.on(GetLifecyclePolicyCommand as never).rejects(awsError("LifecyclePolicyNotFoundException"));
  const levels = async (preset: string, tags: unknown) => {
    const [ui] = (await lintLifecycle(session({ preset }, tags), "declared")).repositories;
    const found = ui?.findings.filter(({ kind }) => kind === "never-matches") ?? [];
    return Object.fromEntries(found.map(({ what, level }) => [what, level]));
  };
  expect(await levels("releases", ["{sha7}"])).toEqual({ "v*": "note" });
  // Nothing of this stack ever makes these tags: the preset is not the one that was meant.
  expect(await levels("development", ["{sha7}", "dev"])).toEqual({ "pr-*": "warning", "dev-*": "warning" });
  expect(await levels("development", ["dev-{sha7}", "{branch}-{sha7}"])).toEqual({
    "pr-*": "note",
    "dev-*": "note",
  });
  const environments = session({ preset: "environments" }, { preset: "environments" });
  const quiet = await reportLifecycle(environments, { days: 7, prices: listPrices, now: new Date(pushed) });
  const found = quiet.lint[0]?.findings.map(({ kind }) => kind);
  expect([quiet.outcome, new Set(found)]).toEqual(["nothing", new Set(["never-matches", "shadowed"])]);
  expect(reportMarkdown(quiet)).toContain("rule 4 (prod-\\*) matches no tag yet");
  const text = showLint(await lintLifecycle(environments, "declared"), plain);
  expect(text).toContain("(prod-*) matches no tag yet");
  expect(text).toContain("Nothing odd");
  const own = session({
    rules: [
      { images: { prefixes: ["v"] }, keepLast: 1 },
      { images: "any", keepLast: 9 },
    ],
  });
  const concerns = await reportLifecycle(own, { days: 7, prices: listPrices, now: new Date(pushed) });
  expect(concerns.outcome).toBe("concerns");
});

describe("ECR's own preview", () => {
  const policy = {
    rules: [
      {
        rulePriority: 1,
        description: "",
        selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 2 } as const,
        action: { type: "expire" } as const,
      },
    ],
  };
  const at = (minutes: number) => new Date(pushed - minutes * 60_000);
  const images = [
    { digest: "index", tags: ["v1"], pushedAt: at(1), children: ["a", "b"] },
    { digest: "a", tags: [], pushedAt: at(2), children: [] },
    { digest: "b", tags: [], pushedAt: at(3), children: [] },
    { digest: "old", tags: ["v0"], pushedAt: at(4), children: [] },
    { digest: "older", tags: ["v"], pushedAt: at(5), children: [] },
  ].map((image) => ({ ...image, kind: "unknown" as const, type: "", blobs: [] }));

  test("tells which reading of the rules is ECR's", () => {
    const { agreeing } = compare(policy, images, new Date(pushed), [
      { imageDigest: "older", appliedRulePriority: 1 },
    ]);
    expect(new Set(agreeing.map(({ countsChildren }) => countsChildren))).toEqual(new Set([false]));
  });

  test("is shown rule by rule where no reading explains it", () => {
    const { agreeing, differences } = compare(policy, images, new Date(pushed), [
      { imageDigest: "index", appliedRulePriority: 1 },
    ]);
    expect(agreeing).toEqual([]);
    expect(differences).toEqual([{ priority: 1, onlyAws: ["index"], onlySlipway: ["older"] }]);
  });
});

test("prices from a file take the place of the table; another file is refused", async () => {
  await writeFile(join(cache, "prices.json"), JSON.stringify({ ...listPrices, date: "2026-11-01" }));
  expect((await readPrices("prices.json", cache)).date).toBe("2026-11-01");
  await writeFile(join(cache, "other.json"), "[]");
  await expect(readPrices("other.json", cache)).rejects.toThrow("is not a table of prices");
});
