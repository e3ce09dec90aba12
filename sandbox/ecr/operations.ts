import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import type { Ages } from "./ages/store.ts";
import { type Backend, Refused } from "./backend.ts";
import { EcrError, pageOf, sayJson, targetOf } from "./protocol.ts";
import { listReferrers } from "./referrers.ts";
import {
  appliedRules,
  configurationSchema,
  frequencyOf,
  type RegistryScanning,
} from "./scanning/configuration.ts";
import { describeScan } from "./scanning/describe.ts";
import { type ImageOfScan, imageOf, repositoriesOf } from "./scanning/image.ts";
import type { Scans } from "./scanning/scans.ts";

/** What operations are answered with. */
export interface Answering {
  readonly backend: Backend;
  readonly scans: Scans;
  readonly ages: Ages;
}

interface Caller extends Answering {
  /** The request's own signature: the emulator reads account and region off it. */
  readonly authorization: string;
}

type Operation = (input: unknown, caller: Caller) => Promise<object>;

const imageId = z.object({ imageDigest: z.string().optional(), imageTag: z.string().optional() });
const startInput = z.object({ repositoryName: z.string(), imageId });
const describeInput = startInput.extend({
  nextToken: z.string().optional(),
  maxResults: z.int().min(1).max(1000).default(100),
});
const imagesInput = z.looseObject({ imageIds: z.array(imageId) });
const imagesAnswer = z.object({
  images: z.array(z.looseObject({ imageId })),
  failures: z.array(z.looseObject({ imageId })),
});
const batchInput = z.object({ repositoryNames: z.array(z.string()).min(1).max(25) });
const referrersInput = z.object({
  repositoryName: z.string(),
  subjectId: z.object({ imageDigest: z.string() }),
  filter: z
    .object({ artifactTypes: z.array(z.string()).optional(), artifactStatus: z.string().optional() })
    .optional(),
  nextToken: z.string().optional(),
  maxResults: z.int().min(1).max(50).default(50),
});

