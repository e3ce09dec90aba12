import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { promotionSources } from "../../../../config/description/promotion.ts";
import type { UserError } from "../../../../config/problems/errors.ts";
import { slipwaySchema } from "../../../../config/settings.ts";
import { githubSchema } from "../../../../config/stack/github.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-promotion-"));
  const services =
    "services:\n  ui: { context: ui }\n  orders: { context: orders, repository: far/orders }\n";
  await writeFile(join(directory, "services.yaml"), services);
  await writeFile(
    join(directory, "Pulumi.dev.yaml"),
    'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["111122223333"]\n  slipway:repositories: { prefix: shop-dev }\n',
  );
  await writeFile(
    join(directory, "Pulumi.test.yaml"),
    'config:\n  aws:region: us-east-1\n  aws:allowedAccountIds: ["111122223333", "444455556666"]\n',
  );
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const sources = (...promotesFrom: readonly string[]) =>
  promotionSources(directory, {
    ...slipwaySchema.parse({}),
    github: githubSchema.parse({ repository: "octo-org/octo-repo", promotesFrom }),
    aws: awsSchema.parse({ region: "eu-central-1" }),
    stack: "prod",
  });

test("what a stack promotes from is read from the other stacks' files", async () => {
  expect(await sources("dev", "test")).toEqual([
    {
      stack: "dev",
      region: "eu-west-1",
      account: "111122223333",
      repositories: ["shop-dev/ui", "far/orders"],
    },
    // A guard of two accounts does not say which one it is.
    { stack: "test", region: "us-east-1", account: undefined, repositories: ["ui", "far/orders"] },
  ]);
  expect(await sources()).toEqual([]);
});

test("a stack that there is not, and the stack itself, are refused", async () => {
  const problems = await sources("deev", "prod").catch((error: UserError) => error.problems);
  expect(problems).toMatchObject([
    { code: "unknown-stack", where: "Pulumi.deev.yaml", fix: expect.stringContaining("dev") as string },
    { code: "same-stack", key: "slipway:github.promotesFrom", value: "prod" },
  ]);
});
