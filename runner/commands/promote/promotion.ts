import type { Service } from "../../../config/catalogue/catalogue.ts";
import { stackFile } from "../../../config/description/description.ts";
import { repositoryName } from "../../../config/names.ts";
import type { Problem } from "../../../config/problems/errors.ts";
import { imageGate } from "../../history/gates.ts";
import { findReleaseImage } from "../../history/image.ts";
import type { ServiceReleases } from "../../history/read.ts";
import type { ChosenRelease } from "../../move/releases.ts";
import type { DatedCommit } from "../../plan/commit-age.ts";
import { type Candidate, notAsked } from "../../plan/newest-wins.ts";
import { takenByEarlier, withoutTaken } from "../../plan/taken-tags.ts";
import { repositoryExists } from "../../registry/contents.ts";
import type { Image } from "../../registry/image.ts";
import { checkTags, tagMovability } from "../../registry/tags.ts";
import { isSuccessful } from "../../release/history.ts";
import type { EarlierRelease, ReleaseRecord } from "../../release/record.ts";
import { readRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import { whereOf } from "../../session/where.ts";
import type { TagPlan } from "../../tags/tags.ts";
import type { Gate } from "../../targets/gate.ts";
import { type PromotedFrom, sourceOfPromoted, tagsOfPromoted } from "./source.ts";

/** The promotion of an image from one stack to another. */
export interface Promotion {
  readonly release: EarlierRelease;
  /** The image in the source repository. */
  readonly source: Image;
  /** The image in the destination repository. */
  readonly image: Image;
  readonly tagPlan: TagPlan;
  /** Tags that may not move, and stay on an earlier image of the same source. */
  readonly staying: readonly string[];
  readonly chosen: ChosenRelease;
}

/**
 * Prepares the promotion of a release's image from one stack to another.
 *
 * @param service the service on the destination stack
 * @param force whether to also replace a newer commit
 * @throws UserError `release-image-gone`
 */
export async function promotionOf(
  from: Session,
  to: Session,
  service: Service,
  of: ServiceReleases,
  chosen: Omit<PromotedFrom, "record">,
  { force = false }: { readonly force?: boolean | undefined },
): Promise<Promotion> {
  const { release } = chosen;
  const [source, record] = await Promise.all([
    findReleaseImage(from, of, release),
    recordOf(from, of, release),
  ]);
  const image = { ...source, repository: repositoryName(to.settings, service), registry: to.registry };
  const promoted = { ...chosen, record };
  const tagPlan = tagsOfPromoted(to.settings, service.name, promoted);
  const sourceThere = sourceOfPromoted(service.name, promoted);
  const candidate: Candidate = { commit: datedCommit(sourceThere), force, command: "promote" };
  const about: ChosenRelease["about"] = {
    command: "promote",
    source: sourceThere,
    tags: tagPlan.tags,
    origin: {
      ...whereOf(from),
      release: release.id,
      repository: of.repository,
    },
    gates: [provenGate(of, release), imageGate(image)],
  };
  return {
    release,
    source,
    image,
    tagPlan,
    staying: [],
    chosen: { service, image, release, about, newestWins: notAsked(candidate) },
  };
}

/** The `proven` gate: overridden for an image without a successful release, which `--unproven` allowed. */
function provenGate({ releases }: ServiceReleases, release: EarlierRelease): Gate {
  const well = releases.find((one) => isSuccessful(one) && one.image === release.image);
  return well === undefined
    ? { gate: "proven", verdict: "overridden", message: `release ${release.id} is ${release.outcome}` }
    : { gate: "proven", verdict: "passed", message: `release ${well.id}` };
}

function datedCommit({ commit, committedAt }: ReleaseRecord["source"]): DatedCommit | undefined {
  if (commit === undefined) return undefined;
  return { commit, committedAt: committedAt === undefined ? undefined : new Date(committedAt) };
}

async function recordOf(
  { clients, signal }: Session,
  { repository }: ServiceReleases,
  { record: digest }: EarlierRelease,
): Promise<ReleaseRecord | undefined> {
  return digest === undefined ? undefined : (await readRecord(clients, repository, digest, signal))?.record;
}

/** A promotion as the destination takes it, and what stands in the way. */
export interface PromotionThere {
  readonly promotion: Promotion;
  /** A missing repository, or a tag on an image of another source. */
  readonly problems: readonly Problem[];
}

/**
 * Looks at the tags of a promotion in the destination repository. An image that was built again from the source of
 * one that was promoted before leaves the tags that may not move on that one.
 */
export async function checkThere(to: Session, promotion: Promotion): Promise<PromotionThere> {
  const { clients, signal, settings } = to;
  const { image, tagPlan, chosen } = promotion;
  const { repository, digest } = image;
  if (!(await repositoryExists(clients, repository, signal))) {
    return {
      promotion,
      problems: [
        {
          code: "no-repository",
          where: stackFile(settings.stack),
          value: repository,
          message: `the stack's repository for ${image.service} does not exist`,
          fix: `run: pulumi up --stack ${settings.stack}`,
        },
      ],
    };
  }
  const movable = tagMovability(settings.repositories);
  const check = await checkTags(clients, repository, digest, tagPlan.tags, { movable }, signal);
  const sourceHash = chosen.about.source.hash;
  const earlier =
    check.problems.length === 0 || sourceHash === undefined
      ? new Set<string>()
      : await takenByEarlier(to, { repository, sourceHash }, check);
  const kept = withoutTaken(check, tagPlan, earlier);
  const about = { ...chosen.about, tags: kept.tagPlan.tags };
  return {
    promotion: {
      ...promotion,
      tagPlan: kept.tagPlan,
      staying: [...earlier],
      chosen: { ...chosen, about },
    },
    problems: [...tagPlan.problems, ...kept.tagCheck.problems],
  };
}