/** The operations that the emulator lacks or answers otherwise, as AWS's API reference and models have them. */
const operations: Readonly<Record<string, Operation>> = {
  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html */
  async BatchGetImage(input, { backend, authorization }) {
    const asked = imagesInput.parse(input);
    const answer = imagesAnswer.parse(await backend.call("BatchGetImage", asked, authorization));
    return { ...answer, images: namedAsAsked(asked.imageIds, answer) };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html */
  async DescribeImages(input, { backend, ages, authorization }) {
    const answer = await backend.call("DescribeImages", input as object, authorization);
    const { repositoryName } = z.looseObject({ repositoryName: z.string().default("") }).parse(input);
    return ages.applied(repositoryName, answer);
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html */
  async StartImageScan(input, caller) {
    const { repositoryName, imageId } = startInput.parse(input);
    const image = await imageOf(caller, repositoryName, imageId);
    if (caller.scans.registry().scanType === "ENHANCED") {
      throw new EcrError("ValidationException", "This feature is disabled");
    }
    requireScannable(image);
    if (!caller.scans.start(image)) {
      throw new EcrError(
        "LimitExceededException",
        "The scan quota per image has been exceeded. Wait and try again.",
      );
    }
    return { ...identityOf(image), imageScanStatus: { status: "IN_PROGRESS" } };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html */
  async DescribeImageScanFindings(input, caller) {
    const { repositoryName, imageId, nextToken, maxResults } = describeInput.parse(input);
    const image = await imageOf(caller, repositoryName, imageId);
    const registry = caller.scans.registry();
    // A scan on push begins when somebody asks for it: most pushes of a sandbox are never asked about.
    const automatic = frequencyOf(registry, image.repository) !== "MANUAL" && image.kind === "image";
    if (automatic && caller.scans.find(image) === undefined) caller.scans.start(image);
    const scan = caller.scans.find(image);
    if (scan === undefined) {
      throw new EcrError(
        "ScanNotFoundException",
        `Image scan does not exist for the image with '{imageDigest:'${image.digest}', imageTag:'${imageId.imageTag ?? ""}'}' in the repository with name '${repositoryName}' in the registry with id '${image.repository.registryId}'`,
      );
    }
    const frequency = frequencyOf(registry, image.repository);
    const { all, ...described } = describeScan(scan, image, { scanType: registry.scanType, frequency });
    if (all === undefined) return { ...identityOf(image), ...described };
    const { page, nextToken: next } = pageOf(all, { nextToken, maxResults });
    const list = registry.scanType === "ENHANCED" ? { enhancedFindings: page } : { findings: page };
    return {
      ...identityOf(image),
      imageScanStatus: described.imageScanStatus,
      imageScanFindings: { ...described.imageScanFindings, ...list },
      ...(next === undefined ? {} : { nextToken: next }),
    };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetRepositoryScanningConfiguration.html */
  async BatchGetRepositoryScanningConfiguration(input, caller) {
    const { repositoryNames } = batchInput.parse(input);
    const registry = caller.scans.registry();
    const found = await repositoriesOf(caller, repositoryNames);
    return {
      scanningConfigurations: found.map((repository) => ({
        repositoryArn: repository.repositoryArn,
        repositoryName: repository.repositoryName,
        scanOnPush: repository.scanOnPush,
        scanFrequency: frequencyOf(registry, repository),
        appliedScanFilters: appliedRules(registry, repository.repositoryName).flatMap(
          ({ repositoryFilters }) => repositoryFilters,
        ),
      })),
      failures: repositoryNames
        .filter((name) => !found.some(({ repositoryName }) => repositoryName === name))
        .map((repositoryName) => ({
          repositoryName,
          failureCode: "REPOSITORY_NOT_FOUND",
          failureReason: `The repository with name '${repositoryName}' does not exist`,
        })),
    };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryScanningConfiguration.html */
  async PutRegistryScanningConfiguration(input, { scans }) {
    const registryScanningConfiguration = configurationSchema.parse(input);
    requireFrequencies(registryScanningConfiguration);
    await scans.setRegistry(registryScanningConfiguration);
    return { registryScanningConfiguration };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryScanningConfiguration.html */
  async GetRegistryScanningConfiguration(_input, { backend, scans, authorization }) {
    const { registryId } = z
      .object({ registryId: z.string() })
      .parse(await backend.call("DescribeRegistry", {}, authorization));
    return { registryId, scanningConfiguration: scans.registry() };
  },

  /**
   * The sandbox's registry signs nothing: there is no AWS Signer.
   * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetSigningConfiguration.html
   */
  async GetSigningConfiguration() {
    throw new EcrError("SigningConfigurationNotFoundException", "Signing configuration not found");
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageSigningStatus.html */
  async DescribeImageSigningStatus(input, caller) {
    const { repositoryName, imageId } = startInput.parse(input);
    const image = await imageOf(caller, repositoryName, imageId);
    return { ...identityOf(image), signingStatuses: [] };
  },

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html */
  async ListImageReferrers(input, { backend, authorization }) {
    const { repositoryName, subjectId, filter, nextToken, maxResults } = referrersInput.parse(input);
    const all = await listReferrers(backend, repositoryName, subjectId.imageDigest, authorization);
    const { artifactTypes, artifactStatus = "ACTIVE" } = filter ?? {};
    const wanted = all.filter(
      ({ artifactType }) =>
        ["ACTIVE", "ANY"].includes(artifactStatus) &&
        (artifactTypes === undefined || artifactTypes.includes(artifactType ?? "")),
    );
    const { page, nextToken: next } = pageOf(wanted, { nextToken, maxResults });
    return {
      referrers: page.map((one) => ({ ...one, artifactStatus: "ACTIVE" })),
      ...(next === undefined ? {} : { nextToken: next }),
    };
  },
};

/** The operation of a request, when it is answered here. */
export function operationOf(headers: IncomingHttpHeaders): string | undefined {
  const operation = targetOf(headers);
  return operation !== undefined && Object.hasOwn(operations, operation) ? operation : undefined;
}

/** Answers an operation, or refuses it, as ECR does. */
export async function answerOperation(
  operation: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answering: Answering,
): Promise<void> {
  const body = await buffer(incoming);
  const { authorization = "" } = incoming.headers;
  try {
    const input: unknown = JSON.parse(body.length === 0 ? "{}" : body.toString("utf8"));
    sayJson(outgoing, 200, await operations[operation]?.(input, { ...answering, authorization }));
  } catch (error) {
    if (error instanceof Refused) sayJson(outgoing, error.status, error.answer);
    else if (error instanceof EcrError) sayError(outgoing, error.name, error.message);
    else if (error instanceof SyntaxError) sayError(outgoing, "SerializationException", error.message);
    else if (error instanceof z.ZodError) {
      sayError(outgoing, "InvalidParameterException", `Invalid parameter: ${z.prettifyError(error)}`);
    } else throw error;
  }
}

function sayError(outgoing: ServerResponse, code: string, message: string): void {
  sayJson(outgoing, 400, { __type: code, message }, code);
}

/**
 * ECR names an image by the tag that it was asked for. The emulator names it by any of its tags, and has the images
 * in the order of the request.
 */
function namedAsAsked(
  asked: readonly z.infer<typeof imageId>[],
  { images, failures }: z.infer<typeof imagesAnswer>,
): readonly object[] {
  const failed = new Set(failures.map((failure) => JSON.stringify(imageId.parse(failure.imageId))));
  const found = asked.filter((id) => !failed.has(JSON.stringify(id)));
  return images.map((image, index) => {
    const { imageTag = image.imageId.imageTag } = found[index] ?? {};
    return { ...image, imageId: { imageDigest: image.imageId.imageDigest, imageTag } };
  });
}

function identityOf({ repository, digest, tag }: ImageOfScan) {
  return {
    registryId: repository.registryId,
    repositoryName: repository.repositoryName,
    imageId: { imageDigest: digest, ...(tag === undefined ? {} : { imageTag: tag }) },
  };
}

/** An index has no findings of its own, and an artifact is no image. */
function requireScannable({ kind, mediaType }: ImageOfScan): void {
  if (kind === "image") return;
  throw new EcrError(
    "UnsupportedImageTypeException",
    `The operation isn't supported on the image with manifest type '${mediaType}'`,
  );
}

/** Basic scans know no continuous one, and enhanced ones none by hand. */
function requireFrequencies({ scanType, rules }: RegistryScanning): void {
  const not = scanType === "BASIC" ? "CONTINUOUS_SCAN" : "MANUAL";
  if (rules.some(({ scanFrequency }) => scanFrequency === not)) {
    throw new EcrError(
      "InvalidParameterException",
      `Invalid parameter at 'rules': scan frequency ${not} is not supported for scan type ${scanType}`,
    );
  }
}
