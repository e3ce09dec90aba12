import { expect, test } from "vitest";
import { onlyPlatform, shortDigest, shortReference } from "../../../runner/registry/image.ts";

const digest = `sha256:0123456789abcdef${"0".repeat(48)}`;

test("a digest is shown by its first twelve digits", () => {
  expect(shortDigest(digest)).toBe("sha256:0123456789ab");
});

test("a reference is shown by its digest, or as it is when it has none", () => {
  expect(shortReference(`localhost:5000/shop/ui@${digest}`)).toBe("sha256:0123456789ab");
  expect(shortReference("nginx:1")).toBe("nginx:1");
});

test("a platform is named only where it is the only one", () => {
  expect(onlyPlatform(["linux/arm64"])).toEqual({ platform: "linux/arm64" });
  expect(onlyPlatform(["linux/arm64", "linux/amd64"])).toEqual({});
  expect(onlyPlatform([])).toEqual({});
});
