import * as pulumi from "@pulumi/pulumi";
import type { PlatformOutputs } from "../../../config/stack/outputs.ts";
import { platformOutputs } from "../../../infra/platform.ts";

/** A service's image and its repository, from the platform's outputs. */
export interface ServiceImage {
  readonly repositoryArn: string;
  /** Index of all platforms, by digest: what ECS takes. */
  readonly index: string;
  /** One platform's manifest, by digest: Lambda takes no index. */
  readonly manifest: string;
}

/** Gives the image of a service, for one platform. */
export type ImageOf = (service: string) => pulumi.Output<ServiceImage>;

/** Reads the images that the platform's stack has built. */
export function imagesOf(platformStack: string, platform: string): ImageOf {
  const outputs = platformOutputs(platformStack);
  return (service) => outputs.apply((all) => serviceImage(all, service, platform));
}

/**
 * Picks a service's image out of the platform's outputs.
 *
 * @throws pulumi.RunError when the service is unknown there, not built yet, or not built for the platform
 */
export function serviceImage(outputs: PlatformOutputs, service: string, platform: string): ServiceImage {
  const entry = outputs.services[service];
  if (entry === undefined) {
    throw new pulumi.RunError(`The platform has no service ${service}; add it to services.yaml.`);
  }
  const { image, repository } = entry;
  if (image === undefined) {
    throw new pulumi.RunError(`The image of ${service} has not been built; run slipway build ${service}.`);
  }
  const digest = image.manifests[platform];
  if (digest === undefined) {
    const built = Object.keys(image.manifests).join(", ");
    throw new pulumi.RunError(`The image of ${service} is built for ${built}, not for ${platform}.`);
  }
  return { repositoryArn: repository.arn, index: image.ref, manifest: `${repository.url}@${digest}` };
}
