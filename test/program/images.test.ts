import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { declarationHash } from "../../config/description/declaration.ts";
import { loadStack } from "../../config/description/load.ts";
import { outputsSchema } from "../../config/stack/outputs.ts";
import {
  account,
  configurationOf,
  failingProgram,
  type Plan,
  planProgram,
  type Surroundings,
} from "./plan.ts";

const imageType = "docker-build:index:Image";
const indexType = "docker-build:index:Index";
const registry = `${account}.dkr.ecr.eu-central-1.amazonaws.com`;
const services = ["ui", "catalog", "cart", "orders", "checkout"];
const platforms = ["linux/amd64", "linux/arm64"];

const digest = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** An index as BuildKit pushes it. */
const indexOf = (service: string) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: platforms.map((platform) => {
      const [os, architecture] = platform.split("/");
      return { digest: digest(`${service} ${platform}`), size: 1, platform: { os, architecture } };
    }),
  });

const imageOf = (service: string) => {
  const found = digest(indexOf(service));
  return {
    ref: `${registry}/shop-dev/${service}@${found}`,
    digest: found,
    sourceHash: hashes[service] ?? expect.fail(`${service} has a hash`),
    manifests: Object.fromEntries(platforms.map((platform) => [platform, digest(`${service} ${platform}`)])),
  };
};

const hashes: Record<string, string> = {};

