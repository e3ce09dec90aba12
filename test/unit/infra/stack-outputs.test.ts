import { describe, expect, test } from "vitest";
import { imageOutput } from "../../../infra/stack-outputs.ts";

const url = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/ui";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const ref = `${url}:src-0123abcd@${digest("a")}`;

describe("an image in the outputs", () => {
  test("is named by digest, with the source hash of what was built and not of what is there now", () => {
    expect(imageOutput(url, ref, { "linux/amd64": digest("b"), "linux/arm64": digest("c") })).toEqual({
      ref: `${url}@${digest("a")}`,
      digest: digest("a"),
      sourceHash: "0123abcd",
      manifests: { "linux/amd64": digest("b"), "linux/arm64": digest("c") },
    });
  });

  test.each<[string, string | undefined, Record<string, string | undefined>]>([
    ["was never built", undefined, { "linux/amd64": undefined }],
    ["is built in part", ref, { "linux/amd64": digest("b"), "linux/arm64": undefined }],
    ["has no digest yet", `${url}:src-0123abcd`, { "linux/amd64": digest("b") }],
    ["has an empty digest", ref, { "linux/amd64": "" }],
  ])("is left out when it %s", (_, reference, manifests) => {
    expect(imageOutput(url, reference, manifests)).toBeUndefined();
  });
});
