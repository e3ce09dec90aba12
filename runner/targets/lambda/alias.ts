import { type AliasConfiguration, CreateAliasCommand, UpdateAliasCommand } from "@aws-sdk/client-lambda";
import { UserError } from "../../../config/problems/errors.ts";
import { isAwsError } from "../../aws/errors.ts";
import { type FunctionUpdate, withoutConflict } from "./follow/until.ts";
import { getAlias, weightsOf } from "./function.ts";

/** Where an alias sends its invocations. */
export interface AliasPlace {
  readonly version: string;
  /** Shares (0 to 1) of the invocations, by version number. Empty: `version` gets all. */
  readonly weights: Readonly<Record<string, number>>;
}

/** An alias as it was found, with the revision that guards a change. */
export interface SeenAlias extends AliasPlace {
  readonly revision?: string;
}

/** What one run knows of its alias. */
export interface AliasCourse {
  /** As this run last found or set it; undefined when it did not exist. */
  seen: SeenAlias | undefined;
  /** Where this run last asked it to go: noted before the call, which may get no answer. */
  asked: AliasPlace | undefined;
}

/** Attempts when someone changes something else (its description) between reading and writing. */
const attempts = 3;

/** All invocations to one version. */
export function whole(version: string): AliasPlace {
  return { version, weights: {} };
}

/** Whether two places send the same shares to the same versions. */
export function samePlace(one: AliasPlace, other: AliasPlace): boolean {
  const parts = ({ weights }: AliasPlace) => Object.entries(weights).sort().join();
  return one.version === other.version && parts(one) === parts(other);
}

/** Reads where the alias is; undefined when it does not exist. */
export async function seeAlias({ clients, target, signal }: FunctionUpdate): Promise<SeenAlias | undefined> {
  const alias = await getAlias(clients, target, signal);
  return alias === undefined ? undefined : seenOf(alias);
}

export function seenOf(alias: AliasConfiguration): SeenAlias {
  const { FunctionVersion: version = "", RevisionId: revision } = alias;
  return { version, weights: weightsOf(alias), ...(revision === undefined ? {} : { revision }) };
}

/**
 * Sends the alias to a place, from where this run last saw or set it. If someone else has moved it since,
 * they win. Creates a missing alias. An interruption lets the call finish, so the run always knows where
 * the alias is.
 *
 * @throws UserError `alias-overtaken`
 */
export async function sendAlias(
  update: FunctionUpdate,
  course: AliasCourse,
  place: AliasPlace,
): Promise<"moved" | "created"> {
  course.asked = place;
  for (let attempt = 1; ; attempt++) {
    const from = course.seen;
    try {
      course.seen = await (from === undefined ? create(update, place) : write(update, from, place));
      return from === undefined ? "created" : "moved";
    } catch (error) {
      if (isAwsError(error, "ResourceNotFoundException") && from !== undefined) {
        course.seen = undefined;
        continue;
      }
      if (!isOvertaken(error)) throw error;
    }
    const now = await seeAlias(update);
    // The answer to our own call may have been lost, and the SDK repeated the call.
    if (now !== undefined && samePlace(now, place)) {
      course.seen = now;
      return from === undefined ? "created" : "moved";
    }
    if (now === undefined || from === undefined || !samePlace(now, from) || attempt >= attempts) {
      throw aliasMoved(update, now);
    }
    course.seen = now;
  }
}

/**
 * Whether an alias is where this run left it, and may be put back. After an alias with its own provisioned
 * concurrency moves, Lambda itself divides the invocations for a while.
 *
 * @param previous the version before the move
 */
export function isOurs(now: SeenAlias, { seen, asked }: AliasCourse, previous: string): boolean {
  if (now.revision !== undefined && now.revision === seen?.revision) return true;
  if (seen !== undefined && samePlace(now, seen)) return true;
  if (asked === undefined) return false;
  const byLambda =
    Object.keys(asked.weights).length === 0 &&
    now.version === asked.version &&
    Object.keys(now.weights).every((version) => version === previous);
  return samePlace(now, asked) || byLambda;
}

async function write(update: FunctionUpdate, from: SeenAlias, place: AliasPlace): Promise<SeenAlias> {
  const { clients, target } = update;
  const { RevisionId: revision } = await withoutConflict(update, () =>
    clients.lambda.send(
      new UpdateAliasCommand({
        FunctionName: target.function,
        Name: target.alias,
        FunctionVersion: place.version,
        RoutingConfig: { AdditionalVersionWeights: { ...place.weights } },
        ...(from.revision === undefined ? {} : { RevisionId: from.revision }),
      }),
    ),
  );
  return { ...place, ...(revision === undefined ? {} : { revision }) };
}

async function create({ clients, target }: FunctionUpdate, place: AliasPlace): Promise<SeenAlias> {
  const { RevisionId: revision } = await clients.lambda.send(
    new CreateAliasCommand({
      FunctionName: target.function,
      Name: target.alias,
      FunctionVersion: place.version,
    }),
  );
  return { ...place, ...(revision === undefined ? {} : { revision }) };
}

function isOvertaken(error: unknown): boolean {
  return (
    isAwsError(error, "PreconditionFailedException") ||
    (isAwsError(error, "ResourceConflictException") && /already exist/i.test(error.message))
  );
}

/** Someone else moved the alias: it is theirs now, and this run does not put it back. */
function aliasMoved({ target }: FunctionUpdate, now: SeenAlias | undefined): UserError {
  const change = now === undefined ? "deleted the alias" : `moved the alias to version ${now.version}`;
  return new UserError(
    {
      code: "alias-overtaken",
      where: `Lambda function ${target.function}`,
      value: target.alias,
      message: `someone else ${change}`,
      fix: "deploy again when the other deployment is over",
    },
    { exitCode: 1 },
  );
}
