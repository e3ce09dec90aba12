import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { namedImages } from "../../../runner/history/named-images.ts";
import type { Session } from "../../../runner/session/session.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { manifestText, ociManifest } from "../registry/fixtures.ts";
import { openOciRegistry } from "../registry/oci-registry.ts";
import { service } from "../stack/services.ts";
import { fakeContext, sha } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
const repository = "shop/ui";
let digest = "";

beforeEach(async () => {
  ecr.reset();
  const registry = await openOciRegistry(ecr);
  digest = registry.put(repository, manifestText, ociManifest, "v1");
});

const named = (wanted: string, ...others: readonly string[]) => {
  const imageDetails = [digest, ...others].map((imageDigest) => ({ imageDigest }));
  ecr.on(DescribeImagesCommand).resolves({ imageDetails });
  const settings = { stack: "dev", repositories: { prefix: "shop" } };
  const services = [service("ui", { platforms: ["linux/amd64"] })];
  const session = { ...fakeContext(), settings, services, registry: "localhost:5000" };
  return namedImages(session as unknown as Session, wanted);
};

describe("the image that --image names", () => {
  test.each([
    ["a tag", () => "v1"],
    ["a digest", () => digest],
    ["a digest as tables cut it", () => digest.slice(0, "sha256:".length + 12)],
  ])("is found by %s", async (_, wanted) => {
    const [found] = await named(wanted(), sha("e"));
    expect(found?.image.digest).toBe(digest);
  });

  test.each(["v2", "a b", "sha256:xyz", sha("0"), sha("0").slice(0, 19), ""])(
    "is unknown as %j, and ECR is asked for no name that it would refuse",
    async (wanted) => {
      const error = await named(wanted).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).problems).toMatchObject([
        { code: "unknown-image", where: "--image", value: wanted },
      ]);
    },
  );

  test("is not guessed when a cut digest is that of two images", async () => {
    const cut = digest.slice(0, "sha256:".length + 12);
    await expect(named(cut, `${cut}${"0".repeat(52)}`)).rejects.toThrow("several images");
  });
});
