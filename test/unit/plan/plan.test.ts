import { describe, expect, test } from "vitest";
import type { UserError } from "../../../config/problems/errors.ts";
import { isNothingToDo, planDocument } from "../../../runner/plan/document.ts";
import { isChanged, plannedImage, problemsOf } from "../../../runner/plan/plan.ts";
import { showPlan } from "../../../runner/plan/show.ts";
import { plannedReference } from "../../../runner/registry/image.ts";
import { coloursFor } from "../../../runner/report/colours.ts";
import { chooseServices } from "../../../runner/session/services.ts";
import { service } from "../stack/services.ts";
import { ecsTarget, inspected, registry, targetPlan } from "./samples.ts";

const plain = coloursFor({ isTTY: false }, {});
const where = { stack: "dev", account: "111122223333", region: "eu-central-1" };
const catalogue = { services: [service("ui"), service("cart"), service("orders")] };
const names = (asked: Parameters<typeof chooseServices>[1]) =>
  chooseServices(catalogue, asked).map(({ name }) => name);

describe("the services to work on", () => {
  test("are those asked for, once each and in the catalogue's order; or all", () => {
    expect(names({ services: ["orders", "ui", "orders"] })).toEqual(["ui", "orders"]);
    expect(names({ services: [] })).toEqual(["ui", "cart", "orders"]);
    expect(names({ services: ["ui"], all: true })).toEqual(["ui", "cart", "orders"]);
  });

  test("that do not exist are all named, with the nearest that do", () => {
    try {
      names({ services: ["uii", "zzz"] });
      expect.unreachable();
    } catch (error) {
      expect((error as UserError).problems.map(({ value, fix }) => [value, fix])).toEqual([
        ["uii", 'did you mean "ui"? (there are: cart, orders, ui)'],
        ["zzz", "choose one that exists (there are: cart, orders, ui)"],
      ]);
    }
  });
});

describe("a plan", () => {
  const toBuild = inspected("ui", {
    image: undefined,
    tagCheck: { present: [], toPut: ["v1"], problems: [] },
    targets: [
      targetPlan("ui", {
        action: "update",
        changes: [
          {
            field: "containerDefinitions[ui].image",
            before: "old",
            after: `${registry}/shop/ui@(after build)`,
          },
        ],
        notes: ["its desired count is 0"],
      }),
    ],
  });

  test("for an image that is still to be built says so, and names every platform", () => {
    const image = plannedImage(toBuild);
    expect(plannedReference(image)).toBe(`${registry}/shop/ui@(after build)`);
    expect(Object.keys(image.manifests)).toEqual(["linux/amd64", "linux/arm64"]);
  });

  test("is read as what is built, pushed, tagged and changed", () => {
    expect(showPlan(planDocument(where, [toBuild, inspected("cart")]), plain)).toBe(
      `Plan for stack dev (account 111122223333, eu-central-1)

ui
  + build   linux/amd64, linux/arm64
            src-0123456789abcdef0123456789abcdef is not in the registry (3 files, 2.05 kB)
  + push    ${registry}/shop/ui:src-0123456789abcdef0123456789abcdef
  + tag     v1       version v1, given
    no tag  pr-{pr}  not a pull request
  ~ update  ecs shop/ui
            containerDefinitions[ui].image
            - old
            + ${registry}/shop/ui@(after build)
            note: its desired count is 0

cart
  = image   ${registry}/shop/cart@sha256:${"ab".repeat(32)} (already built)
  = tag     v1       version v1, given
    no tag  pr-{pr}  not a pull request
    no targets: Slipway only builds it

1 to build, 1 of 1 targets to move`,
    );
  });

  test("shows in which order targets are moved when there is more than one", () => {
    const late = targetPlan("late", { action: "update" });
    const plan = planDocument(where, [
      inspected("ui", { targets: [targetPlan("ui"), { ...late, target: { ...late.target, order: 10 } }] }),
    ]);
    expect(plan.services[0]?.targets.map(({ order }) => order)).toEqual([0, 10]);
    expect(showPlan(plan, plain)).toContain("~ update  ecs shop/late (order 10)");
    expect(showPlan(plan, plain)).toContain("= keep    ecs shop/ui (order 0) (already runs this image)");
    expect(showPlan(planDocument(where, [toBuild]), plain)).not.toContain("order");
  });

  test("says of a service that only runs beside another where that is", () => {
    const target = { ...ecsTarget("ui"), containers: { ui: "ui", beside: "proxy" } };
    const plan = planDocument(where, [
      inspected("ui", { targets: [targetPlan("ui", { target })] }),
      inspected("proxy"),
    ]);
    expect(plan.services.map(({ sidecarIn }) => sidecarIn)).toEqual([[], ["ecs shop/ui"]]);
    expect(showPlan(plan, plain)).toContain("sidecar in ecs shop/ui");
    expect(showPlan(plan, plain)).not.toContain("no targets");
  });

  test("is the same as data, and survives JSON", () => {
    const plan = planDocument(where, [toBuild]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.services[0]?.image).toEqual({
      action: "build",
      reason: "src-0123456789abcdef0123456789abcdef is not in the registry",
      platforms: ["linux/amd64", "linux/arm64"],
      push: ["src-0123456789abcdef0123456789abcdef"],
    });
  });

  test("has nothing to do only when all is built, tagged and runs", () => {
    const nothing = (...services: Parameters<typeof planDocument>[1]) => {
      const some = services.some(isChanged);
      // The document says the same as the data that it is made of.
      expect(isNothingToDo(planDocument(where, services))).toBe(!some);
      return !some;
    };
    expect(nothing(inspected("ui", { targets: [targetPlan("ui")] }), inspected("cart"))).toBe(true);
    expect(nothing(inspected("ui"), toBuild)).toBe(false);
    const untagged = { present: [], toPut: ["v1"], problems: [] };
    expect(nothing(inspected("ui", { tagCheck: untagged }))).toBe(false);
    expect(nothing(inspected("ui", { targets: [targetPlan("ui", { action: "update" })] }))).toBe(false);
  });

  test("gathers what stands in the way of any service, each thing once", () => {
    const missing = { code: "unknown-cluster", where: "ECS", message: "there is no cluster shop" } as const;
    const taken = { code: "tag-taken", message: "v1 is taken" } as const;
    const services = [
      inspected("ui", { targets: [targetPlan("ui", { problems: [missing] })] }),
      inspected("cart", { targets: [targetPlan("cart", { problems: [missing] })], problems: [taken] }),
    ];
    expect(problemsOf(services)).toEqual([missing, taken]);
    expect(showPlan(planDocument(where, services), plain)).toContain(
      "would stop a deployment before it changes anything",
    );
  });
});
