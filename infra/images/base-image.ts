import * as pulumi from "@pulumi/pulumi";
import { sourceTag } from "../../config/names.ts";

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

/**
 * Describes a service's image as a base image.
 *
 * @param repositoryUrl `<registry>/<name>`
 */
export function baseImage(
  repositoryUrl: pulumi.Output<string>,
  sourceHash: string,
  after: pulumi.Resource | undefined,
): BaseImage {
  return { reference: pulumi.interpolate`${repositoryUrl}:${sourceTag(sourceHash)}`, after };
}
