import { describe, expect, it } from "vitest";
import { planProofs } from "../../../runner/plan/prove.ts";
import type { EarlierRelease, StoredRelease } from "../../../runner/release/record.ts";
import { isMove } from "../../../runner/targets/target.ts";
import { record } from "../release/releases.ts";
import { service } from "../stack/services.ts";
import { deployment, service as ecsService, foundState, taskDefinition } from "../targets/ecs/builders.ts";
import { image, sha } from "../targets/fakes.ts";
import { ecsTarget, targetPlan } from "./samples.ts";

const state = foundState(ecsService([deployment(1)]), taskDefinition(1, "ui"));
const head = (outcome: EarlierRelease["outcome"], digest = image.digest): StoredRelease => {
  const release = record("r", "1", { outcome });
  return { record: { ...release, image: { ...release.image, digest } }, digest: undefined };
};
const ui = {
  service: service("ui"),
  image,
  targets: [targetPlan("ui", { state })],
  newestRecord: undefined as StoredRelease | undefined,
};
const actions = (...services: Parameters<typeof planProofs>[0]) =>
  planProofs(services).flatMap(({ targets }) => targets.map(({ action }) => action));

describe("what runs its image", () => {
  it("is proven when no release says that this went well", () => {
    expect(actions(ui)).toEqual(["prove"]);
    expect(actions({ ...ui, newestRecord: head("failed") })).toEqual(["prove"]);
    expect(actions({ ...ui, newestRecord: head("done", sha("2")) })).toEqual(["prove"]);
  });

  it("is left as it is when one does", () => {
    expect(actions({ ...ui, newestRecord: head("done") })).toEqual(["none"]);
    expect(actions({ ...ui, newestRecord: head("found") })).toEqual(["none"]);
  });

  it("is proven for the sake of a sidecar, too, that the run is about", () => {
    const target = { ...ecsTarget("ui"), containers: { ui: "ui", envoy: "proxy" } };
    const main = { ...ui, newestRecord: head("done"), targets: [targetPlan("ui", { state, target })] };
    const proxy = { ...ui, service: service("proxy"), targets: [] };
    expect(actions(main, proxy)).toEqual(["prove"]);
    expect(actions(main, { ...proxy, newestRecord: head("done") })).toEqual(["none"]);
    expect(actions(main)).toEqual(["none"]);
  });

  it("is not proven where its kind moves callers last, nor where something stands in the way", () => {
    const target = { kind: "lambda", function: "f", alias: "live" } as never;
    expect(actions({ ...ui, targets: [targetPlan("ui", { target })] })).toEqual(["none"]);
    const problems = [{ code: "service-draining", message: "it is being deleted" } as const];
    expect(actions({ ...ui, targets: [targetPlan("ui", { state, problems })] })).toEqual(["none"]);
  });
});

it("leaves alone what is to be moved", () => {
  expect(actions({ ...ui, targets: [targetPlan("ui", { state, action: "update" })] })).toEqual(["update"]);
  expect(["update", "create", "prove", "none"].filter((action) => isMove({ action } as never))).toEqual([
    "update",
    "create",
  ]);
});
