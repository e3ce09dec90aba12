import {
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { expect, test, vi } from "vitest";
import { startStandIn } from "../../../bench/stand-in/account.ts";
import { account, cluster, image, prefix, region, stack } from "../../../bench/stand-in/answers.ts";
import { parseSettings } from "../../../config/description/settings.ts";
import { createClients } from "../../../runner/aws/clients.ts";
import { describeImage } from "../../../runner/registry/lookup.ts";
import { readNewestRecord } from "../../../runner/release/store.ts";
import { deviationsOfCall } from "../../aws/exchange.ts";

test("the benchmark's account answers as AWS does: an image that runs, is tagged, and has a record", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const standIn = await startStandIn(["s1", "s2"]);
  standIn.setSources({ s1: "abc" }, "0123456789abcdef0123456789abcdef01234567");
  const endpoints = [{ ecr: standIn.endpoint, ecs: standIn.endpoint }];
  const parsed = parseSettings(
    { "aws:region": region, "aws:endpoints": endpoints },
    stack,
    "Pulumi.bench.yaml",
  );
  if (!("value" in parsed)) throw new Error("settings");
  const clients = createClients(parsed.value);
  const { signal } = new AbortController();
  const repository = `${prefix}/s1`;
  try {
    const location = { service: "s1", repository, registry: "r" };
    const [built, other, record] = await Promise.all([
      describeImage(clients, location, { imageTag: "src-abc" }, signal),
      describeImage(clients, location, { imageTag: "latest" }, signal),
      readNewestRecord(clients, repository, stack, signal),
    ]);
    expect(built?.digest).toBe(image.digest);
    expect(other?.digest).toBe(image.digest);
    expect(record?.record).toMatchObject({ service: "s1", outcome: "done", account });
    expect(standIn.takeCalls()).toEqual({ BatchGetImage: 1 });
    const services = { cluster, services: ["s1", "s2"] };
    const described = await clients.ecs.send(new DescribeServicesCommand(services));
    const { $metadata: _, ...output } = described;
    expect(deviationsOfCall("ecs", "DescribeServices", { input: services, output })).toEqual([]);
    const serviceRevisionArns = described.services?.flatMap(({ currentServiceRevisions = [] }) =>
      currentServiceRevisions.flatMap(({ arn }) => arn ?? []),
    );
    const revisions = await clients.ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }));
    expect(
      deviationsOfCall("ecs", "DescribeServiceRevisions", {
        input: { serviceRevisionArns },
        output: { serviceRevisions: revisions.serviceRevisions },
      }),
    ).toEqual([]);
    expect(revisions.serviceRevisions?.[1]?.containerImages?.[0]?.image).toContain(`@${image.digest}`);
    const reference = { taskDefinition: described.services?.[0]?.taskDefinition };
    const { taskDefinition } = await clients.ecs.send(new DescribeTaskDefinitionCommand(reference));
    expect(taskDefinition?.containerDefinitions?.[0]?.image).toContain(`@${image.digest}`);
  } finally {
    clients.destroy();
    standIn.close();
    vi.unstubAllEnvs();
  }
});
