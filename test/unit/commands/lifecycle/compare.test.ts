import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LifecyclePolicy } from "../../../../lifecycle/policy.ts";
import { parsePolicy } from "../../../../lifecycle/policy.ts";
import { type Reading, readings } from "../../../../lifecycle/reading.ts";
import { compareWithAws } from "../../../../runner/commands/lifecycle/compare.ts";
import type { Inventory } from "../../../../runner/inventory/read.ts";
import { deviationsOf } from "../../../aws/exchange.ts";
import { now } from "../../lifecycle/arbitrary.ts";
import { liveThrough } from "../../lifecycle/second.ts";
import { yearOf } from "../../lifecycle/year.ts";

const policy: LifecyclePolicy = {
  rules: [
    {
      rulePriority: 1,
      description: "",
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 20 },
      action: { type: "expire" },
    },
  ],
};
/** A month of images of two platforms, without artifacts: which of the readings is ECR's shows in the platforms. */
const images = yearOf({ platforms: 2, perDay: 1, days: 30 }).images.filter(
  ({ subject }) => subject === undefined,
);
const inventory: Pick<Inventory, "repository" | "images"> = {
  repository: "shop/ui",
  images: images.map((image) => ({ ...image, kind: "unknown", type: "", blobs: [] })),
};

/** How this ECR reads its own rules, and how its preview ends. */
let reading: Reading;
let ends: "COMPLETE" | "FAILED";
let calls: string[];
let deviations: unknown[];
let server: Server;
let ecr: ECRClient;

beforeEach(async () => {
  ends = "COMPLETE";
  calls = [];
  deviations = [];
  let asked = 0;
  let previewed: readonly string[] = [];
  // ECR's two calls, as its API reference has them; what expires is the answer of the tests' second evaluator.
  server = createServer(async (request, response) => {
    const body = await buffer(request);
    const { method = "", url = "", headers } = request;
    const name = String(headers["x-amz-target"]).split(".").at(-1) ?? "";
    const input = JSON.parse(body.toString()) as {
      repositoryName: string;
      lifecyclePolicyText?: string;
      nextToken?: string;
    };
    calls.push(name);
    const head = {
      registryId: "111122223333",
      repositoryName: input.repositoryName,
      lifecyclePolicyText: JSON.stringify(policy),
    };
    let answer: object;
    if (name === "StartLifecyclePolicyPreview") {
      const given = parsePolicy(input.lifecyclePolicyText ?? "");
      previewed = [...liveThrough(given, images, { now, days: 0, reading }).keys()];
      answer = { ...head, status: "IN_PROGRESS" };
    } else if (asked++ === 0) {
      answer = { ...head, status: "IN_PROGRESS" };
    } else {
      const from = Number(input.nextToken ?? 0);
      const previewResults = previewed.slice(from, from + 10).map((imageDigest) => ({
        imageDigest,
        imagePushedAt: 1_777_888_000,
        action: { type: "EXPIRE" },
        appliedRulePriority: 1,
      }));
      const more = from + 10 < previewed.length ? { nextToken: String(from + 10) } : {};
      answer = { ...head, status: ends, previewResults, ...more };
    }
    const text = JSON.stringify(answer);
    const asHeaders = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key, String(value)] as const),
    );
    deviations.push(
      ...deviationsOf({
        request: { method, url, headers: asHeaders, body },
        answer: { status: 200, headers: {}, body: Buffer.from(text) },
      }),
    );
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ecr = new ECRClient({
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
});
afterEach(() => {
  ecr.destroy();
  server.closeAllConnections();
  server.close();
});

const compare = () =>
  compareWithAws({ clients: { ecr }, signal: new AbortController().signal } as never, inventory, policy, now);

test.each([true, false])(
  "ECR's own preview, page by page, tells whether it counts platforms (%s)",
  async (countsChildren) => {
    reading = readings.find((one) => one.countsChildren === countsChildren) as Reading;
    const { aws, agreeing, differences } = await compare();
    expect(aws).toBeGreaterThan(10);
    expect(new Set(agreeing.map((one) => one.countsChildren))).toEqual(new Set([countsChildren]));
    expect(differences).toEqual([]);
    expect(calls.slice(0, 3)).toEqual([
      "StartLifecyclePolicyPreview",
      "GetLifecyclePolicyPreview",
      "GetLifecyclePolicyPreview",
    ]);
    expect(deviations).toEqual([]);
  },
);

test("a preview that fails is told of", async () => {
  reading = readings[0] as Reading;
  ends = "FAILED";
  await expect(compare()).rejects.toThrow("ECR's preview of the policy ended as FAILED");
});
