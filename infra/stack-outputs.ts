import * as pulumi from "@pulumi/pulumi";
import { parseSourceReference } from "../config/names.ts";
import type { ImageOutput, PlatformOutputs, ServiceOutput } from "../config/stack/outputs.ts";
import type { BuiltImage } from "./images/service-image.ts";

/** The outputs of a stack: what other stacks and the runner read. */
export type StackOutputs = { readonly [K in keyof Required<PlatformOutputs>]: pulumi.Input<unknown> };

/** A service's entry in the stack's outputs: its repository, and its image if one was built. */
export function serviceOutput(
  repository: {
    readonly repositoryName: string;
    readonly arn: pulumi.Output<string>;
    readonly url: pulumi.Output<string>;
  },
  image: BuiltImage,
): pulumi.Output<Omit<ServiceOutput, "image"> & { image?: ImageOutput }> {
  return pulumi
    .all([repository.arn, repository.url, image.ref, pulumi.all(image.manifests)])
    .apply(([arn, url, ref, manifests]) => {
      const built = imageOutput(url, ref, manifests);
      return {
        repository: { name: repository.repositoryName, arn, url },
        ...(built !== undefined && { image: built }),
      };
    });
}

/**
 * What is known of an image from what its resources say. An image that this run leaves out keeps what
 * an earlier one built, so the source hash is read from the index's own reference and not from the
 * source; one that was never built has no reference and no digests, and no output.
 *
 * @param ref `<url>:src-<hash>@<digest>`
 */
export function imageOutput(
  url: string,
  ref: string | undefined,
  manifests: Readonly<Record<string, string | undefined>>,
): ImageOutput | undefined {
  const reference = parseSourceReference(ref ?? "");
  const digests = Object.entries(manifests).filter((entry): entry is [string, string] =>
    /^sha256:[0-9a-f]{64}$/.test(entry[1] ?? ""),
  );
  if (reference === undefined || digests.length !== Object.keys(manifests).length) {
    return undefined;
  }
  const { digest, sourceHash } = reference;
  return { ref: `${url}@${digest}`, digest, sourceHash, manifests: Object.fromEntries(digests) };
}
