import { describe, expect, test } from "vitest";
import { gatesSchema, type ImagePolicy, imagePolicy } from "../../../config/stack/gates.ts";
import { checkImage, healthcheckPlaces } from "../../../runner/image-checks/checks.ts";
import { type ImageContent, parseImageContent } from "../../../runner/registry/configuration.ts";
import { manifestText } from "../registry/fixtures.ts";

const now = new Date("2026-11-28T00:00:00Z");
const good: ImageContent = {
  layers: [{ digest: "sha256:1", bytes: 60_000_000 }],
  bytes: 60_000_000,
  user: "app",
  environment: [],
  labels: {},
  healthcheck: ["CMD", "/health"],
  history: [{ by: "ADD rootfs", at: "2026-10-01T00:00:00Z" }],
};
const off: ImagePolicy = {
  user: "off",
  secrets: "off",
  healthcheck: "off",
  size: "off",
  layers: "off",
  baseAge: "off",
};

function check(content: Partial<ImageContent>, policy: Partial<ImagePolicy>, runningBytes: number[] = []) {
  return checkImage({ content: { ...good, ...content }, runningBytes }, { ...off, ...policy }, now).map(
    ({ check, level, message }) => `${check}, ${level}: ${message}`,
  );
}

describe("an image", () => {
  test.each([
    ["", "runs as root: it names no USER"],
    ["root", "runs as root: USER root"],
    ["0:0", "runs as root: USER 0:0"],
    ["root:app", "runs as root: USER root:app"],
    ["app", undefined],
    ["1000:0", undefined],
  ])("of USER %o: %s", (user, message) => {
    const found = check({ user }, { user: "block" });
    expect(found).toEqual(message === undefined ? [] : [`user, block: ${message}`]);
  });

  test.each([
    ["under the limit", { megabytes: 60 }, [], []],
    ["over the limit", { megabytes: 59 }, [], ["size, warn: is 60 MB compressed, and the limit is 59 MB"]],
    ["that grew within the limit", { growthPercent: 20 }, [50_000_000], []],
    [
      "that grew more",
      { growthPercent: 19 },
      [50_000_000, 70_000_000],
      ["size, warn: is 60 MB compressed, 20 % more than what runs (50 MB), and the limit is 19 %"],
    ],
    ["with nothing to compare", { growthPercent: 1 }, [], []],
  ])("%s", (_, limits, running, expected) => {
    expect(check({}, { size: "warn", ...limits }, running)).toEqual(expected);
  });

  test("has layers, a health check, and a base of an age", () => {
    const policy = {
      healthcheck: "warn",
      layers: "block",
      mostLayers: 0,
      baseAge: "warn",
      baseDays: 57,
    } as const;
    expect(check({ healthcheck: undefined }, policy)).toEqual([
      "healthcheck, warn: has no HEALTHCHECK",
      "layers, block: has 1 layers, and the limit is 0",
      "base age, warn: has a base image of 2026-10-01, 58 days old, and the limit is 57 days",
    ]);
    expect(check({}, { ...policy, mostLayers: 1, baseDays: 58 })).toEqual([]);
  });

  test.each([undefined, "1970-01-01T00:00:00Z", "not a time"])(
    "whose base is of %s has no known age",
    (at) => {
      const history = [{ by: "ADD rootfs", ...(at === undefined ? {} : { at }) }];
      expect(check({ history }, { baseAge: "block", baseDays: 1 })).toEqual([]);
    },
  );

  test("tells of secrets where they are, and not what they are", () => {
    const environment = ["A_TOKEN=abcdefgh", "B_TOKEN=bbbbbbbb", "C_TOKEN=cccccccc", "D_TOKEN=dddddddd"];
    const [found = ""] = check({ environment }, { secrets: "block" });
    expect(found).toContain("ENV A_TOKEN looks like a value of a variable that is named like a secret (ab…)");
    expect(found).toContain("and 1 more");
    expect(found).not.toContain("abcdefgh");
  });

  test("asks nothing that is off", () => {
    expect(check({ user: "", environment: ["A_TOKEN=abcdefgh"], healthcheck: undefined }, {})).toEqual([]);
  });
});

test.each([
  [{ preset: "warn" }, { user: "warn", secrets: "warn", size: "off", layers: "off", baseAge: "off" }],
  [{ preset: "block" }, { user: "warn", secrets: "block" }],
  [
    { image: { size: { megabytes: 5 }, layers: { most: 3, level: "block" } } },
    { size: "warn", layers: "block" },
  ],
  [{ image: { user: "off", secrets: "off" } }, undefined],
])("settings %o ask %o", (gates, policy) => {
  const found = imagePolicy(gatesSchema.parse(gates));
  if (policy === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(policy);
});

test("a HEALTHCHECK counts for neither ECS nor Lambda, and that is said", () => {
  expect(healthcheckPlaces(["ecs", "lambda"])).toBe(
    "ECS uses the health check of the task definition only; Lambda uses none",
  );
  expect(healthcheckPlaces([])).toBe("");
});

test("manifest and configuration are read as the registry has them", () => {
  const configuration = {
    architecture: "amd64",
    os: "linux",
    config: { User: "1000", Env: ["A=1"], Labels: null, Healthcheck: { Test: ["NONE"] } },
    history: [{ created: "2026-01-01T00:00:00Z", created_by: "ADD x", empty_layer: false }, { comment: "?" }],
  };
  expect(parseImageContent(manifestText, JSON.stringify(configuration))).toMatchObject({
    bytes: 3100,
    user: "1000",
    environment: ["A=1"],
    labels: {},
    healthcheck: undefined,
    history: [{ by: "ADD x", at: "2026-01-01T00:00:00Z" }, { by: "" }],
  });
  expect(parseImageContent(manifestText, "{}")).toMatchObject({ user: "", environment: [], history: [] });
});
