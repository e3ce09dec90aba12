import { DescribeRepositoriesCommand } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import prettyBytes from "pretty-bytes";
import { stackFile } from "../../config/description.ts";
import { type Problem, UserError } from "../../config/errors.ts";
import { repositoryName, sourceTag } from "../../config/names.ts";
import { isAwsError } from "../aws/errors.ts";
import type { TagPlan } from "../image/tags.ts";
import { connectToRegistry } from "../registry/connection.ts";
import { type Copied, copyImage } from "../registry/copy.ts";
import type { Image } from "../registry/image.ts";
import { checkTags, putTags, tagMovability } from "../registry/tags.ts";
import { verifyImage } from "../registry/verify.ts";
import { findReleases, isSuccessful, runningRelease } from "../release/history.ts";
import { type EarlierRelease, type ReleaseRecord, releaseType } from "../release/record.ts";
import { readRecord } from "../release/store.ts";
import { runStep } from "../report/events.ts";
import { readCheckedOut } from "./checked-out.ts";
import {
  type ChosenImage,
  documentOfPlan,
  type MovedDocument,
  moveImages,
  type PlannedImage,
  planImages,
} from "./move-images.ts";
import { type PromotedFrom, sourceOfPromoted, tagsOfPromoted } from "./promoted-source.ts";
import { chooseOneOf, findReleaseImage } from "./release-image.ts";
import { readReleases, type ServiceReleases } from "./releases.ts";
import type { Session } from "./session.ts";

export interface PromoteRequest {
  /** A release's id, a tag, the beginning of a commit or a digest; default: what runs on the stack it comes from. */
  readonly release: string | undefined;
  /** Whether the image of each service is the one that was built from the source here, instead of what runs. */
  readonly checkedOut: boolean;
  /** `--version` or TAG: the image's tags have it where it goes. */
  readonly version: string | undefined;
  /** Whether an image is taken that never ran well where it comes from. */
  readonly unproven: boolean;
}

/** What one service's image is chosen by. */
export type PromotedBy = Pick<PromoteRequest, "release" | "unproven"> & {
  /** Hash of the source here, when its image is the one that is wanted. */
  readonly sourceHash?: string | undefined;
};

/** Codes of what is refused for want of proof; everything else is a wrong choice. */
const gates = ["unproven", "not-deployed"];

/** `slipway promote`. */
export interface PromoteDocument extends MovedDocument {
  readonly kind: "promote";
  readonly from: { readonly stack: string; readonly account: string; readonly region: string };
  /** What was copied for each service; absent with `--dry-run`. */
  readonly copied: readonly ({ readonly service: string; readonly tags: readonly string[] } & Copied)[];
}

/** An image on its way from one stack to another. */
interface Promotion {
  readonly release: EarlierRelease;
  /** As it lies in the repository that it comes from. */
  readonly source: Image;
  /** As it will lie where it goes. */
  readonly image: Image;
  readonly tagPlan: TagPlan;
  readonly chosen: ChosenImage;
}

export interface PreparedPromotion {
  readonly promotions: readonly Promotion[];
  readonly planned: readonly PlannedImage[];
}

/**
 * Finds the release of each service on one stack, and what bringing its very image to another would
 * change there. Only reads.
 *
 * @throws UserError with everything that stands in the way; exit code 3 for an image that never ran well
 */
