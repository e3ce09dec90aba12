import { describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../../config/catalogue/catalogue.ts";
import { sameTargetProblems, withJoinedTargets } from "../../../../config/description/same-target.ts";
import { withSidecarTargets } from "../../../../config/description/sidecars.ts";
import { declarationOf } from "../../../../config/targets/kinds.ts";
import { kindOf } from "../../../../runner/targets/kinds.ts";

/** Services with one context each and these targets, as stack dev sees them. */
function services(targets: Readonly<Record<string, readonly object[]>>) {
  const written = Object.entries(targets).map(([name, own]) => [name, { context: name, targets: own }]);
  return resolveCatalogue(catalogueSchema.parse({ services: Object.fromEntries(written) }), "dev").services;
}

const ecs = (more: object = {}) => ({ kind: "ecs", cluster: "shop", service: "app", ...more });
const lambda = (more: object = {}) => ({ kind: "lambda", function: "start", ...more });
const arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/shop";

describe("two targets that are one place are refused, with both places:", () => {
  test.each([
    ["one function", { a: [lambda()], b: [lambda()] }, "services.b.targets[0]", "services.a.targets[0]"],
    [
      "a function by way of the stack",
      { a: [lambda({ function: "start-${stack}" })], b: [lambda({ function: "start-dev" })] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "two aliases of one function",
      { a: [lambda()], b: [lambda({ alias: "beta" })] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "one function twice in a service",
      { a: [lambda(), lambda()] },
      "services.a.targets[1]",
      "services.a.targets[0]",
    ],
    [
      "one container of an ECS service",
      { a: [ecs({ container: "x" })], b: [ecs({ container: "x" })] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "one container, the cluster once by its ARN",
      { a: [ecs({ container: "x" })], b: [ecs({ cluster: arn, container: "x" })] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "a container that the other has as a sidecar",
      { a: [ecs({ sidecars: { b: "b" } })], b: [ecs()] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "two containers with different settings",
      { a: [ecs({ timeoutSeconds: 60 })], b: [ecs({ timeoutSeconds: 90 })] },
      "services.b.targets[0]",
      "services.a.targets[0]",
    ],
    [
      "an ECS service twice in one service",
      { a: [ecs(), ecs({ container: "x" })] },
      "services.a.targets[1]",
      "services.a.targets[0]",
    ],
  ])("%s", (_, targets: Readonly<Record<string, readonly object[]>>, key, first) => {
    expect(sameTargetProblems(services(targets))).toMatchObject([
      { code: "same-target", where: "services.yaml", key, message: expect.stringContaining(first) },
    ]);
  });
});

test("different places are no problem", () => {
  const all = services({
    a: [ecs(), lambda()],
    b: [ecs({ cluster: "other" }), ecs({ service: "b" }), lambda({ function: "b" })],
  });
  expect(sameTargetProblems(all)).toEqual([]);
  expect(withJoinedTargets(all)).toBe(all);
});

test("two containers of one ECS service are moved by one update", () => {
  const all = services({ ui: [ecs({ timeoutSeconds: 60 })], proxy: [ecs()], log: [ecs({ cluster: arn })] });
  expect(sameTargetProblems(all)).toEqual([]);
  const joined = withJoinedTargets(all);
  expect(joined.map(({ targets }) => targets)).toMatchObject([
    [{ timeoutSeconds: 60, container: "ui", containers: { ui: "ui", proxy: "proxy", log: "log" } }],
    [],
    [],
  ]);
  const [, proxy] = joined;
  expect(proxy && withSidecarTargets(joined, [proxy])[0]?.targets).toMatchObject([{ service: "app" }]);
});

test("a third that has the container of the second is refused", () => {
  const all = services({ a: [ecs()], b: [ecs()], c: [ecs({ container: "b" })] });
  expect(sameTargetProblems(all)).toMatchObject([{ key: "services.c.targets[0]" }]);
});

test("targets of different identities have different titles, which outcomes and marks are found by", () => {
  const [one] = services({
    a: [
      ecs(),
      ecs({ cluster: "shop-app", service: "app" }),
      ecs({ service: "x" }),
      lambda(),
      lambda({ function: "b" }),
    ],
  });
  const titles = (one?.targets ?? []).map((target) => kindOf(target).title(target));
  const identities = (one?.targets ?? []).map((target) => declarationOf(target).identity(target));
  expect(new Set(titles).size).toBe(titles.length);
  expect(new Set(identities).size).toBe(identities.length);
});
