import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadStack } from "../../../../config/description/load.ts";
import { promotionSources } from "../../../../config/description/promotion.ts";
import { type Problem, UserError } from "../../../../config/problems/errors.ts";
import { chooseServices } from "../../../../runner/session/services.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-selection-"));
  for (const context of [
    "base",
    "services/payments/api",
    "services/payments/worker",
    "services/cart",
    "ui",
  ]) {
    await mkdir(join(project, context), { recursive: true });
    await writeFile(join(project, context, "Dockerfile"), "FROM scratch\n");
  }
});
afterEach(() => rm(project, { recursive: true, force: true }));

const services: Readonly<Record<string, Record<string, unknown>>> = {
  base: { context: "base" },
  "payments-api": { context: "services/payments/api", groups: ["payments", "public"] },
  "payments-worker": { context: "./services/payments/worker/", groups: ["payments"] },
  cart: { context: "services/cart" },
  ui: { context: "ui", groups: ["public"] },
};

interface Written {
  readonly more?: Readonly<Record<string, object>>;
  readonly stack?: string;
  readonly settings?: object;
}

async function load(selectors: unknown, { more = {}, stack = "dev", settings = {} }: Written = {}) {
  const all = Object.keys({ ...services, ...more }).map((name) => [
    name,
    { ...services[name], ...more[name] },
  ]);
  await writeFile(join(project, "services.yaml"), stringify({ services: Object.fromEntries(all) }));
  const config = {
    "aws:region": "eu-west-1",
    "slipway:repositories": { prefix: stack },
    ...(selectors === undefined ? {} : { "slipway:services": selectors }),
    ...settings,
  };
  await writeFile(join(project, `Pulumi.${stack}.yaml`), stringify({ config }));
  return loadStack(project, stack);
}

async function selected(selectors: unknown, written?: Written): Promise<string[]> {
  return (await load(selectors, written)).catalogue.services.map(({ name }) => name);
}

async function problems(selectors: unknown, written?: Written): Promise<readonly Problem[]> {
  const error = await load(selectors, written).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems;
}