export async function preparePromotion(
  from: Session,
  to: Session,
  request: PromoteRequest,
): Promise<PreparedPromotion> {
  if (from.settings.stack === to.settings.stack) {
    throw new UserError({
      code: "same-stack",
      where: "--to",
      value: to.settings.stack,
      message: "is the stack that it comes from",
      fix: "name two stacks; to go back on one, use: slipway rollback",
    });
  }
  const promotions = await to.timeline.run(
    { id: "releases", title: `Read the release records of ${from.settings.stack}` },
    async ({ conclude }) => {
      const source = request.checkedOut ? await readCheckedOut(from) : undefined;
      const asked = request.release === undefined ? [] : [request.release];
      // Who names an image needs no right to see what runs.
      const named = source !== undefined || request.release !== undefined;
      const all = (await readReleases(from, { asked, running: !named })).filter(
        ({ service }) => service.targets.length > 0,
      );
      const choices = all.map((of) => {
        const by = { ...request, sourceHash: source?.hashes.get(of.service.name) };
        return { of, choice: choosePromoted(of, by, from.settings.stack) };
      });
      const refused = choices.flatMap(({ choice }) => ("code" in choice ? [choice] : []));
      if (refused.length > 0) {
        const gate = refused.every(({ code }) => gates.includes(code));
        throw new UserError(refused, { exitCode: gate ? 3 : 2 });
      }
      const chosen = choices.flatMap(({ of, choice }) => ("code" in choice ? [] : [{ of, release: choice }]));
      conclude("done", chosen.map(({ of, release }) => `${of.service.name}: ${release.id}`).join(", "));
      const { version } = request;
      return pMap(
        chosen,
        ({ of, release }) => promotionOf(from, to, of, { release, checkedOut: source, version }),
        { concurrency: 8 },
      );
    },
  );
  const problems = (await Promise.all(promotions.map((one) => problemsThere(to, one)))).flat();
  if (problems.length > 0) throw new UserError(problems);
  const planned = await planImages(
    to,
    promotions.map(({ chosen }) => chosen),
  );
  return { promotions, planned };
}

/** Copies, tags, moves, follows and records what was prepared. */
export async function promote(
  from: Session,
  to: Session,
  { promotions, planned }: PreparedPromotion,
): Promise<PromoteDocument> {
  const copied = await to.timeline.run({ id: "copy", title: `Copy from ${from.settings.stack}` }, () =>
    copyAll(from, to, promotions),
  );
  const moved = await moveImages(to, planned);
  return { ...moved, kind: "promote", from: whereOf(from), copied };
}

/** What a promotion would do, as its document. */
export function documentOfPromotion(
  from: Session,
  to: Session,
  { planned }: PreparedPromotion,
): PromoteDocument {
  return { ...documentOfPlan(to, planned), kind: "promote", from: whereOf(from), copied: [] };
}

function whereOf({ settings, caller }: Session): PromoteDocument["from"] {
  return { stack: settings.stack, account: caller.account, region: settings.aws.region };
}

/** The release that is promoted, or why none is. Pure. */
export function choosePromoted(
  {
    service,
    repository,
    releases,
    running,
  }: Omit<ServiceReleases, "service"> & { service: { name: string } },
  { release: asked, sourceHash, unproven }: PromotedBy,
  stack: string,
): EarlierRelease | Problem {
  const where = `${repository}, stack ${stack}`;
  const matching =
    sourceHash !== undefined
      ? releases.filter((release) => release.sourceHash === sourceHash)
      : asked === undefined
        ? []
        : findReleases(releases, asked);
  const found =
    sourceHash === undefined && asked === undefined
      ? runningRelease(releases, running)
      : (matching.find(isSuccessful) ?? matching[0]);
  const proven = releases.filter(isSuccessful);
  if (found === undefined && sourceHash !== undefined) {
    return {
      code: "not-deployed",
      where,
      value: sourceTag(sourceHash),
      message: `${service.name} as it is here was never deployed to ${stack}: nothing proves that it runs`,
      fix: `deploy this commit first: slipway deploy ${service.name} --stack ${stack}; or build it for the other stack, without proof: slipway deploy ${service.name} --stack <stack>`,
    };
  }
  if (found === undefined) {
    return {
      code: asked === undefined ? "no-release" : "unknown-release",
      where,
      ...(asked === undefined ? {} : { value: asked }),
      message:
        asked === undefined
          ? `what runs of ${service.name} is no release that is recorded`
          : `${service.name} has no release with this id, tag, commit or digest`,
      fix: chooseOneOf(proven, "that ended well", "--release"),
    };
  }
  if (unproven || proven.some(({ image }) => image === found.image)) return found;
  return {
    code: "unproven",
    where,
    value: found.id,
    message: `this image of ${service.name} never ran well on ${stack} (${found.outcome})`,
    fix: `${chooseOneOf(proven, "that ended well", "--release")}; or take it all the same with --unproven`,
  };
}

