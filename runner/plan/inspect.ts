import pMap from "p-map";
import { releaseTag, sourceTag } from "../../config/names.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { hasCode } from "../aws/errors.ts";
import { keepTagsOf } from "../in-use/keep-tags.ts";
import { checkTags, type ReadAhead, type TagCheck, tagMovability } from "../registry/tags.ts";
import { verifyImage } from "../registry/verify-image.ts";
import { newestRecordOf, readNewestRecord } from "../release/store.ts";
import type { Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { isMove, type TargetPlan } from "../targets/target.ts";
import { type Candidate, notAsked, refuseOlder } from "./newest-wins.ts";
import { type PlannedService, plannedImage, type TaggedService } from "./plan.ts";
import { planProofs } from "./prove.ts";
import { takenByEarlier, withoutTaken } from "./taken-tags.ts";
import { imagesByService } from "./target-image.ts";
import { planTargets } from "./targets.ts";

/**
 * How many services are read at the same time; how many are moved at once is another setting. As many as there
 * are, so that calls which take several names are full. The clients bound the calls: runner/aws/clients.ts.
 */
export const parallelReads = 1000;

/** Services between two words about the progress. */
const progressEvery = 100;

/**
 * Reads everything that a deployment would change: where each tag is, what runs in each target, and
 * whether a newer commit runs there. What stands in the way comes back as problems.
 *
 * @param candidate the commit that would be deployed
 * @param ahead tags of each service that are being read already; emptied, since manifests take room
 */
export async function inspectServices(
  session: Session,
  tagged: readonly TaggedService[],
  { candidate, ahead }: { readonly candidate: Candidate; readonly ahead: Map<string, ReadAhead> },
  step: Step,
): Promise<readonly PlannedService[]> {
  const { clients, signal, settings } = session;
  const movable = tagMovability(settings.repositories);
  const images = imagesByService(tagged.map(plannedImage));
  const tell = tellProgress(step, tagged.length);
  const found = await pMap(
    tagged,
    async (one) => {
      const { service, repository, image, tagPlan } = one;
      const read: ReadAhead = ahead.get(service.name) ?? new Map();
      ahead.delete(service.name);
      const [checked, targets, newestRecord] = await Promise.all([
        checkTags(clients, repository, image?.digest, tagPlan.tags, { movable }, signal, read),
        planTargets(session, { service, image: plannedImage(one), images }, step, tagged.length),
        read.get(releaseTag(settings.stack))?.then(newestRecordOf) ??
          readNewestRecord(clients, repository, settings.stack, signal),
      ]);
      const { tagCheck, tagPlan: kept } = await tagsToPut(session, one, checked);
      const moves = targets.some(isMove);
      const [faults, newestWins] = await Promise.all([
        moves ? imageFaults(session, one) : [],
        moves
          ? refuseOlder(session, candidate, { service: service.name, newestRecord })
          : notAsked(candidate),
      ]);
      const problems = [
        ...one.sourceProblems,
        ...faults,
        ...newestWins.problems,
        ...tagPlan.problems,
        ...tagCheck.problems,
      ];
      tell();
      const marked = await withMarks(session, targets, repository, read);
      return { ...one, tagPlan: kept, tagCheck, targets: marked, newestRecord, newestWins, problems };
    },
    { concurrency: parallelReads, signal },
  );
  return planProofs(found);
}

/** The plans with the images that the targets' keep tags are on, as far as they were read. */
function withMarks(
  { settings }: Session,
  targets: readonly TargetPlan[],
  repository: string,
  read: ReadAhead,
): Promise<readonly TargetPlan[]> {
  return Promise.all(
    targets.map(async (plan) => {
      const reading = read.get(keepTagsOf(settings.stack, plan.title).inUse);
      const stored = await reading?.catch(() => undefined);
      return stored === undefined ? plan : { ...plan, marked: `${repository}@${stored.digest}` };
    }),
  );
}

/** What is built again, or was since a tag was put, leaves the tags that may not move on the image before. */
async function tagsToPut(session: Session, one: TaggedService, tagCheck: TagCheck) {
  const { tagPlan, repository, source } = one;
  if (tagCheck.problems.length === 0) return { tagCheck, tagPlan };
  if (one.rebuilt === true) return withoutTaken(tagCheck, tagPlan);
  const about = { repository, sourceHash: source.hash };
  return withoutTaken(tagCheck, tagPlan, await takenByEarlier(session, about, tagCheck));
}

/** Says how far a long list has come: `300 of 1,000 services`. */
function tellProgress(step: Step, all: number): () => void {
  let done = 0;
  return () => {
    done += 1;
    if (done % progressEvery !== 0 || done === all) return;
    step.progress(`${done.toLocaleString("en")} of ${all.toLocaleString("en")} services`);
  };
}

/** What is missing from an image that an earlier run built. An image that this run builds is verified later. */
async function imageFaults(
  { clients, signal }: Session,
  { service, repository, source, image }: TaggedService,
): Promise<readonly Problem[]> {
  if (image === undefined) return [];
  try {
    await verifyImage(clients, image, service.platforms, signal);
    return [];
  } catch (error) {
    if (!hasCode(error, "image-incomplete")) throw error;
    const tag = sourceTag(source.hash);
    const fix = `delete ${repository}:${tag} and deploy again: Slipway then rebuilds it`;
    return error.problems.map((problem) => ({ ...problem, fix }));
  }
}
