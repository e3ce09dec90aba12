import type { UpOptions } from "@pulumi/pulumi/automation/stack.js";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { imagesOnlyVariable, servicesVariable } from "../../config/names.ts";
import { excludedImages, replacedImages, targetedImages } from "./resources.ts";

/** The scope of one run of the engine. */
export interface EngineRun {
  /** What the run is for, in words. */
  readonly scope: string;
  /** Environment variables for the engine and the program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly options: Pick<UpOptions, "exclude" | "replace" | "target">;
}

/** A run that brings everything up to date, except the images of services that were not chosen. */
export function wholeRun(services: readonly Service[], chosen: readonly string[]): EngineRun {
  return {
    scope: "the whole stack",
    environment: { [servicesVariable]: chosen.join(",") },
    options: { exclude: excludedImages(services, chosen), replace: replacedImages(services, chosen) },
  };
}

/**
 * Lets the engine write its state once, at the end of a run, and not around each step. In a large stack, each of
 * these writes takes a quarter of a second. Where a run is killed, the state knows nothing of the images that it
 * pushed. The next run then pushes them again, by the same digests; so no run of the whole stack has this.
 */
export const oneWrite = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" } as const;

/** A run that only builds and pushes the images of the chosen services. */
export function imagesRun(
  services: readonly Service[],
  chosen: readonly string[],
  environment: Readonly<Record<string, string>>,
): EngineRun {
  return {
    scope: "the images alone",
    environment: {
      ...oneWrite,
      ...environment,
      [servicesVariable]: chosen.join(","),
      [imagesOnlyVariable]: "true",
    },
    options: { target: targetedImages(services, chosen) },
  };
}
