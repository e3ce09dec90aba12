import { describe, expect, test } from "vitest";
import {
  excludedImages,
  imagePartOf,
  replacedImages,
  resourceOf,
  stepOf,
  targetedImages,
} from "../../../runner/stack/resources.ts";
import { service } from "./services.ts";

const services = [service("ui"), service("ui-linux"), service("cart", { platforms: ["linux/arm/v7"] })];
const image = (name: string) =>
  `urn:pulumi:dev::slipway::slipway:index:ServiceImage$docker-build:index:Image::${name}`;
const index = (name: string) =>
  `urn:pulumi:dev::slipway::slipway:index:ServiceImage$docker-build:index:Index::${name}`;

describe("a URN", () => {
  test("names the resource's own type, without its parents'", () => {
    expect(resourceOf(image("ui-linux-amd64"))).toEqual({
      type: "docker-build:index:Image",
      name: "ui-linux-amd64",
    });
    expect(resourceOf("urn:pulumi:dev::p::aws:ecr/repository:Repository::a::b")).toEqual({
      type: "aws:ecr/repository:Repository",
      name: "a::b",
    });
    expect(resourceOf("nonsense")).toBeUndefined();
  });

  test.each([
    [image("ui-linux-arm64"), "build ui linux/arm64"],
    [image("ui-linux-linux-amd64"), "build ui-linux linux/amd64"],
    [image("cart-linux-arm-v7"), "build cart linux/arm/v7"],
    [index("ui"), "index ui"],
    [index("nobody"), undefined],
    [image("cart-linux-amd64"), undefined],
    ["urn:pulumi:dev::slipway::aws:sns/topic:Topic::ui", undefined],
  ])("%s is the step %s", (urn, step) => {
    const part = imagePartOf(urn, services);
    expect(part && stepOf(part)).toBe(step);
  });
});

/** As the engine reads a pattern: `*` without colons, `**` anything (pkg/resource/deploy/targets.go). */
const matches = (pattern: string, urn: string) =>
  new RegExp(
    `^${pattern
      .split("**")
      .map((part) =>
        part
          .split("*")
          .map((text) => text.replaceAll(/[$.+?^(){}[\]|\\]/g, "\\$&"))
          .join("[^:]*"),
      )
      .join(".*")}$`,
  ).test(urn);

describe("what an update leaves alone", () => {
  test("is every image of every service that was not chosen, and nothing else", () => {
    const patterns = excludedImages(services, ["ui"]);
    const excluded = (urn: string) => patterns.some((pattern) => matches(pattern, urn));
    for (const name of ["ui-linux-linux-amd64", "ui-linux-linux-arm64", "cart-linux-arm-v7"]) {
      expect(excluded(image(name)), name).toBe(true);
    }
    expect(excluded(index("cart"))).toBe(true);
    expect(excluded(index("ui-linux"))).toBe(true);
    for (const urn of [
      image("ui-linux-amd64"),
      image("ui-linux-arm64"),
      index("ui"),
      "urn:pulumi:dev::slipway::aws:ecr/repository:Repository::cart",
      "urn:pulumi:dev::slipway::slipway:index:ServiceImage::cart",
    ]) {
      expect(excluded(urn), urn).toBe(false);
    }
  });

  test("is nothing when all services are chosen", () => {
    expect(
      excludedImages(
        services,
        services.map(({ name }) => name),
      ),
    ).toEqual([]);
  });
});

test("an update replaces exactly the images that were asked for", () => {
  const all = excludedImages(services, []);
  expect([...replacedImages(services, ["ui"]), ...excludedImages(services, ["ui"])].sort()).toEqual(
    all.sort(),
  );
  expect(replacedImages(services, [])).toEqual([]);
});

test("an update of images alone has everything of theirs as its target, and nothing else", () => {
  const patterns = targetedImages(services, ["ui"]);
  const targeted = (urn: string) => patterns.some((pattern) => matches(pattern, urn));
  const component = (name: string) => `urn:pulumi:dev::slipway::slipway:index:ServiceImage::${name}`;
  for (const urn of [component("ui"), image("ui-linux-amd64"), image("ui-linux-arm64"), index("ui")]) {
    expect(targeted(urn), urn).toBe(true);
  }
  for (const urn of [
    component("ui-linux"),
    image("ui-linux-linux-amd64"),
    index("cart"),
    "urn:pulumi:dev::slipway::slipway:index:ImageRepository::ui",
    "urn:pulumi:dev::slipway::pulumi:index:Stash::declaration-complete",
  ]) {
    expect(targeted(urn), urn).toBe(false);
  }
});