describe("slipway:services", () => {
  test.each([
    ["all services without it", undefined, ["base", "payments-api", "payments-worker", "cart", "ui"]],
    ["services by name, in the catalogue's order", ["ui", "base"], ["base", "ui"]],
    ["services by a pattern of names", ["payments-*"], ["payments-api", "payments-worker"]],
    ["contexts below a path", ["services/payments"], ["payments-api", "payments-worker"]],
    ["contexts by a pattern", ["services/*"], ["cart"]],
    ["contexts at any depth", ["services/**"], ["payments-api", "payments-worker", "cart"]],
    ["a context at the top", ["./ui"], ["ui"]],
    ["a group", [{ group: "public" }], ["payments-api", "ui"]],
    ["a group and a name", [{ group: "payments" }, "ui"], ["payments-api", "payments-worker", "ui"]],
    ["all but some", ["!services/payments/**", "!base"], ["cart", "ui"]],
    ["some without one of them", ["payments-*", "!payments-worker"], ["payments-api"]],
    [
      "what a later selector adds again",
      ["!payments-*", "payments-api"],
      ["base", "payments-api", "cart", "ui"],
    ],
  ])("selects %s", async (_, selectors, expected) => {
    expect(await selected(selectors)).toEqual(expected);
  });

  test("says which services it leaves out", async () => {
    expect((await load(["payments-*", "ui"])).catalogue.leftOut).toEqual(["base", "cart"]);
    expect((await load(["**/*", "base", "ui"])).catalogue.leftOut).toBeUndefined();
  });

  test.each([
    [["payment-api"], "slipway:services[0]", "payment-api", /did you mean "payments-api"/],
    [["ui", "shop-*"], "slipway:services[1]", "shop-*", /choose one that exists \(there are: base, cart/],
    [["!crat"], "slipway:services[0]", "!crat", /did you mean "cart"/],
    [["service/payments/**"], "slipway:services[0]", "service/payments/**", /correct the path/],
    [[{ group: "publik" }], "slipway:services[0].group", "publik", /did you mean "public"/],
  ])("refuses %j, which matches nothing, with its place", async (selectors, key, value, fix) => {
    const [problem, ...more] = await problems(selectors);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({
      code: "unknown-service",
      where: expect.stringMatching(/^Pulumi\.dev\.yaml:\d+:\d+$/),
      key,
      value,
      fix: expect.stringMatching(fix),
    });
  });

  test("refuses a selection of nothing, and an empty one", async () => {
    expect(await problems(["ui", "!ui"])).toMatchObject([
      { code: "nothing-selected", key: "slipway:services" },
    ]);
    expect(await problems([])).toMatchObject([{ code: "invalid-value", key: "slipway:services" }]);
  });

  test("refuses a service without the one that it is built from, with both places", async () => {
    expect(await problems(["ui"], { more: { ui: { needs: ["base"] } } })).toMatchObject([
      {
        code: "left-out-service",
        where: expect.stringMatching(/^Pulumi\.dev\.yaml:/),
        key: "slipway:services",
        value: "base",
        message:
          "leaves out base, but ui, which it selects, is built from base (services.yaml: services.ui.needs)",
        fix: "add base to slipway:services",
      },
    ]);
    expect(await selected(["ui", "base"], { more: { ui: { needs: ["base"] } } })).toEqual(["base", "ui"]);
    // What is left out needs nothing of this stack.
    expect(await selected(["base"], { more: { ui: { needs: ["base"] } } })).toEqual(["base"]);
  });

  test("refuses a target without the service whose image it also runs", async () => {
    const targets = [{ kind: "ecs", cluster: "c", service: "ui", sidecars: { proxy: "base" } }];
    expect(await problems(["ui"], { more: { ui: { targets } } })).toMatchObject([
      {
        code: "left-out-service",
        value: "base",
        message: expect.stringContaining(
          "container proxy of ui runs its image (services.yaml: services.ui.targets[0])",
        ),
      },
    ]);
  });

  test("refuses targets that are the same across stacks, as it does within one", async () => {
    const lambda = { targets: [{ kind: "lambda", function: "f" }] };
    expect(await problems(["ui"], { more: { ui: lambda, cart: lambda } })).toMatchObject([
      { code: "same-target", key: expect.stringMatching(/^services\.(ui|cart)\.targets\[0\]$/) },
    ]);
    const ecs = (container: string) => ({
      targets: [{ kind: "ecs", cluster: "c", service: "s", container }],
    });
    const joined = { more: { ui: ecs("a"), cart: ecs("b") } };
    expect(await selected(["ui", "cart"], joined)).toEqual(["cart", "ui"]);
    expect(await selected(["base"], joined)).toEqual(["base"]);
    expect(await problems(["ui"], joined)).toMatchObject([
      {
        code: "same-target",
        message: expect.stringContaining("leaves out cart, and one update moves both"),
        fix: "select cart and ui in the same stack",
      },
    ]);
  });

  test("does without the sources of what it leaves out", async () => {
    await rm(join(project, "services/cart"), { recursive: true });
    expect(await selected(["ui"])).toEqual(["ui"]);
    expect(await problems(["ui", "cart"])).toMatchObject([
      { code: "missing-context", key: "services.cart.context" },
    ]);
  });

  test("is what a command of the stack knows", async () => {
    const { catalogue } = await load(["payments-*"]);
    expect(() => chooseServices(catalogue, { services: ["ui"] })).toThrow(/left out of this stack/);
    expect(() => chooseServices(catalogue, { services: ["payment-api"] })).toThrow(
      /did you mean "payments-api"/,
    );
  });

  test("is what another stack takes promotions from", async () => {
    await load(["payments-*"], { stack: "test" });
    const { settings } = await load(["payments-*"], {
      settings: { "slipway:github": { repository: "acme/shop", promotesFrom: ["test"] } },
    });
    expect(await promotionSources(project, settings)).toMatchObject([
      { stack: "test", repositories: ["test/payments-api", "test/payments-worker"] },
    ]);
  });
});
