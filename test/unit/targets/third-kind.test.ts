import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { catalogueSchemaFor, resolveCatalogue } from "../../../config/catalogue/catalogue.ts";
import { targetProblems } from "../../../config/description/target-problems.ts";
import { resourcesOf } from "../../../config/permissions/permission-scope.ts";
import { permissions } from "../../../config/permissions/permissions.ts";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { targetKinds } from "../../../config/targets/kinds.ts";
import { kindsOf } from "../../../config/targets/permission.ts";
import { reusableInTargets } from "../../../runner/commands/rollback/choose.ts";
import { movedAtOnce } from "../../../runner/commands/rollback/rollback.ts";
import { recordedTarget } from "../../../runner/history/targets.ts";
import { readAccountUses } from "../../../runner/in-use/read.ts";
import { moveTargets } from "../../../runner/move/groups.ts";
import type { TargetMove } from "../../../runner/move/target.ts";
import { planTargets } from "../../../runner/plan/targets.ts";
import { type Image, imageReference } from "../../../runner/registry/image.ts";
import { ecsKind } from "../../../runner/targets/ecs/kind.ts";
import { kinds } from "../../../runner/targets/kinds.ts";
import { lambdaKind } from "../../../runner/targets/lambda/kind.ts";
import { fakeContext, image, sha } from "./fakes.ts";
import { manifestDeclaration, manifestKind } from "./third-kind.ts";

/** What adding a kind is: a line in each of two lists. Taken out again for the other tests. */
const lists = { declared: targetKinds as unknown[], done: kinds as unknown as Record<string, unknown> };
const files = new Map<string, string>();
const unhealthy = "dev/broken.yaml";

beforeAll(() => {
  lists.declared.push(manifestDeclaration);
  lists.done.manifest = manifestKind(files, (file) => file !== unhealthy);
});
afterAll(() => {
  lists.declared.pop();
  delete lists.done.manifest;
});

const old: Image = { ...image, digest: sha("0") };
const settings: Settings = { ...slipwaySchema.parse({}), stack: "dev", aws: { region: "eu-west-1" } };
const written = (...names: string[]) => ({
  services: {
    ui: { context: "src", targets: names.map((file, order) => ({ kind: "manifest", file, order })) },
  },
});

beforeEach(() => {
  files.clear();
  files.set("dev/ui.yaml", imageReference(old));
  files.set(unhealthy, imageReference(old));
});

function load(...names: string[]) {
  const catalogue = resolveCatalogue(catalogueSchemaFor(targetKinds).parse(written(...names)), "dev");
  const [service] = catalogue.services;
  if (service === undefined) throw new Error("the catalogue has a service");
  return { catalogue, service };
}

async function planned(wanted: Image, ...more: string[]) {
  const context = fakeContext();
  const session = { ...context, directory: "/project", settings, registry: image.registry };
  const { service } = load("${stack}/ui.yaml", ...more);
  const images = new Map([[service.name, wanted]]);
  const step = { id: "check" } as Parameters<typeof planTargets>[2];
  const plans = await planTargets(session, { service, image: wanted, images }, step);
  const moves = plans.map((plan): TargetMove => ({ plan, image: wanted }));
  return { session, plans, moves };
}

test("the kinds in the lists are the same in the configuration and in the runner", () => {
  expect(targetKinds.map(({ kind }) => kind)).toEqual(Object.keys(kinds));
  expect([ecsKind.kind, lambdaKind.kind]).toEqual(Object.keys(kinds).slice(0, 2));
});

test("a third kind is read from services.yaml with its own defaults, its stack and its problems", () => {
  const { service } = load("${stack}/ui.yaml");
  expect(service.targets).toEqual([{ kind: "manifest", file: "dev/ui.yaml", order: 0, approval: true }]);
  expect(catalogueSchemaFor(targetKinds).safeParse(written("")).success).toBe(true);
  expect(catalogueSchemaFor(targetKinds.slice(0, 2)).safeParse(written("x")).success).toBe(false);
  const { catalogue } = load("/etc/ui.yaml");
  expect(targetProblems({ directory: "/", catalogue, settings })).toMatchObject([
    { where: "services.yaml", key: "services.ui.targets[0].file", message: "is absolute" },
  ]);
});

test("a third kind is planned, checked, moved and followed", async () => {
  const { session, plans, moves } = await planned(image);
  expect(plans).toMatchObject([
    { title: "manifest dev/ui.yaml", action: "update", gates: [{ gate: "pre-flight", verdict: "passed" }] },
  ]);
  const [result] = await moveTargets(session, moves, { step: "move", allOrNothing: false });
  expect(result?.outcome).toMatchObject({ outcome: "done", running: imageReference(image) });
  const [again] = (await planned(image)).plans;
  expect(again?.action).toBe("none");
  for (const kind of [kinds.ecs, kinds.lambda]) vi.spyOn(kind, "inUse").mockResolvedValue([]);
  const { catalogue } = load("${stack}/ui.yaml");
  expect(await readAccountUses({ ...session, catalogue })).toContainEqual({
    reference: imageReference(image),
    where: "a file",
    why: "HEAD",
  });
});

test("a third kind that fails has its own hint, and what went well is put back where all or nothing is wanted", async () => {
  const { session, moves } = await planned(image, "${stack}/broken.yaml");
  const [well, failed] = await moveTargets(session, moves, { step: "move", allOrNothing: true });
  expect(failed?.outcome).toMatchObject({ outcome: "failed", hint: "look at the application" });
  expect(well?.outcome).toMatchObject({ outcome: "rolled back" });
  expect(files.get("dev/ui.yaml")).toBe(imageReference(old));
});

test("a third kind is recorded, and a rollback finds what its record left", async () => {
  const { session, plans, moves } = await planned(image);
  const [result] = await moveTargets(session, moves, { step: "move", allOrNothing: false });
  const [plan] = plans;
  if (plan === undefined || result === undefined) throw new Error("it was moved");
  const target = recordedTarget(plan, image, result.outcome);
  expect(target).toMatchObject({ kind: "manifest", previous: imageReference(old), outcome: "done" });
  expect(reusableInTargets({ targets: [target] }, false)).toEqual({
    "manifest dev/ui.yaml": `commit of ${imageReference(image)}`,
  });
  const { service } = load("${stack}/ui.yaml");
  expect(movedAtOnce(service).targets).toMatchObject([{ approval: false }]);
});

test("every resource that a permission is cut to is known", () => {
  const { service } = load("${stack}/ui.yaml");
  const scope = {
    partition: "aws",
    region: "eu-west-1",
    account: "111122223333",
    settings,
    github: { taskRoles: [], taskFamilies: [], logGroups: [], secrets: [], parameters: [] },
    services: [service],
    promotesFrom: [],
    ownRole: "arn:aws:iam::111122223333:role/ci",
  } as unknown as Parameters<typeof resourcesOf>[1];
  for (const resource of permissions.flatMap(kindsOf)) {
    expect(resourcesOf(resource, scope), resource).toBeDefined();
  }
});
