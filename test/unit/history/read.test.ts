import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import { beforeEach, expect, test } from "vitest";
import { releaseTag } from "../../../config/names.ts";
import type { Settings } from "../../../config/settings.ts";
import { readReleases } from "../../../runner/history/read.ts";
import { artifactManifest } from "../../../runner/registry/artifact.ts";
import { blobOf } from "../../../runner/registry/blob.ts";
import { releaseType } from "../../../runner/release/record.ts";
import type { Session } from "../../../runner/session/session.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { notFound } from "../registry/fixtures.ts";
import { earlier, record, sha } from "../release/releases.ts";
import { service } from "../stack/services.ts";
import { fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const headId = { imageTag: releaseTag("dev") };

beforeEach(() => {
  ecr.reset();
  ecr.on(BatchGetImageCommand).resolves(notFound);
  ecr.on(BatchGetImageCommand, { imageIds: [{ imageTag: "v1.2.0" }] }).resolves({
    images: [{ imageManifest: "{}", imageId: { imageDigest: sha("2") } }],
  });
  const head = artifactManifest({
    artifactType: releaseType,
    content: blobOf(
      releaseType,
      JSON.stringify(
        record("20261125-120000-333333", "3", {
          earlier: [earlier("20261125-110000-222222", "2"), earlier("20261125-100000-111111", "1")],
        }),
      ),
    ),
    annotations: {},
  });
  ecr.on(BatchGetImageCommand, { imageIds: [headId] }).resolves({
    images: [{ imageManifest: head.text, imageId: { imageDigest: head.digest } }],
  });
});

/** What was looked for beside the releases themselves. */
const lookedFor = () =>
  ecr
    .commandCalls(BatchGetImageCommand)
    .flatMap(({ args: [{ input }] }) => input.imageIds ?? [])
    .filter(({ imageTag }) => imageTag !== headId.imageTag);

const step = { id: "releases", progress() {}, log() {}, conclude() {} };

async function tagsOf(...asked: readonly string[]) {
  const settings = { stack: "dev", deploy: { parallelTargets: 4 }, repositories: { prefix: "shop" } };
  const services = [service("ui")];
  const session = { ...fakeContext(), settings: settings as Settings, services, catalogue: { services } };
  const [of] = await readReleases(session as unknown as Session, { asked, step });
  return of?.releases.map(({ tags }) => tags.join());
}

test("a tag that an image got after its release names the release", async () => {
  expect(await tagsOf("v1.2.0")).toEqual(["v1", "v1.2.0", ""]);
});

test("the registry is not asked for what a record knows, or what can't be a tag", async () => {
  expect(await tagsOf("v1", "20261125-110000-222222", "2222222", "a/b", "x".repeat(129))).toEqual([
    "v1",
    "",
    "",
  ]);
  expect(lookedFor()).toEqual([]);
});

test("a tag that no image has names none", async () => {
  expect(await tagsOf("v9")).toEqual(["v1", "", ""]);
  expect(lookedFor()).toEqual([{ imageTag: "v9" }]);
});
