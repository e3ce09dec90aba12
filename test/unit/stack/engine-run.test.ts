import { expect, test } from "vitest";
import { imagesRun, wholeRun } from "../../../runner/stack/engine-run.ts";
import { service } from "./services.ts";

const services = [service("ui"), service("cart")];

test("a run for images alone names them, and writes the state once", () => {
  const { environment, options } = imagesRun(services, ["ui"], { LOGIN: "x" });
  expect(environment).toEqual({
    LOGIN: "x",
    SLIPWAY_SERVICES: "ui",
    SLIPWAY_IMAGES_ONLY: "true",
    PULUMI_EXPERIMENTAL: "true",
    PULUMI_SKIP_CHECKPOINTS: "true",
  });
  expect(options.target?.some((urn) => urn.includes("cart"))).toBe(false);
});

test("a run of the whole stack writes its state after each step, so that nothing that was made is forgotten", () => {
  expect(wholeRun(services, ["ui"]).environment).toEqual({ SLIPWAY_SERVICES: "ui" });
});
