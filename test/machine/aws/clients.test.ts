import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeServicesCommand } from "@aws-sdk/client-ecs";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { parseSettings } from "../../../config/description/settings.ts";
import type { UserError } from "../../../config/problems/errors.ts";
import type { Settings } from "../../../config/settings.ts";
import { assertAccount } from "../../../runner/aws/account.ts";
import { type Clients, createClients } from "../../../runner/aws/clients.ts";

const { signal } = new AbortController();
let server: Server | undefined;
let clients: Clients | undefined;

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});

afterEach(() => {
  vi.unstubAllEnvs();
  clients?.destroy();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    request.resume().on("end", () => answer(request, response));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function settingsFor(endpoint: string, more: object = {}): Settings {
  const config = {
    "aws:region": "eu-west-1",
    "aws:endpoints": [{ ecs: endpoint, logs: endpoint, sts: endpoint }],
    ...more,
  };
  const checked = parseSettings(config, "dev", "Pulumi.dev.yaml");
  if (!("value" in checked)) throw new Error("settings");
  return checked.value;
}

const identity = (account: string) =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/ci</Arn><UserId>x</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

async function rejection(promise: Promise<unknown>): Promise<UserError> {
  return await promise.then(
    () => expect.unreachable(),
    (error: UserError) => error,
  );
}

describe("clients", () => {
  it("calls the stack's endpoint, in the stack's region", async () => {
    let authorization = "";
    const endpoint = await listen((request, response) => {
      authorization = request.headers.authorization ?? "";
      response.end(JSON.stringify({ services: [] }));
    });
    clients = createClients(settingsFor(endpoint));
    await clients.ecs.send(new DescribeServicesCommand({ services: ["ui"] }));
    expect(authorization).toContain("/eu-west-1/ecs/");
    expect(clients.ecs).toBe(clients.ecs);
  });

  it("turns a refusal into a problem with its action, without the caller's help", async () => {
    const endpoint = await listen((_, response) => {
      response.writeHead(400, { "x-amzn-errortype": "AccessDeniedException" });
      response.end(JSON.stringify({ __type: "AccessDeniedException", message: "not you" }));
    });
    clients = createClients(settingsFor(endpoint));
    const error = await rejection(clients.ecs.send(new DescribeServicesCommand({ services: ["ui"] })));
    expect(error.problems[0]).toMatchObject({ code: "access-denied", where: "ecs:DescribeServices" });
  });

  it("tries again when told to slow down", async () => {
    let calls = 0;
    const endpoint = await listen((_, response) => {
      if (++calls === 1) response.writeHead(400, { "x-amzn-errortype": "ThrottlingException" });
      response.end("{}");
    });
    clients = createClients(settingsFor(endpoint));
    await clients.ecs.send(new DescribeServicesCommand({ services: ["ui"] }));
    expect(calls).toBe(2);
  });

  it("make no more calls at the same time than they have connections, so that none waits for one", async () => {
    let open = 0;
    let most = 0;
    const endpoint = await listen((_request, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        response.end(JSON.stringify({ services: [] }));
      }, 20);
    });
    clients = createClients(settingsFor(endpoint));
    const { ecs } = clients;
    const calls = Array.from({ length: 120 }, () =>
      ecs.send(new DescribeServicesCommand({ services: ["ui"] })),
    );
    await Promise.all(calls);
    expect(most).toBe(50);
  });

  it("call at half the rate once AWS has refused a call, as often as it is asked", async () => {
    let calls = 0;
    const endpoint = await listen((_request, response) => {
      if (++calls === 1) response.writeHead(400, { "x-amzn-errortype": "ThrottlingException" });
      response.end(JSON.stringify({ services: [] }));
    });
    clients = createClients(settingsFor(endpoint));
    const { ecs } = clients;
    const describeServices = () => ecs.send(new DescribeServicesCommand({ services: ["ui"] }));
    await describeServices();
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 120 }, describeServices));
    // At fifty a second, and a little better as it recovers; some were saved up before the second attempt.
    expect(performance.now() - startedAt).toBeGreaterThan(500);
  });

  it("begins no call once the run is aborted", async () => {
    const controller = new AbortController();
    controller.abort();
    clients = createClients(settingsFor("http://127.0.0.1:9"), { signal: controller.signal });
    const error = await rejection(clients.ecs.send(new DescribeServicesCommand({ services: ["ui"] })));
    expect(error.name).toBe("AbortError");
  });

  it("begins calls that put things right also then", async () => {
    const controller = new AbortController();
    controller.abort();
    clients = createClients(settingsFor("http://127.0.0.1:9"), { signal: controller.signal });
    const { ecs } = clients.uninterruptible;
    const error = await rejection(ecs.send(new DescribeServicesCommand({ services: ["ui"] })));
    expect(error).toMatchObject({ problems: [{ code: "unreachable" }] });
  });
});

