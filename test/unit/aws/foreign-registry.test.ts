import { BatchGetImageCommand, type ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import { createClients } from "../../../runner/aws/clients.ts";
import { openImages } from "../../../runner/aws/foreign-registry.ts";
import { mockClient } from "../../aws/mock-client.ts";

const { signal } = new AbortController();
const sts = mockClient(STSClient);
/** Bodies of the calls that went out, by operation. */
let sent: Record<string, unknown>;

beforeEach(() => {
  sts.reset();
  sts
    .on(GetCallerIdentityCommand)
    .resolves({ Account: "444455556666", Arn: "arn:aws:iam::444455556666:role/ci" });
  sent = {};
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});

afterEach(() => vi.unstubAllEnvs());

const settings = (aws: object): Settings => ({
  ...slipwaySchema.parse({}),
  aws: awsSchema.parse({ region: "eu-west-1", ...aws }),
  stack: "dev",
});

/** Opens a stack's images, asks for one and for a token, and says what ECR was asked. */
async function opened(aws: object) {
  const clients = createClients(settings(aws));
  const { ecr } = clients as { ecr: ECRClient };
  // Behind all other middleware: what would go over the wire.
  ecr.middlewareStack.add(
    (_, { commandName = "" }) =>
      async ({ input }) => {
        sent[commandName] = input;
        return { output: { $metadata: {} }, response: undefined };
      },
    { step: "initialize", priority: "low" },
  );
  const found = await openImages(clients, settings(aws), signal);
  await ecr.send(new BatchGetImageCommand({ repositoryName: "dev/ui", imageIds: [{ imageTag: "x" }] }));
  await ecr.send(new GetAuthorizationTokenCommand({}));
  return found;
}

test("another account's credentials read the images of the stack's own account", async () => {
  const { caller, isForeign } = await opened({ allowedAccountIds: ["111122223333"] });
  expect(isForeign).toBe(true);
  expect(caller).toEqual({ account: "111122223333", arn: "arn:aws:iam::444455556666:role/ci" });
  expect(sent.BatchGetImageCommand).toMatchObject({ repositoryName: "dev/ui", registryId: "111122223333" });
  expect(sent.GetAuthorizationTokenCommand).toEqual({});
});

test("the account's own credentials ask their own registry", async () => {
  const { isForeign } = await opened({ allowedAccountIds: ["444455556666"] });
  expect(isForeign).toBe(false);
  expect(sent.BatchGetImageCommand).not.toHaveProperty("registryId");
});

test("a guard of several accounts holds, as it does where the stack has a profile of its own", async () => {
  for (const aws of [
    { allowedAccountIds: ["111122223333", "777788889999"] },
    { allowedAccountIds: ["111122223333"], profile: "dev" },
  ]) {
    await expect(opened(aws)).rejects.toThrow(/444455556666/);
  }
});
