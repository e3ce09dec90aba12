import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeRepositoriesCommand } from "@aws-sdk/client-ecr";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetAliasCommand } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { type Clients, createClients } from "../../../../runner/aws/clients.ts";
import { appIdVariable, createGuard, type Guard } from "../../../aws/guard/guard.ts";
import { parsePolicy } from "../../../aws/guard/policy.ts";
import { type FaultProxy, openFaultProxy } from "../../../faults/proxy.ts";

const region = "eu-central-1";
const place = { partition: "aws", region, account: "111122223333" };
const principal = "arn:aws:sts::111122223333:assumed-role/slipway-dev-deploy/GitHubActions";

/** A role that may look at one service, and nothing else. */
const role = async () => {
  const Resource = "arn:aws:ecs:eu-central-1:111122223333:service/shop/ui";
  const Statement = { Effect: "Allow", Action: "ecs:UpdateService", Resource };
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement }));
  return { role: "deploy" as const, place, principal, policies: { identity: [policy] } };
};

let guard: Guard;
let backend: Server;
let proxy: FaultProxy;
let clients: Clients;
const before = { ...process.env };

beforeEach(async () => {
  guard = createGuard();
  backend = createServer((request, response) => {
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port: backendPort } = backend.address() as AddressInfo;
  proxy = await openFaultProxy({ backendPort, guard: guard.check });
  process.env.AWS_ACCESS_KEY_ID = "key";
  process.env.AWS_SECRET_ACCESS_KEY = "secret";
});

afterEach(async () => {
  clients.destroy();
  for (const name of [appIdVariable, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await proxy.close();
  backend.close();
});

function connect(appId?: string): void {
  if (appId !== undefined) process.env[appIdVariable] = appId;
  const services = ["ecr", "ecs", "lambda", "cloudwatch", "iam", "sts"];
  const endpoints = [Object.fromEntries(services.map((one) => [one, `http://127.0.0.1:${proxy.port}`]))];
  const aws = awsSchema.parse({ region, endpoints });
  clients = createClients({ ...slipwaySchema.parse({}), aws, stack: "dev" });
}

const update = (service: string) => clients.ecs.send(new UpdateServiceCommand({ cluster: "shop", service }));

describe("a command that runs as a role", () => {
  test("gets through with what the role may", async () => {
    connect(guard.begin({ verb: "deploy", role }).appId);
    await expect(update("ui")).resolves.toBeDefined();
    expect(guard.calls.map(({ verb, call, refused }) => [verb, call, refused])).toEqual([
      ["deploy", "ecs:UpdateService", undefined],
    ]);
  });

  test("is refused the rest in AWS's words, whichever protocol it speaks", async () => {
    connect(guard.begin({ verb: "deploy", role }).appId);
    const calls = {
      "ecs:UpdateService": () => update("cart"),
      "ecr:DescribeRepositories": () =>
        clients.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ["shop/ui"] })),
      "lambda:GetAlias": () =>
        clients.lambda.send(new GetAliasCommand({ FunctionName: "pay", Name: "live" })),
      "cloudwatch:DescribeAlarms": () => clients.cloudwatch.send(new DescribeAlarmsCommand({})),
      "iam:GetRole": () => clients.iam.send(new GetRoleCommand({ RoleName: "task" })),
    };
    for (const [action, call] of Object.entries(calls)) {
      const message = `${principal} may not call ${action} (no identity-based policy allows the ${action} action)`;
      await expect(call(), action).rejects.toMatchObject({ problems: [{ code: "access-denied", message }] });
    }
    expect(guard.calls.map(({ refused }) => refused?.action).toSorted()).toEqual(
      Object.keys(calls).toSorted(),
    );
  });

  test("pushes and pulls by way of BuildKit with the same rights, as long as it runs", async () => {
    connect();
    const push = (userAgent: string) =>
      fetch(`http://127.0.0.1:${proxy.port}/v2/shop/ui/blobs/uploads/`, {
        method: "POST",
        headers: { "user-agent": userAgent },
      });
    const { end } = guard.begin({ verb: "deploy", role });
    const refused = await push("buildkit/v0.25");
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ errors: [{ code: "DENIED" }] });
    expect((await push("containerd/2.1")).status).toBe(200);
    end();
    expect((await push("buildkit/v0.25")).status).toBe(200);
  });
});

test("whoever is no command of a role is not asked", async () => {
  connect();
  guard.begin({ verb: "deploy", role });
  await expect(update("cart")).resolves.toBeDefined();
  expect(guard.calls).toEqual([]);
});
