import {
  BatchGetImageCommand,
  type ECRClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-ecr";
import type { AwsStub } from "aws-sdk-client-mock";
import { artifactManifest } from "../../../runner/registry/artifact.ts";
import { blobOf } from "../../../runner/registry/blob.ts";
import {
  type EarlierRelease,
  type ReleaseRecord,
  releaseType,
  type StoredRelease,
} from "../../../runner/release/record.ts";

export const sha = (letter: string) => `sha256:${letter.repeat(64)}`;

/** A release as later ones remember it; `letter` stands for its image. */
export function earlier(id: string, letter: string, changes: Partial<EarlierRelease> = {}): EarlierRelease {
  return {
    id,
    outcome: "done",
    command: "deploy",
    at: "2026-11-25T10:00:00.000Z",
    image: sha(letter),
    manifests: {},
    tags: [],
    ...changes,
  };
}

export function record(id: string, letter: string, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    version: 1,
    id,
    command: "deploy",
    stack: "dev",
    service: "ui",
    account: "111122223333",
    region: "eu-west-1",
    startedAt: "2026-11-25T10:00:00.000Z",
    finishedAt: "2026-11-25T10:01:00.000Z",
    outcome: "done",
    late: false,
    source: { hash: "0123", commit: "abcdef0123456789", committedAt: "2026-11-25T09:00:00.000Z" },
    image: {
      repository: "shop/ui",
      digest: sha(letter),
      manifests: { "linux/amd64": sha("0") },
      tags: ["v1"],
    },
    targets: [],
    gates: [],
    by: { caller: "arn:aws:iam::111122223333:user/ann" },
    slipway: "0.1.0",
    earlier: [],
    ...changes,
  };
}

/** Has a mocked ECR answer with this release as the newest one of its service. */
export function answerNewestRecord(
  ecr: AwsStub<ServiceInputTypes, ServiceOutputTypes, ECRClientResolvedConfig>,
  { record: newest }: StoredRelease,
): void {
  const content = blobOf(releaseType, JSON.stringify(newest));
  const { text, digest } = artifactManifest({ artifactType: releaseType, content, annotations: {} });
  ecr
    .on(BatchGetImageCommand)
    .resolves({ images: [{ imageId: { imageDigest: digest }, imageManifest: text }] });
}