describe("the stack's own credentials", () => {
  /** STS and ECS in one: whose key signed each call, and what STS was asked. */
  async function account(refusal?: string) {
    const calls: { key: string | undefined; token: string | undefined; body: URLSearchParams }[] = [];
    server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1];
      const token = request.headers["x-amz-security-token"] as string | undefined;
      const body = new URLSearchParams(text);
      calls.push({ key, token, body });
      const role = body.get("RoleArn");
      if (role === null) return response.end(JSON.stringify({ services: [] }));
      if (refusal !== undefined) {
        response.writeHead(403);
        return response.end(
          `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${refusal}</Message></Error></ErrorResponse>`,
        );
      }
      const action = body.get("Action");
      const name = role.split("/").at(-1);
      return response.end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>${name}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t-${name}</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></${action}Result></${action}Response>`,
      );
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return { calls, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  const roleArn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
  const describeServices = () => clients?.ecs.send(new DescribeServicesCommand({ services: ["ui"] }));

  it("are those of its roles, each taken with the one before, once for all clients", async () => {
    const { calls, endpoint } = await account();
    const roles = [
      { roleArn: roleArn("hub"), sessionName: "release" },
      { roleArn: roleArn("deploy"), externalId: "x-1", duration: "1h30m", tags: { team: "shop" } },
    ];
    clients = createClients(settingsFor(endpoint, { "aws:assumeRoles": roles }));
    const { logs } = clients;
    await Promise.all([describeServices(), logs.send(new DescribeLogGroupsCommand({})), describeServices()]);
    expect(calls.slice(0, 2).map(({ key }) => key)).toEqual(["test", "hub"]);
    expect(calls.slice(2).map(({ key, token }) => [key, token])).toEqual(
      Array(3).fill(["deploy", "t-deploy"]),
    );
    expect(calls[0]?.body.get("RoleSessionName")).toBe("release");
    expect(Object.fromEntries(calls[1]?.body ?? [])).toMatchObject({
      Action: "AssumeRole",
      RoleArn: roleArn("deploy"),
      ExternalId: "x-1",
      DurationSeconds: "5400",
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "shop",
    });
  });

  it("are those of a web identity, and of the role that it takes from there", async () => {
    const { calls, endpoint } = await account();
    const web = { roleArn: roleArn("web"), webIdentityToken: "jwt" };
    const more = {
      "aws:assumeRoleWithWebIdentity": web,
      "aws:assumeRoles": [{ roleArn: roleArn("deploy") }],
    };
    clients = createClients(settingsFor(endpoint, more));
    await describeServices();
    expect(calls.map(({ key }) => key)).toEqual([undefined, "web", "deploy"]);
    expect(calls[0]?.body.get("WebIdentityToken")).toBe("jwt");
  });

  it("are its keys", async () => {
    const { calls, endpoint } = await account();
    const keys = { "aws:accessKey": "AKIAOWN", "aws:secretKey": "s", "aws:token": "t" };
    clients = createClients(settingsFor(endpoint, keys));
    await describeServices();
    expect(calls).toMatchObject([{ key: "AKIAOWN", token: "t" }]);
  });

  it("are named with the key and the role when they can't be had", async () => {
    const { endpoint } = await account("not authorized to perform: sts:AssumeRole");
    clients = createClients(settingsFor(endpoint, { "aws:assumeRoles": [{ roleArn: roleArn("deploy") }] }));
    const error = await rejection(clients.ecs.send(new DescribeServicesCommand({ services: ["ui"] })));
    expect(error.problems).toMatchObject([
      {
        code: "no-credentials",
        where: "Pulumi.dev.yaml",
        key: "aws:assumeRoles[0]",
        value: roleArn("deploy"),
      },
    ]);
  });

  it("go to the endpoints that the stack asks for", async () => {
    const checked = parseSettings(
      { "aws:region": "us-east-1", "aws:useFipsEndpoint": "true", "aws:useDualstackEndpoint": true },
      "dev",
      "Pulumi.dev.yaml",
    );
    if (!("value" in checked)) throw new Error("settings");
    clients = createClients(checked.value);
    expect(await clients.ecr.config.useFipsEndpoint()).toBe(true);
    expect(await clients.ecr.config.useDualstackEndpoint()).toBe(true);
  });
});

test("loads a client's package when it is first used, and no other", async () => {
  const module = new URL("../../../runner/aws/clients.ts", import.meta.url).href;
  const { stdout } = await execa(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { createRequire } from "node:module";
     const { createClients } = await import(${JSON.stringify(module)});
     const clients = createClients({ aws: { region: "eu-west-1" } });
     const { cache } = createRequire(${JSON.stringify(module)});
     const loaded = () => Object.keys(cache).flatMap((file) => /client-([a-z0-9-]+).dist-cjs.index/.exec(file)?.[1] ?? []);
     const before = loaded();
     clients.ecr;
     console.log(JSON.stringify({ before, after: loaded() }));`,
  ]);
  expect(JSON.parse(stdout)).toEqual({ before: [], after: ["ecr"] });
});

