import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeRepositoriesCommand, GetLifecyclePolicyCommand } from "@aws-sdk/client-ecr";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { vi } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { applyCleanup } from "../../../../runner/commands/cleanup/apply.ts";
import { policyOf, type WrittenPolicy } from "../../../../runner/commands/cleanup/arguments.ts";
import { cleanupPlan, writePlan } from "../../../../runner/commands/cleanup/plan.ts";
import { readPlan } from "../../../../runner/commands/cleanup/plan-file.ts";
import { undoCleanup } from "../../../../runner/commands/cleanup/undo.ts";
import { readUndoRecord } from "../../../../runner/commands/cleanup/undo-record.ts";
import type { RunEvent } from "../../../../runner/report/events.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { createTimeline } from "../../../../runner/session/timeline.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { type FakeRegistry, fakeRegistry, indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { awsError, ecrOnly } from "../../registry/fixtures.ts";
import { service } from "../../stack/services.ts";

export const account = "111122223333";
export const registryName = `${account}.dkr.ecr.eu-central-1.amazonaws.com`;

/** One repository in memory, and the command's parts on it. */
export interface CleanupWorld {
  readonly registry: FakeRegistry;
  readonly directory: string;
  readonly events: RunEvent[];
  session(more?: Partial<Session>): Session;
  /** Pushes an index of two platforms; returns its digest. */
  pushImage(name: string, ...tags: string[]): string;
  plan(written?: Partial<WrittenPolicy>, session?: Session): Promise<string>;
  apply(file: string, session?: Session, now?: number): ReturnType<typeof applyCleanup>;
  undo(file?: string, session?: Session): ReturnType<typeof undoCleanup>;
  readonly undoFile: string;
}

export async function cleanupWorld(repository = "shop/ui"): Promise<CleanupWorld> {
  const registry = fakeRegistry(repository);
  const directory = await mkdtemp(join(tmpdir(), "slipway-cleanup-"));
  vi.stubEnv("XDG_CACHE_HOME", directory);
  vi.stubEnv("GITHUB_TOKEN", "");
  vi.stubEnv("GH_TOKEN", "");
  mockClient(ECSClient).on(ListClustersCommand).resolves({ clusterArns: [] });
  mockClient(LambdaClient).on(ListFunctionsCommand).resolves({ Functions: [] });
  registry.mock
    .on(GetLifecyclePolicyCommand as never)
    .rejects(awsError("LifecyclePolicyNotFoundException"))
    .on(DescribeRepositoriesCommand as never)
    .resolves({ repositories: [{ repositoryName: repository }] } as never);
  const events: RunEvent[] = [];
  const services = [service("ui")];
  const clients = {
    ...ecrOnly(),
    region: "eu-central-1",
    ecs: new ECSClient({ region: "eu-central-1" }),
    lambda: new LambdaClient({ region: "eu-central-1" }),
  };
  const session = (more: Partial<Session> = {}) =>
    ({
      services,
      catalogue: { services },
      directory,
      settings: {
        ...slipwaySchema.parse({ cache: { kind: "none" }, repositories: { prefix: "shop" } }),
        stack: "dev",
        // A local AWS that has nothing but what runs: no other service is asked.
        aws: awsSchema.parse({ region: "eu-central-1", endpoints: [{ ecs: "http://127.0.0.1:9" }] }),
      },
      clients: { ...clients, uninterruptible: clients },
      caller: { account, arn: "" },
      registry: registryName,
      signal: new AbortController().signal,
      emit: (event: RunEvent) => events.push(event),
      timeline: createTimeline((event) => events.push(event)),
      ...more,
    }) as unknown as Session;
  const file = join(directory, "cleanup.json");
  const undoFile = join(directory, "cleanup.undo.jsonl");
  return {
    registry,
    directory,
    events,
    session,
    undoFile,
    pushImage: (name, ...tags) => {
      const manifests = Object.fromEntries(
        ["amd64", "arm64"].map((architecture) => [
          `linux/${architecture}`,
          registry.push(platformManifest({ base: 1000, [`${name} ${architecture}`]: 10 })),
        ]),
      );
      return registry.push(indexOf(manifests), ...tags);
    },
    plan: async (written = {}, own = session()) => {
      const policy = policyOf({
        kinds: "untagged,incomplete,evidence,caches,pull-requests,records",
        keepNewest: 0,
        graceDays: 7,
        despiteBlindSpots: false,
        removedRepositories: undefined,
        ...written,
      });
      await writePlan(file, await cleanupPlan(own, policy, new Date()));
      return file;
    },
    apply: async (from, own = session(), now = Date.now()) =>
      applyCleanup(own, {
        file: from,
        plan: await readPlan(from, now),
        undo: undoFile,
        confirm: () => Promise.resolve(true),
      }),
    undo: async (from = undoFile, own = session()) => undoCleanup(own, from, await readUndoRecord(from)),
  };
}
