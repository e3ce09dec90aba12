import { DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../../config/settings.ts";
import { writeSource } from "../../../../runner/bases/source-record.ts";
import { checkThere, type Promotion } from "../../../../runner/commands/promote/promotion.ts";
import { staysThere } from "../../../../runner/move/show.ts";
import { connectToRegistry } from "../../../../runner/registry/connection.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { inspected } from "../../plan/samples.ts";
import { type OciRegistry, openOciRegistry } from "../../registry/oci-registry.ts";
import { awsError, fakeContext, image, sha } from "../../targets/fakes.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const repository = "prod/ui";
const ecr = mockClient(ECRClient);
const context = fakeContext();
let registry: OciRegistry;

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  ecr.on(DescribeRepositoriesCommand).resolves({ repositories: [{ repositoryName: repository }] });
});
afterEach(() => registry.close());

/** An image that was promoted before, built from a source. */
async function promoted(hash: string, ...tags: readonly string[]): Promise<string> {
  const digest = registry.put(repository, `{"from":"${hash}"}`, manifestType, ...tags);
  const connection = connectToRegistry(context.clients, registry.host, context.signal);
  const { description } = inspected("ui");
  await writeSource(context.clients, connection, { repository, digest }, { hash, description, bases: {} });
  return digest;
}

function check(hash: string | undefined, tagMutability: "immutable" | "mutable" = "immutable") {
  const repositories = { tagMutability, movingTags: ["latest"] };
  const to = { ...context, settings: { stack: "prod", repositories } as unknown as Settings };
  const tags = ["0123456", "latest"];
  const promotion = {
    image: { ...image, repository, digest: sha("f") },
    tagPlan: {
      tags,
      planned: tags.map((tag) => ({ tag, format: tag, reason: "", moves: false })),
      leftOut: [],
      problems: [],
    },
    staying: [],
    chosen: { about: { source: { hash }, tags } },
  } as unknown as Promotion;
  return checkThere(to as unknown as Session, promotion);
}

describe("an image that was built again from a source that was promoted before", () => {
  test("leaves the tags that may not move on the image before, in the record as well", async () => {
    await promoted("same", "0123456", "latest");
    const { promotion, problems } = await check("same");
    expect(problems).toEqual([]);
    expect(promotion).toMatchObject({ staying: ["0123456"], tagPlan: { tags: ["latest"] } });
    expect(promotion.chosen.about.tags).toEqual(["latest"]);
    expect(staysThere("ui", promotion.staying)).toBe(
      "ui: 0123456 may not move, and stays on the image that was built before from this source",
    );
  });

  test("takes the tags along where they may move", async () => {
    await promoted("same", "0123456", "latest");
    const { promotion } = await check("same", "mutable");
    expect(promotion).toMatchObject({ staying: [], tagPlan: { tags: ["0123456", "latest"] } });
    expect(staysThere("ui", promotion.staying)).toBeUndefined();
  });
});

test.each([["other"], [undefined]])("a tag on an image of another source is refused (%s)", async (hash) => {
  await promoted("same", "0123456");
  const { promotion, problems } = await check(hash);
  expect(problems).toMatchObject([{ code: "tag-taken", value: "0123456" }]);
  expect(promotion.staying).toEqual([]);
});

test("a repository that does not exist is named, with what makes it", async () => {
  ecr.on(DescribeRepositoriesCommand).rejects(awsError("RepositoryNotFoundException"));
  expect((await check("same")).problems).toMatchObject([
    { code: "no-repository", value: repository, fix: "run: pulumi up --stack prod" },
  ]);
});
