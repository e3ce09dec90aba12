import { describe, expect, test } from "vitest";
import { recordedImages } from "../../../../infra/images/recorded-images.ts";
import { service } from "../../stack/services.ts";
import { sha } from "../../targets/fakes.ts";

const urn = (type: string, name: string) =>
  `urn:pulumi:dev::shop::slipway:index:ServiceImage$${type}::${name}`;
const image = "docker-build:index:Image";
const index = "docker-build:index:Index";
const component = "slipway:index:ServiceImage";
const entry = (type: string, name: string, outputs: unknown) => [urn(type, name), { type, outputs }] as const;
const read = (...entries: readonly (readonly [string, { type: string; outputs: unknown }])[]) =>
  recordedImages(Object.fromEntries(entries), [
    service("ui", { platforms: ["linux/amd64", "linux/arm64"] }),
    service("ui-linux", { platforms: ["linux/amd64"] }),
  ]);

describe("what the state says of images", () => {
  test("each service has its own, by the whole name", () => {
    const found = read(
      entry(image, "ui-linux-amd64", { contextHash: "x", digest: sha("a") }),
      entry(image, "ui-linux-arm64", { contextHash: "x", digest: sha("b") }),
      entry(image, "ui-linux-linux-amd64", { contextHash: "x", digest: sha("c") }),
      entry(index, "ui", { sources: ["r@x"] }),
      entry(component, "ui", { ref: "r:src-1@x", manifests: { "linux/amd64": sha("a") } }),
      entry("other:index:Index", "ui-linux", { sources: ["r@x"] }),
    );
    expect(found.get("ui")).toEqual({
      known: { ref: "r:src-1@x", manifests: { "linux/amd64": sha("a") } },
      images: { "ui-linux-amd64": sha("a"), "ui-linux-arm64": sha("b") },
      index: true,
    });
    expect(found.get("ui-linux")).toEqual({
      known: undefined,
      images: { "ui-linux-linux-amd64": sha("c") },
      index: false,
    });
  });

  test("what was only read is not managed", () => {
    const found = read(
      entry(image, "ui-linux-amd64", { digest: sha("a") }),
      entry(index, "ui", { sources: [] }),
    );
    expect(found.get("ui")).toEqual({ known: undefined, images: {}, index: false });
  });
});
