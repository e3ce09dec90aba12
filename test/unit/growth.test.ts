import { describe, expect, test } from "vitest";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { catalogueSchema, resolveCatalogue } from "../../config/catalogue/catalogue.ts";
import { needsProblems, withNeeded } from "../../config/description/needs.ts";
import { placesOf, withSidecarTargets } from "../../config/description/sidecars.ts";
import type { EcsTarget } from "../../config/targets/ecs/target.ts";
import { recordedImages } from "../../infra/images/recorded-images.ts";
import { withSource } from "../../runner/commands/status/status.ts";
import { plansOf } from "../../runner/history/targets.ts";
import { outcomeOf } from "../../runner/history/write.ts";
import { groupByOrder } from "../../runner/move/order.ts";
import { outcomesOfPlans } from "../../runner/move/outcome.ts";
import { planDocument } from "../../runner/plan/document.ts";
import { planProofs } from "../../runner/plan/prove.ts";
import { chooseServices } from "../../runner/session/services.ts";
import { imagePartOf } from "../../runner/stack/resources.ts";
import type { TargetOutcome } from "../../runner/targets/target.ts";
import { ecsTarget, inspected, outcome, targetPlan } from "./plan/samples.ts";
import { growth } from "./reads.ts";
import { service } from "./stack/services.ts";

const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

/** Each service is built from the one before, and runs with it as a sidecar. */
function services(count: number): readonly Service[] {
  return names(count).map((name, index) => {
    const other = `s${Math.max(0, index - 1)}`;
    const target: EcsTarget = { ...ecsTarget(name), containers: { [name]: name, beside: other } };
    return service(name, {
      contexts: index % 10 === 0 ? {} : { [other]: `service://${other}` },
      targets: [target],
    });
  });
}

const planned = (count: number) =>
  services(count).map((one) =>
    inspected(one.name, {
      service: one,
      targets: one.targets.map((target) =>
        targetPlan(one.name, {
          target,
          title: `ecs shop/${one.name}`,
          state: { kind: "unusable", problems: [] },
        }),
      ),
    }),
  );

/** Counts what is read of a list while each of its members is asked for. */
const eachOf =
  <T extends object>(ask: (one: T, all: readonly T[]) => unknown) =>
  (all: readonly T[]) => {
    for (const one of all) ask(one, all);
  };

describe("the work grows with the services, not with their square", () => {
  const atMost = 12;

  test.each<[string, (all: readonly Service[]) => unknown]>([
    ["finding the services that are needed", (all) => withNeeded(all, all)],
    ["needs, asked service by service", eachOf((one, all) => withNeeded([one], all))],
    ["checking the needs", (all) => needsProblems({ services: all })],
    ["borrowing targets of others", (all) => withSidecarTargets(all, all.slice(all.length / 2))],
    ["the places of each service", eachOf(({ name }, all) => placesOf(all, name))],
    [
      "choosing services by name",
      (all) => chooseServices({ services: all }, { services: all.map(({ name }) => name) }),
    ],
    [
      "the image that each event of the engine is about",
      eachOf(({ name }, all) =>
        imagePartOf(`urn:pulumi:dev::shop::docker-build:index:Image::${name}-linux-amd64`, all),
      ),
    ],
  ])("%s", (_what, work) => {
    expect(growth(services, work)).toBeLessThan(atMost);
  });

  test.each<[string, (all: ReturnType<typeof planned>) => unknown]>([
    ["a plan as its document", (all) => planDocument({ stack: "dev", account: "1", region: "r" }, all)],
    ["deciding what to prove", (all) => planProofs(all)],
    ["the plans that a service's record is about", eachOf((one, all) => plansOf(one as never, all as never))],
  ])("%s", (_what, work) => {
    expect(growth(planned, work as never)).toBeLessThan(atMost);
  });

  const outcomes = (count: number): readonly TargetOutcome[] => names(count).map((name) => outcome(name));
  const plans = new Map([100, 1000].map((count) => [count, names(count).map((name) => targetPlan(name))]));

  test.each<[string, (all: ReturnType<typeof outcomes>) => unknown]>([
    ["the outcome of each plan", (all) => outcomesOfPlans(plans.get(all.length) ?? [], all)],
    [
      "the outcome of a plan, asked plan by plan",
      (all) => {
        for (const plan of plans.get(all.length) ?? []) outcomeOf(all, plan);
      },
    ],
  ])("%s", (_what, work) => {
    expect(growth(outcomes, work)).toBeLessThan(atMost);
  });

  test("comparing what each target runs with the image of its source", () => {
    const compared = (count: number) => names(count).map((name) => ({ service: { name }, image: undefined }));
    const work = (all: ReturnType<typeof compared>) =>
      withSource(
        Array.from({ length: all.length }, (_, index) => ({ service: `s${index}` })),
        all,
      );
    expect(growth(compared, work as never)).toBeLessThan(atMost);
  });

  test("what the state says of each image", () => {
    const state = (count: number) =>
      names(count).map((name) => ({ type: "docker-build:index:Image", outputs: {}, name }));
    const work = (all: ReturnType<typeof state>) =>
      recordedImages(
        new Proxy(
          {},
          {
            ownKeys: () => names(all.length).map((name) => `urn:pulumi:dev::shop::image::${name}`),
            getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
            get: (_, urn) => all[Number(String(urn).split("::s").at(-1))],
          },
        ),
        services(all.length),
      );
    expect(growth(state, work as never)).toBeLessThan(atMost);
  });

  test("grouping targets, each of an order of its own", () => {
    const targets = (count: number) => names(count).map((_, order) => ({ order }));
    expect(growth(targets, (all) => groupByOrder(all, ({ order }) => order))).toBeLessThan(atMost);
  });

  test("paths that many services share", () => {
    const written = (count: number) =>
      catalogueSchema.parse({
        sharedPaths: [{ path: "proto", services: names(count) }],
        services: Object.fromEntries(names(count).map((name) => [name, { context: name }])),
      });
    expect(
      growth(
        (count) => [written(count)],
        ([one]) => one && resolveCatalogue(one, "dev"),
      ),
    ).toBeLessThan(atMost);
  });
});