describe("the account guard", () => {
  it("lets the allowed account through", async () => {
    const endpoint = await listen((_, response) => response.end(identity("111122223333")));
    const settings = settingsFor(endpoint, { "aws:allowedAccountIds": ["111122223333"] });
    clients = createClients(settings);
    expect(await assertAccount(clients, settings, signal)).toEqual({
      account: "111122223333",
      arn: "arn:aws:iam::111122223333:user/ci",
    });
  });

  it("stops at another account, and says which stack allows which", async () => {
    const endpoint = await listen((_, response) => response.end(identity("000000000000")));
    const settings = settingsFor(endpoint, { "aws:allowedAccountIds": ["111122223333"] });
    clients = createClients(settings);
    const error = await rejection(assertAccount(clients, settings, signal));
    expect(error.exitCode).toBe(2);
    expect(error.problems[0]).toMatchObject({
      code: "wrong-account",
      where: "Pulumi.dev.yaml",
      key: "aws:allowedAccountIds",
      value: ["111122223333"],
    });
    expect(error.message).toContain("000000000000");
    expect(error.message).toContain('"dev"');
  });

  it("stops at an account that the stack forbids", async () => {
    const endpoint = await listen((_, response) => response.end(identity("000000000000")));
    const settings = settingsFor(endpoint, { "aws:forbiddenAccountIds": ["000000000000"] });
    clients = createClients(settings);
    const error = await rejection(assertAccount(clients, settings, signal));
    expect(error.problems[0]).toMatchObject({ code: "wrong-account", key: "aws:forbiddenAccountIds" });
  });

  it("says what is missing when there are no credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
    const settings = settingsFor("http://127.0.0.1:9");
    clients = createClients(settings);
    const error = await rejection(assertAccount(clients, settings, signal));
    expect(error.problems[0]?.code).toBe("no-credentials");
  });

  it("says where nobody answers", async () => {
    const settings = settingsFor("http://127.0.0.1:9");
    clients = createClients(settings);
    expect(clients.sts).toBeDefined();
    const error = await rejection(clients.sts.send(new GetCallerIdentityCommand({})));
    expect(error.problems[0]?.code).toBe("unreachable");
    expect(error.message).toContain("http://127.0.0.1:9");
  });
});
