import { ECRClient } from "@aws-sdk/client-ecr";
import type { Clients } from "../../../runner/aws/clients.ts";

export const sha = (letter: string) => `sha256:${letter.repeat(64)}`;

export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const ociManifest = "application/vnd.oci.image.manifest.v1+json";

/** An index as BuildKit pushes it: two platforms, and an attestation for each. */
export const indexText = JSON.stringify({
  schemaVersion: 2,
  mediaType: ociIndex,
  manifests: [
    entry("a", { os: "linux", architecture: "amd64" }),
    entry("b", { os: "linux", architecture: "arm64", variant: "v8" }),
    {
      ...entry("c", { os: "unknown", architecture: "unknown" }),
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": sha("a"),
      },
    },
    entry("d", { os: "unknown", architecture: "unknown" }),
  ],
});

function entry(letter: string, platform: { os: string; architecture: string; variant?: string }) {
  return { mediaType: ociManifest, digest: sha(letter), size: 480, platform };
}

export const manifestText = JSON.stringify({
  schemaVersion: 2,
  mediaType: ociManifest,
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sha("e"), size: 100 },
  layers: [
    { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha("f"), size: 1000 },
    { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha("0"), size: 2000 },
  ],
});

/** Clients with ECR only; aws-sdk-client-mock answers for it. */
export function ecrOnly(): Clients {
  return { region: "eu-west-1", ecr: new ECRClient({ region: "eu-west-1" }) } as unknown as Clients;
}

/** One image in an answer of BatchGetImage. */
export function found(digest: string, text: string, mediaType: string) {
  return {
    images: [{ imageId: { imageDigest: digest }, imageManifest: text, imageManifestMediaType: mediaType }],
  };
}

export const notFound = {
  images: [],
  failures: [{ failureCode: "ImageNotFound" as const, failureReason: "Requested image not found" }],
};

export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $fault: "client" });
}
