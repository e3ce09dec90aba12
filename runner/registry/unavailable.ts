import type { ImageFailure, ImageIdentifier } from "@aws-sdk/client-ecr";
import type { ErrorCode } from "../../config/problems/codes.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import { ifAllowed } from "../aws/errors.ts";
import { describeEntry, type ImageEntry } from "./entry.ts";

/** The failure codes of BatchGetImage for a missing image. */
const notThere: readonly (string | undefined)[] = [
  "ImageNotFound",
  "ImageTagDoesNotMatchDigest",
  "InvalidImageDigest",
  "InvalidImageTag",
];

/**
 * Why an image can't be read, by a failure of BatchGetImage; undefined when it is not there.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
 */
export function unavailableImage(
  repository: string,
  id: ImageIdentifier,
  { failureCode, failureReason }: ImageFailure,
): UserError | undefined {
  if (failureCode === undefined || notThere.includes(failureCode)) return undefined;
  const said = failureReason === undefined ? "" : ` (${failureReason})`;
  const { message, fix } = explanations[failureCode] ?? {
    message: "ECR can't serve it",
    fix: "see the reason: aws ecr describe-images",
  };
  return refusal("image-unavailable", repository, id, {
    message: `the image is in the repository, but ${message}: ${failureCode}${said}`,
    fix,
  });
}

const upstream = {
  message: "its upstream registry does not serve it",
  fix: "check the repository's pull-through cache rule and its credentials",
};

const explanations: Readonly<Record<string, Pick<Problem, "message"> & { readonly fix: string }>> = {
  KmsError: {
    message: "its encryption key can't be used",
    fix: "enable the repository's KMS key, and allow this role to use it",
  },
  ImageInaccessible: {
    message: "it can't be accessed",
    fix: "if the image is archived, restore it (aws ecr update-image-storage-class), and run the command again",
  },
  UpstreamAccessDenied: upstream,
  UpstreamTooManyRequests: upstream,
  UpstreamUnavailable: upstream,
};

/**
 * Refuses an image that a lookup did not find when it is in ECR's archive: it is not gone, and is not to be
 * built again. Which failure BatchGetImage has for one is not documented, so its entry decides. Says
 * nothing where the credentials may not describe images, as in another stack's repository.
 *
 * @throws UserError `image-archived`
 */
export async function refuseArchived(
  clients: Clients,
  repository: string,
  id: ImageIdentifier,
  signal: AbortSignal,
): Promise<void> {
  const { imageDigest, imageTag = "" } = id;
  const by = imageDigest === undefined ? { imageTag } : { imageDigest };
  const entry = await ifAllowed(describeEntry(clients, repository, by, signal));
  if (entry === undefined || entry.status === "ACTIVE") return;
  throw archived(repository, id, entry);
}

function archived(repository: string, id: ImageIdentifier, { digest, status }: ImageEntry): UserError {
  const restore = `aws ecr update-image-storage-class --repository-name ${repository} --image-id imageDigest=${digest} --target-storage-class STANDARD`;
  return refusal("image-archived", repository, id, {
    message:
      status === "ACTIVATING"
        ? "the image is being restored from ECR's archive"
        : "the image is in ECR's archive storage class, so nothing can pull it",
    fix:
      status === "ACTIVATING"
        ? "wait until it is restored, and run the command again"
        : `restore it, and run the command again: ${restore}`,
  });
}

function refusal(
  code: ErrorCode,
  repository: string,
  { imageDigest, imageTag }: ImageIdentifier,
  words: Pick<Problem, "message"> & { readonly fix: string },
): UserError {
  const where = imageDigest === undefined ? `${repository}:${imageTag}` : `${repository}@${imageDigest}`;
  return new UserError({ code, where, ...words }, { exitCode: 1 });
}
