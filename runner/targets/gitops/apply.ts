import { UserError } from "../../../config/problems/errors.ts";
import { describeEntry } from "../../registry/entry.ts";
import { referencesAt, writtenImage } from "./places.ts";
import type { Proposal } from "./propose/propose.ts";
import type { TargetToWrite } from "./repository/edits.ts";
import { queueWrite } from "./repository/queue.ts";
import type { Remote } from "./repository/remote.ts";
import type { Written } from "./repository/write.ts";
import type { GitopsApplied, GitopsMove } from "./state.ts";
import { tagMoved } from "./tag-moved.ts";

/** Commits the images of several targets of one branch together, or proposes them by one pull request. */
export async function applyGitops(
  moves: readonly GitopsMove[],
  now: () => number,
): Promise<readonly PromiseSettledResult<GitopsApplied>[]> {
  const [first] = moves;
  if (first === undefined) return [];
  const { remote } = first.plan.state;
  const startedAt = now();
  await Promise.all(moves.map(assertTag));
  const targets = moves.map(toWrite);
  if (first.plan.target.deliver === "pull-request") {
    const { proposeMoves } = await import("./propose/moves.ts");
    const { written, proposal } = await proposeMoves(moves, remote, targets);
    return moves.map((move, index) => settledOf(move, remote, written[index], startedAt, proposal));
  }
  const request = { targets, stack: first.context.release?.stack, why: "deploy" } as const;
  const written = await queueWrite(remote, request, first.context.signal);
  return moves.map((move, index) => settledOf(move, remote, written[index], startedAt));
}

/**
 * What is written by tag alone has to be that image: the tag is looked up right before.
 *
 * @throws UserError `tag-moved`
 */
async function assertTag({ plan, image, context }: GitopsMove): Promise<void> {
  const { tag, isTagOnly } = writtenImage(plan.target, image);
  if (isTagOnly !== true || tag === undefined) return;
  const entry = await describeEntry(context.clients, image.repository, { imageTag: tag }, context.signal);
  const digests = [image.digest, ...Object.values(image.manifests)];
  if (entry !== undefined && digests.includes(entry.digest)) return;
  throw new UserError(tagMoved(plan.title, `${image.repository}:${tag}`, entry?.digest, image.digest), {
    exitCode: 1,
  });
}

function toWrite({ plan, image, context }: GitopsMove): TargetToWrite {
  const { target, title, service, state } = plan;
  const references = referencesAt(target, state.texts);
  return {
    title,
    service,
    revision: context.release?.commit,
    places: target.files.map((place, index) => ({
      place,
      image: writtenImage(target, image),
      expected: references[index]?.reference,
    })),
  };
}

function settledOf(
  { plan, image }: GitopsMove,
  remote: Remote,
  written: Written | undefined,
  startedAt: number,
  proposal?: Proposal,
): PromiseSettledResult<GitopsApplied> {
  if (written === undefined) throw new Error(`${plan.title} was not written`);
  if (written.kind === "failed") return { status: "rejected", reason: asFailure(written.error) };
  const { target, state } = plan;
  const before = referencesAt(target, state.texts).map(({ place, reference }) => ({ place, reference }));
  const { commit, rounds, isVerified } = written;
  return {
    status: "fulfilled",
    value: {
      ...{ remote, commit, rounds, image, before, texts: state.texts, startedAt },
      ...(isVerified === undefined ? {} : { isVerified }),
      ...(proposal !== undefined && written.changed ? { proposal } : {}),
    },
  };
}

/** A problem of a file that appeared after the plan: the run has begun, so that it ends with 1. */
function asFailure(error: unknown): unknown {
  return error instanceof UserError ? new UserError(error.problems, { exitCode: 1, cause: error }) : error;
}
