import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { callOf } from "../../faults/call.ts";
import { type FaultProxy, openFaultProxy } from "../../faults/proxy.ts";

/** Answers with the length of what it was sent. */
const received: string[] = [];
let status = 200;
const backend = createServer((incoming, outgoing) => {
  let length = 0;
  incoming.on("data", (chunk: Buffer) => {
    length += chunk.length;
  });
  incoming.on("end", () => {
    received.push(`${incoming.method} ${incoming.url}`);
    outgoing.writeHead(status).end(String(length));
  });
});
let proxy: FaultProxy;

beforeAll(async () => {
  await new Promise<void>((listening) => {
    backend.listen(0, "127.0.0.1", () => listening());
  });
  const address = backend.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  proxy = await openFaultProxy({ backendPort: address.port });
});

afterEach(() => {
  proxy.clear();
  received.length = 0;
});

afterAll(async () => {
  await proxy.close();
  backend.closeAllConnections();
  backend.close();
});

const target = (action: string) => ({
  method: "POST",
  headers: { "x-amz-target": `AmazonEC2ContainerServiceV20141113.${action}` },
  body: `{"service":"ui"}`,
});
const call = (action: string, signal = new AbortController().signal) =>
  fetch(`http://localhost:${proxy.port}/`, { ...target(action), signal });
const upload = (size: number) =>
  fetch(`http://localhost:${proxy.port}/v2/shop/ui/blobs/uploads/1`, {
    method: "PATCH",
    body: new Uint8Array(size),
  });

describe("names a request by what it asks for", () => {
  const authorization = "AWS4-HMAC-SHA256 Credential=key/20260504/eu-central-1/sts/aws4_request, …";
  test.each([
    ["POST", "/", { "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutImage" }, "", "ecr:PutImage"],
    ["POST", "/", { authorization }, "Action=GetCallerIdentity&Version=1", "sts:GetCallerIdentity"],
    ["PUT", "/2015-03-31/functions/f/code", {}, "", "lambda:UpdateFunctionCode"],
    ["GET", "/2015-03-31/functions/f?Qualifier=live", {}, "", "lambda:GetFunction"],
    ["PUT", "/2015-03-31/functions/f/aliases/live", {}, "", "lambda:UpdateAlias"],
    ["PATCH", "/v2/shop/ui/blobs/uploads/1?x=y", {}, "", "registry:PATCH upload"],
    ["PUT", "/v2/shop/ui/manifests/src-1", {}, "", "registry:PUT manifest"],
    ["POST", "/service/AmazonSSM/operation/GetParameters", {}, "", "ssm:GetParameters"],
  ])("%s %s", (method, url, headers, body, name) => {
    expect(callOf(method, url, headers, body).name).toBe(name);
  });
});

test("passes on what no rule is about, and counts it", async () => {
  expect(await (await call("DescribeServices")).text()).toBe("16");
  expect(await (await upload(100_000)).text()).toBe("100000");
  expect(proxy.passed("ecs:DescribeServices", `"ui"`)).toBe(1);
  expect(proxy.passed("ecs:DescribeServices", `"cart"`)).toBe(0);
  expect(proxy.passed("registry:*")).toBe(1);
});

test("happens to the calls from the nth on, and as many as it says", async () => {
  const fault = { kind: "answer", status: 400, code: "ThrottlingException" } as const;
  const rule = proxy.inject({ call: "ecs:*", from: 2, times: 2, fault });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await call("DescribeServices")).status);
  expect(statuses).toEqual([200, 400, 400, 200, 200]);
  expect(rule.hits).toBe(2);
  expect(proxy.passed("ecs:*")).toBe(3);
});

test("drops the connection before or after the call has reached its end", async () => {
  proxy.inject({ call: "ecs:UpdateService", fault: { kind: "drop", when: "before" } });
  await expect(call("UpdateService")).rejects.toThrow();
  expect(received).toEqual([]);
  proxy.inject({ call: "ecs:StopTask", fault: { kind: "drop", when: "after" } });
  await expect(call("StopTask")).rejects.toThrow();
  expect(received).toEqual(["POST /"]);
});

test("cuts a body off in the middle", async () => {
  proxy.inject({ call: "registry:PATCH upload", fault: { kind: "truncate", bytes: 70_000 } });
  await expect(upload(1_000_000)).rejects.toThrow();
  expect(received).toEqual([]);
  expect((await upload(10)).status).toBe(200);
});

test("changes an answer, but not an error", async () => {
  const fault = { kind: "rewrite", answer: (text: string) => `${text} bytes` } as const;
  proxy.inject({ call: "ecs:DescribeServices", times: 2, fault });
  expect(await (await call("DescribeServices")).text()).toBe("16 bytes");
  status = 400;
  expect(await (await call("DescribeServices")).text()).toBe("16");
  status = 200;
  expect(received).toHaveLength(2);
});

test("holds a call until it is released", async () => {
  const held = proxy.inject({ call: "ecs:UpdateService", fault: { kind: "hold", when: "after" } });
  let answered = false;
  const answer = call("UpdateService").then(() => {
    answered = true;
  });
  await held.happened;
  await expect.poll(() => received.length, { timeout: 15_000 }).toBe(1);
  expect(answered).toBe(false);
  held.release();
  await answer;
});

test("tells when nobody waits for a held call any more, and does not pass it on then", async () => {
  const held = proxy.inject({ call: "ecs:UpdateService", fault: { kind: "hold", when: "before" } });
  const caller = new AbortController();
  const answer = call("UpdateService", caller.signal);
  await held.happened;
  caller.abort();
  await expect(answer).rejects.toThrow(/abort/i);
  await held.abandoned;
  held.release();
  expect((await call("DescribeServices")).status).toBe(200);
  expect(received).toEqual(["POST /"]);
  expect(proxy.passed("ecs:UpdateService")).toBe(0);
});

test("refuses connections for a while", async () => {
  const away = proxy.goAway(200);
  await expect(call("DescribeServices")).rejects.toThrow();
  await away;
  expect((await call("DescribeServices")).status).toBe(200);
});
