import * as pulumi from "@pulumi/pulumi";
import { sourceTag } from "../../config/names.ts";
import type { ImageRepository } from "../repository.ts";

/** A service's image as the base image of another service. */
export interface BaseImage {
  /**
   * `<registry>/<repository>:src-<hash>`. Known before it is built, and the same on every machine: the
   * source hash of what is built from it covers the very same hash.
   */
  readonly reference: pulumi.Output<string>;
  /** The resource to build first; undefined if the registry already has the image. */
  readonly after: pulumi.Resource | undefined;
}

/** Describes a service's image as a base image. */
export function baseImage(
  repository: ImageRepository,
  sourceHash: string,
  after: pulumi.Resource | undefined,
): BaseImage {
  return { reference: pulumi.interpolate`${repository.url}:${sourceTag(sourceHash)}`, after };
}
