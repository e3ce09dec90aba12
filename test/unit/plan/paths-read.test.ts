import { expect, test } from "vitest";
import { pathsRead } from "../../../runner/plan/paths-read.ts";
import { inspected } from "./samples.ts";

test("an image that is still to be built depends on what describes it, too", () => {
  const built = inspected("ui");
  expect(pathsRead(built, "dev")).toEqual(["services/ui", "services/ui/Dockerfile"]);
  expect(pathsRead({ ...built, image: undefined }, "dev")).toEqual([
    "services/ui",
    "services/ui/Dockerfile",
    "services.yaml",
    "Pulumi.dev.yaml",
  ]);
});