beforeAll(async () => {
  for (const { name, inputs } of (await planDev({})).all(indexType)) {
    hashes[name] = /:src-(.+)$/.exec(inputs.tag as string)?.[1] ?? expect.fail("a tag has a hash");
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const planDev = (surroundings: Surroundings) => planProgram("dev", configurationOf("dev"), surroundings);

const tagOf = (service: string) => `shop-dev/${service}:src-${hashes[service]}`;

/** A registry with these services' images. */
const having = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [tagOf(name), indexOf(name)]));

const urn = (type: string, name: string) => `urn:pulumi:dev::slipway::${type}::${name}`;
const componentType = "slipway:index:ServiceImage";

/** The state of a stack in which another source of a service was built last. */
function builtBefore(service: string) {
  const known = {
    ref: `${registry}/shop-dev/${service}:src-0123456789abcdef@${digest(`${service} before`)}`,
    manifests: Object.fromEntries(platforms.map((platform) => [platform, digest(`before ${platform}`)])),
  };
  const images = platforms.map((platform) => {
    const outputs = { contextHash: "abc", digest: digest(`before ${platform}`) };
    const name = `${service}-${platform.replace("/", "-")}`;
    return [urn(`${componentType}$${imageType}`, name), { type: imageType, outputs }] as const;
  });
  return {
    ...Object.fromEntries(images),
    [urn(`${componentType}$${indexType}`, service)]: {
      type: indexType,
      outputs: { ref: known.ref, sources: ["one", "two"] },
    },
    [urn(componentType, service)]: { type: componentType, outputs: known },
  };
}

const declared = (plan: Plan) =>
  [...plan.all(imageType), ...plan.all(indexType)].filter(({ readAs }) => readAs === undefined);

const read = (plan: Plan) =>
  Object.fromEntries(
    [...plan.all(imageType), ...plan.all(indexType)].flatMap(({ name, readAs }) =>
      readAs === undefined ? [] : [[name, readAs]],
    ),
  );

const imagesPutOut = (plan: Plan) =>
  Object.fromEntries(
    Object.entries(outputsSchema.parse(plan.outputs).services).map(([name, { image }]) => [name, image]),
  );

describe("an image that the registry has", () => {
  test("is not declared, whoever built it, and put out as the registry has it", async () => {
    const plan = await planDev({ registry: having(...services) });
    expect([...plan.all(imageType), ...plan.all(indexType)]).toEqual([]);
    expect(imagesPutOut(plan)).toEqual(Object.fromEntries(services.map((name) => [name, imageOf(name)])));
    expect(plan.all(componentType).map(({ name }) => name)).toEqual(services);
  });

  test("lets go, under its very ids, what the state has of another source", async () => {
    const plan = await planDev({ registry: having(...services), state: builtBefore("ui") });
    expect(declared(plan)).toEqual([]);
    expect(read(plan)).toEqual({
      "ui-linux-amd64": digest("before linux/amd64"),
      "ui-linux-arm64": digest("before linux/arm64"),
      ui: "ui",
    });
    expect(imagesPutOut(plan).ui).toEqual(imageOf("ui"));
  });

  test("is not read again once it was let go", async () => {
    const state = builtBefore("ui");
    for (const { type, outputs } of Object.values(state)) {
      if (type === imageType) Object.assign(outputs, { contextHash: "" });
      if (type === indexType) Object.assign(outputs, { sources: [] });
    }
    const plan = await planDev({ registry: having(...services), state });
    expect(read(plan)).toEqual({});
  });

  test("needs no builder", async () => {
    vi.stubEnv("PATH", "/nowhere");
    vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(false);
    expect(declared(await planDev({ registry: having(...services) }))).toEqual([]);
    vi.restoreAllMocks();
  });
});

describe("an image that the registry lacks", () => {
  test("is built, also where the state says that it was, and none beside it", async () => {
    const others = services.filter((name) => name !== "ui");
    const state = { ...builtBefore("ui"), ...builtBefore("cart") };
    const plan = await planDev({ registry: having(...others), state });
    expect(declared(plan).map(({ name }) => name)).toEqual(["ui-linux-amd64", "ui-linux-arm64", "ui"]);
    for (const { options } of declared(plan)) {
      expect(options).toMatchObject({ retainOnDelete: true, replaceOnChanges: ["*"] });
      // Another value than an earlier run's: what is declared is built.
      expect(options.replacementTrigger).toEqual(expect.stringMatching(/^\d{4}-/));
    }
    expect(Object.keys(read(plan))).toEqual(["cart-linux-amd64", "cart-linux-arm64", "cart"]);
  });

  test("is one that lacks a platform, and anything under its tag that is no image", async () => {
    const half = indexOf("ui").replace('"arm64"', '"s390x"');
    const plan = await planDev({
      registry: { ...having(...services), [tagOf("ui")]: half, [tagOf("cart")]: '{"schemaVersion":2}' },
    });
    expect(declared(plan).filter(({ type }) => type === indexType)).toHaveLength(2);
  });
});

test("builds begin first: what is built is declared with its repository before all others", async () => {
  const plan = await planDev({ registry: having(...services.filter((name) => name !== "orders")) });
  const order = plan.resources.map(({ type, name }) => `${type} ${name}`);
  const repositories = plan.all("slipway:index:ImageRepository").map(({ name }) => name);
  expect(repositories[0]).toBe("orders");
  expect([...repositories].sort()).toEqual([...services].sort());
  const monitoring = order.findIndex((one) => one.startsWith("slipway:index:Monitoring"));
  expect(order.indexOf(`${componentType} orders`)).toBeLessThan(monitoring);
  expect(order.indexOf(`${componentType} orders`)).toBeLessThan(
    order.indexOf("slipway:index:ImageRepository ui"),
  );
});

describe("a run of the command", () => {
  test("builds what it was told to, whatever the registry has, and leaves the rest alone", async () => {
    vi.stubEnv("SLIPWAY_SERVICES", "ui");
    const state = { ...builtBefore("ui"), ...builtBefore("cart"), ...builtBefore("orders") };
    const plan = await planDev({ registry: having("ui", "cart"), state });
    expect(declared(plan).map(({ name }) => name)).toEqual(["ui-linux-amd64", "ui-linux-arm64", "ui"]);
    expect(read(plan)).toEqual({});
    const images = imagesPutOut(plan);
    expect(images.cart).toEqual(imageOf("cart"));
    // Changed and not deployed: the image before is the one there is.
    expect(images.orders).toMatchObject({ sourceHash: "0123456789abcdef", digest: digest("orders before") });
    expect(images.catalog).toBeUndefined();
  });
});

describe("a run for images alone", () => {
  const login = Buffer.from("AWS:a-token:with-colon").toString("base64");

  const planImages = async (...chosen: readonly string[]) => {
    const { outputs } = await planDev({ registry: having(...services) });
    vi.stubEnv("SLIPWAY_SERVICES", chosen.join(","));
    vi.stubEnv("SLIPWAY_IMAGES_ONLY", "true");
    vi.stubEnv("SLIPWAY_REGISTRY_LOGIN", login);
    return { before: outputs, plan: await planDev({ outputs }) };
  };

  test("declares them and nothing else, asks AWS nothing, and builds as any run does", async () => {
    const { plan } = await planImages("ui");
    expect(plan.resources.slice(1).map(({ type, name }) => `${type} ${name}`)).toEqual([
      `${componentType} ui`,
      `${imageType} ui-linux-amd64`,
      `${imageType} ui-linux-arm64`,
      `${indexType} ui`,
    ]);
    vi.unstubAllEnvs();
    vi.stubEnv("SLIPWAY_SERVICES", "ui");
    const whole = await planDev({});
    for (const { type, name, inputs, options } of plan.resources.slice(2, 4)) {
      const same = whole.one(type, name);
      expect(JSON.stringify(inputs.registries)).toContain('"a-token:with-colon"');
      const { registries: _login, ...rest } = inputs;
      const { registries: _otherLogin, ...expected } = same.inputs;
      expect(rest).toEqual(expected);
      expect(options).toMatchObject({ retainOnDelete: true, replaceOnChanges: ["*"] });
    }
    expect(plan.one(indexType, "ui").inputs.tag).toBe(whole.one(indexType, "ui").inputs.tag);
  });

  test("keeps all other outputs as they are", async () => {
    const { before, plan } = await planImages("ui");
    const { ui, ...others } = outputsSchema.parse(plan.outputs).services;
    expect(ui?.image).toMatchObject({
      sourceHash: hashes.ui,
      digest: expect.not.stringMatching(imageOf("ui").digest),
    });
    const { services: was, ...rest } = outputsSchema.parse(before);
    const { ui: image, ...wereOthers } = was;
    expect(ui?.repository).toEqual(image?.repository);
    expect(others).toEqual(wereOthers);
    expect(plan.outputs).toMatchObject(rest);
  });
});

test("a whole run notes what it declares before all else and after all else, as the command computes it", async () => {
  const plan = await planDev({ registry: having(...services) });
  const hash = await declarationHash(await loadStack(process.cwd(), "dev"), "slipway");
  const [begun, complete] = plan.all("pulumi:index:Stash");
  expect([begun?.name, complete?.name]).toEqual(["declaration-begun", "declaration-complete"]);
  expect([begun?.inputs.input, complete?.inputs.input]).toEqual([hash, hash]);
  expect(plan.resources[1]).toBe(begun);
  const waits = complete?.options.dependsOn as readonly pulumi.Resource[];
  const types = new Set(waits.map((one) => (one as unknown as { __pulumiType: string }).__pulumiType));
  const top = plan.resources.filter(({ type }) => type.startsWith("slipway:") && type !== componentType);
  const parents = new Set(top.filter(({ options }) => options.parent === undefined).map(({ type }) => type));
  expect(types).toEqual(parents);
});

describe("a registry that does not answer the question", () => {
  test("stops the run before the first resource, and says what is missing", async () => {
    const { error, resources } = await failingProgram("dev", configurationOf("dev"), {
      registry: { ...having(...services), [tagOf("ui")]: 403 },
    });
    expect(resources).toEqual([]);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.message).toContain(`${registry}/shop-dev/ui`);
    expect(error.message).toContain("ecr:BatchGetImage");
    expect(error.message).not.toContain("a-registry-token");
  });

  test("is asked again first", async () => {
    const { error } = await failingProgram("dev", configurationOf("dev"), {
      registry: { ...having(...services), [tagOf("ui")]: 503 },
    });
    expect(error.message).toContain("HTTP 503");
    expect(error.message).toContain("check the network and the proxy");
  });
});
