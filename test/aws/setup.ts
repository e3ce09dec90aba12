import { afterEach, expect } from "vitest";
import { describeDeviation } from "./deviation.ts";
import { takeDeviations } from "./mock-client.ts";

afterEach(() => {
  const found = [...new Set(takeDeviations().map(describeDeviation))];
  expect(found, "what mocked clients are asked and answered is as AWS's models have it").toEqual([]);
});
