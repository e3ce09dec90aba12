import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ECSClient } from "@aws-sdk/client-ecs";
import { afterEach, describe, expect, it } from "vitest";
import {
  describeTaskDefinition,
  nextRevision,
  registerRevision,
  reusableRevision,
} from "../../../../runner/targets/ecs/revisions/task-definition.ts";

let server: Server;
let ecs: ECSClient;
const received: { target: string | undefined; body: Record<string, unknown> }[] = [];
const { signal } = new AbortController();

const current = {
  taskDefinitionArn: "arn:aws:ecs:eu-west-1:111122223333:task-definition/ui:1",
  family: "ui",
  revision: 1,
  registeredAt: 1_700_000_000.5,
  notKnownHere: { since: 2031 },
  containerDefinitions: [{ name: "ui", image: "old", notKnownEither: [1, 2] }],
};

afterEach(() => {
  ecs.destroy();
  server.closeAllConnections();
  server.close();
});

async function serve() {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({
      target: request.headers["x-amz-target"]?.toString(),
      body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
    });
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(JSON.stringify({ taskDefinition: current, tags: [{ key: "team", value: "shop" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ecs = new ECSClient({
    region: "eu-west-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
}

describe("cloning a task definition over the wire", () => {
  it("keeps the fields that the SDK does not know, both ways", async () => {
    await serve();
    const { taskDefinition, tags } = await describeTaskDefinition(ecs, "ui:1", signal);
    expect(taskDefinition).toEqual(current);
    await registerRevision(ecs, nextRevision(taskDefinition, tags, { ui: "new" }), signal);
    expect(received.at(-1)).toEqual({
      target: "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition",
      body: {
        family: "ui",
        notKnownHere: { since: 2031 },
        containerDefinitions: [{ name: "ui", image: "new", notKnownEither: [1, 2] }],
        tags: [{ key: "team", value: "shop" }],
      },
    });
  });
});

describe("the revision that an earlier release left", () => {
  it("is set again when it has the very images", async () => {
    await serve();
    const left = await reusableRevision(ecs, "ui:1", { ui: "old" }, signal);
    expect(left?.taskDefinitionArn).toBe(current.taskDefinitionArn);
    expect(await reusableRevision(ecs, undefined, { ui: "old" }, signal)).toBeUndefined();
  });

  it("is refused when its images are others", async () => {
    await serve();
    await expect(reusableRevision(ecs, "ui:1", { ui: "new" }, signal)).rejects.toThrow(
      "task definition ui:1: has other images than the release had",
    );
  });
});
