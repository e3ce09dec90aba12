import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const service = resolve(import.meta.dirname, "../../../examples/shop/checkout");

/** What the function sent back: the end of the path, and the document. */
interface Answer {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

let server: Server | undefined;
let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "slipway-checkout-"));
});
afterEach(async () => {
  server?.close();
  await rm(scratch, { recursive: true });
});

describe("checkout's shell runtime", () => {
  test("answers each event with what is to be paid, under that event's request", async () => {
    const answers = await invoke(
      `{"items":[{"sku":"mug","quantity":2},{"quantity":1,"sku":"tray"}]}`,
      `{\n  "items": [\n    { "sku": "tea-green" }\n  ]\n}`,
    );
    expect(answers).toEqual([
      {
        path: "invocation/request-0/response",
        body: {
          service: "checkout",
          version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
          items: [
            { sku: "mug", quantity: 2, priceCents: 1450 },
            { sku: "tray", quantity: 1, priceCents: 3200 },
          ],
          totalCents: 6100,
        },
      },
      { path: "invocation/request-1/response", body: expect.objectContaining({ totalCents: 890 }) },
    ]);
  });

  test.each([
    ["what is not sold", `{"items":[{"sku":"yacht","quantity":1}]}`, "no product yacht"],
    ["a sku that is no sku", `{"items":[{"sku":"\\"}"}]}`, "no product "],
    ["no quantity", `{"items":[{"sku":"mug","quantity":0}]}`, "quantity of mug must be 1 to 99"],
    ["a quantity of words", `{"items":[{"sku":"mug","quantity":"2"}]}`, "quantity of mug must be 1 to 99"],
  ])("refuses %s and stays ready for the next event", async (_, event, errorMessage) => {
    const [refused, next] = await invoke(event, "{}");
    expect(refused).toEqual({
      path: "invocation/request-0/error",
      body: { errorType: "Checkout.Refused", errorMessage },
    });
    expect(next?.body).toMatchObject({ items: [], totalCents: 0 });
  });

  test("says that it cannot start when the image names a function that is not there", async () => {
    expect(await invokeHandler("returns.handler", [])).toEqual([
      {
        path: "init/error",
        body: { errorType: "Runtime.ImportError", errorMessage: `cannot read ${service}/returns.sh` },
      },
    ]);
  });
});

function invoke(...events: readonly string[]): Promise<readonly Answer[]> {
  return invokeHandler("checkout.handler", events);
}

/** Runs the bootstrap against a runtime interface that has these events, until there are no more. */
async function invokeHandler(handler: string, events: readonly string[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  server = createServer(async (request, response) => {
    if (request.method === "GET") {
      const event = events[next];
      if (event === undefined) return response.writeHead(410).end();
      return response.writeHead(200, { "Lambda-Runtime-Aws-Request-Id": `request-${next++}` }).end(event);
    }
    const body = Buffer.concat(await request.toArray()).toString();
    const path = String(request.url).replace("/2018-06-01/runtime/", "");
    answers.push({ path, body: JSON.parse(body) as Record<string, unknown> });
    response.writeHead(202).end();
  });
  await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const ended = await execa("sh", [`${service}/bootstrap`], {
    env: {
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      LAMBDA_TASK_ROOT: service,
      TMPDIR: scratch,
      _HANDLER: handler,
    },
    reject: false,
    timeout: 50_000,
  });
  expect(ended.exitCode).toBe(1);
  return answers;
}
