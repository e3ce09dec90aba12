import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetLifecyclePolicyCommand } from "@aws-sdk/client-ecr";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { expect, test, vi } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { listPrices } from "../../../../lifecycle/prices.ts";
import { lintLifecycle } from "../../../../runner/commands/lifecycle/lint.ts";
import { reportLifecycle } from "../../../../runner/commands/lifecycle/report.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { createTimeline } from "../../../../runner/session/timeline.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { nothingElseInUse, otherClients } from "../../in-use/nothing-else.ts";
import { fakeRegistry } from "../../registry/fake-registry.ts";
import { ecrOnly } from "../../registry/fixtures.ts";
import { service } from "../../stack/services.ts";

/** The policy that infra/images/build-cache.ts gives the repository. */
const policy = {
  rules: [
    {
      rulePriority: 1,
      selection: {
        tagStatus: "untagged",
        countType: "sinceImagePushed",
        countUnit: "days",
        countNumber: 1,
      },
      action: { type: "expire" },
    },
  ],
};

/** A stack whose repositories are there without an image, but for the build cache's with these tags. */
async function stackWithCache(...tags: readonly string[]): Promise<Session> {
  const registry = fakeRegistry("shop/slipway-build-cache");
  for (const tag of tags) {
    const config = {
      mediaType: "application/vnd.buildkit.cacheconfig.v0",
      digest: `sha256:${"c".repeat(64)}`,
      size: tag.length,
    };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    registry.push({ schemaVersion: 2, mediaType, config, layers: [] }, tag);
  }
  registry.mock
    .on(GetLifecyclePolicyCommand as never)
    .resolves({ lifecyclePolicyText: JSON.stringify(policy) } as never);
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "slipway-lifecycle-")));
  mockClient(ECSClient).on(ListClustersCommand).resolves({ clusterArns: [] });
  mockClient(LambdaClient).on(ListFunctionsCommand).resolves({ Functions: [] });
  nothingElseInUse();
  const region = "eu-central-1";
  const [ui, api] = [service("ui"), service("api")];
  return {
    // The command names one service; the cache is of all.
    services: [ui],
    catalogue: { services: [ui, api], leftOut: ["jobs"] },
    directory: tmpdir(),
    settings: {
      ...slipwaySchema.parse({ cache: { kind: "registry" }, repositories: { prefix: "shop" } }),
      stack: "dev",
      aws: awsSchema.parse({ region }),
    },
    clients: {
      ...ecrOnly(),
      ecs: new ECSClient({ region }),
      lambda: new LambdaClient({ region }),
      ...otherClients(),
    },
    caller: { account: "111122223333" },
    registry: `111122223333.dkr.ecr.${region}.amazonaws.com`,
    signal: new AbortController().signal,
    emit: () => {},
    timeline: createTimeline(() => {}),
  } as unknown as Session;
}

const own = ["ui-linux-amd64", "api-linux-amd64", "jobs-linux-arm64"];
const request = { days: 30, prices: listPrices, now: new Date(Date.UTC(2026, 4, 1, 13)) };

test("tags that builds write again are nothing odd, so that the report's issue can close", async () => {
  const session = await stackWithCache(...own);
  const { repositories } = await lintLifecycle(session, "declared");
  expect(repositories).toEqual([{ repository: "shop/slipway-build-cache", hasPolicy: true, findings: [] }]);
  const { outcome, lint } = await reportLifecycle(session, request);
  expect({ outcome, lint }).toEqual({ outcome: "nothing", lint: [] });
});

test.each([
  ["a service that services.yaml no longer has", "old-linux-amd64", "old-*"],
  ["a platform that the service no longer has", "ui-linux-s390x", "ui-*"],
])("the cache of %s stays for ever, and is named", async (_, tag, what) => {
  const session = await stackWithCache(...own, tag);
  const [cache] = (await lintLifecycle(session, "live")).repositories;
  expect(cache?.findings).toEqual([
    { level: "warning", kind: "no-rule", priority: undefined, what, images: 1 },
  ]);
  expect((await reportLifecycle(session, request)).outcome).toBe("concerns");
});