async function promotionOf(
  from: Session,
  to: Session,
  of: ServiceReleases,
  chosen: Omit<PromotedFrom, "record">,
): Promise<Promotion> {
  const { release } = chosen;
  const service = to.services.find(({ name }) => name === of.service.name);
  if (service === undefined) throw new Error(`${of.service.name} is not a service of ${to.settings.stack}`);
  const [source, record] = await Promise.all([
    findReleaseImage(from, of, release),
    recordOf(from, of, release),
  ]);
  const promoted = { ...chosen, record };
  const image = { ...source, repository: repositoryName(to.settings, service), registry: to.registry };
  const tagPlan = tagsOfPromoted(to.settings, service.name, promoted);
  const about: ChosenImage["about"] = {
    command: "promote",
    source: sourceOfPromoted(service.name, promoted),
    tags: tagPlan.tags,
    origin: {
      ...whereOf(from),
      release: release.id,
      repository: of.repository,
    },
  };
  return { release, source, image, tagPlan, chosen: { service, image, release, about } };
}

async function recordOf(
  { clients, signal }: Session,
  { repository }: ServiceReleases,
  { record: digest }: EarlierRelease,
): Promise<ReleaseRecord | undefined> {
  return digest === undefined ? undefined : (await readRecord(clients, repository, digest, signal))?.record;
}

/** What stands in the way where it goes: no repository, a tag that is taken. */
async function problemsThere(
  { clients, signal, settings }: Session,
  { image, tagPlan }: Promotion,
): Promise<readonly Problem[]> {
  const { repository, digest } = image;
  try {
    await clients.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repository] }), {
      abortSignal: signal,
    });
  } catch (error) {
    if (!isAwsError(error, "RepositoryNotFoundException")) throw error;
    return [
      {
        code: "no-repository",
        where: stackFile(settings.stack),
        value: repository,
        message: `the stack's repository for ${image.service} does not exist`,
        fix: `run: pulumi up --stack ${settings.stack}`,
      },
    ];
  }
  const movable = tagMovability(settings.repositories);
  const { problems } = await checkTags(clients, repository, digest, tagPlan.tags, { movable }, signal);
  return [...tagPlan.problems, ...problems];
}

function copyAll(
  from: Session,
  to: Session,
  promotions: readonly Promotion[],
): Promise<PromoteDocument["copied"]> {
  const { signal, settings, emit } = to;
  const source = connectToRegistry(from.clients, from.registry, signal);
  const target = connectToRegistry(to.clients, to.registry, signal);
  const movable = tagMovability(settings.repositories);
  return pMap(
    promotions,
    ({ source: at, image, tagPlan, release }) => {
      const id = `copy ${image.service}`;
      return runStep(emit, { id, title: id, parent: "copy" }, async ({ conclude }) => {
        const copied = await copyImage(
          { clients: from.clients, registry: source, repository: at.repository },
          { clients: to.clients, registry: target, repository: image.repository },
          image.digest,
          // The records are the history of the stack it comes from; the new one names that.
          ({ artifactType }) => artifactType !== releaseType,
        );
        await verifyImage(to.clients, image, [], signal);
        // Under its source hash, too: a deployment of the same source builds nothing then.
        const known = release.sourceHash === undefined ? [] : [sourceTag(release.sourceHash)];
        await putTags(to.clients, image, [...known, ...tagPlan.tags], { movable }, signal);
        conclude("done", describeCopied(copied));
        return { service: image.service, tags: tagPlan.tags, ...copied };
      });
    },
    { concurrency: settings.deploy.parallelBuilds, signal },
  );
}

/** `3 manifests, 5 blobs mounted, 2 uploaded (12 MB)`. Pure. */
export function describeCopied({ manifests, referrers, mounted, uploaded, uploadedBytes }: Copied): string {
  const parts = [
    ...(manifests > 0 ? [`${manifests} manifests`] : []),
    ...(referrers > 0 ? [`${referrers} referrers`] : []),
    ...(mounted > 0 ? [`${mounted} blobs mounted`] : []),
    ...(uploaded > 0 ? [`${uploaded} uploaded (${prettyBytes(uploadedBytes)})`] : []),
  ];
  return parts.length === 0 ? "it is there already" : parts.join(", ");
}
