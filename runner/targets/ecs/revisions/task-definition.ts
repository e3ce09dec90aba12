import { text } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import {
  DescribeTaskDefinitionCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  type Tag,
} from "@aws-sdk/client-ecs";
import { UserError } from "../../../../config/problems/errors.ts";
import { hasCode, isAwsError } from "../../../aws/errors.ts";
import type { TaskDefinition } from "../state.ts";

/**
 * What DescribeTaskDefinition answers and RegisterTaskDefinition refuses. Everything else is kept,
 * known or not. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
 */
export const responseOnly: readonly string[] = [
  "taskDefinitionArn",
  "revision",
  "status",
  "requiresAttributes",
  "compatibilities",
  "registeredAt",
  "registeredBy",
  "deregisteredAt",
  "deleteRequestedAt",
];

/**
 * The request that registers a revision like this one with other images in some containers.
 *
 * @param images container → reference
 */
export function nextRevision(
  current: TaskDefinition,
  tags: readonly Tag[],
  images: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const kept = Object.entries(current).filter(
    ([field, value]) => !responseOnly.includes(field) && value !== null && value !== undefined,
  );
  return {
    ...Object.fromEntries(kept),
    containerDefinitions: current.containerDefinitions.map((definition) => {
      const image = images[definition.name];
      return image === undefined ? definition : { ...definition, image };
    }),
    // RegisterTaskDefinition refuses an empty list. Tags in AWS's own name space can't be set by us.
    ...tagged(tags.filter((tag) => !tag.key?.startsWith("aws:"))),
  };
}

function tagged(tags: readonly Tag[]): { tags?: readonly Tag[] } {
  return tags.length === 0 ? {} : { tags };
}

/**
 * Reads a task definition with its tags.
 *
 * The SDK leaves out what its model does not know, when it reads and when it writes; a revision cloned
 * through it would lose the fields that AWS added since. So the answer is read as it came.
 */
export async function describeTaskDefinition(
  ecs: ECSClient,
  reference: string,
  signal: AbortSignal,
): Promise<{ readonly taskDefinition: TaskDefinition; readonly tags: readonly Tag[] }> {
  let body: string | undefined;
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: reference, include: ["TAGS"] });
  const keepBody =
    <Args, Result extends { response: unknown }>(next: (args: Args) => Promise<Result>) =>
    async (args: Args): Promise<Result> => {
      const result = await next(args);
      const response = result.response as { body?: unknown; statusCode?: number };
      const received = await text(response.body as AsyncIterable<Uint8Array>);
      const refused = (response.statusCode ?? 200) >= 300;
      if (!refused) body = received;
      // Of an answer that is read here, the SDK gets nothing to read; of an error, all.
      response.body = new TextEncoder().encode(refused ? received : "{}");
      return result;
    };
  // "after" is nearer to the wire: before the deserializer sees the answer.
  command.middlewareStack.addRelativeTo(keepBody, {
    relation: "after",
    toMiddleware: "deserializerMiddleware",
    name: "slipwayKeepBody",
  });
  const parsed = await ecs.send(command, { abortSignal: signal });
  const asSent = body === undefined ? parsed : (JSON.parse(body) as typeof parsed);
  return {
    taskDefinition: asSent.taskDefinition as unknown as TaskDefinition,
    tags: asSent.tags ?? [],
  };
}

const described = new WeakMap<ECSClient, Map<string, ReturnType<typeof describeTaskDefinition>>>();

/**
 * `describeTaskDefinition`, once a run for each revision: a revision never changes, but for its status and its
 * tags.
 *
 * @param arn of the revision; a family's name would stand for another revision later
 */
export function describeRevision(
  ecs: ECSClient,
  arn: string,
  signal: AbortSignal,
): ReturnType<typeof describeTaskDefinition> {
  const known = described.get(ecs) ?? new Map<string, ReturnType<typeof describeTaskDefinition>>();
  described.set(ecs, known);
  const reading = known.get(arn) ?? describeTaskDefinition(ecs, arn, signal);
  known.set(arn, reading);
  // Another caller may have more luck, or more time.
  reading.catch(() => known.delete(arn));
  return reading;
}

/** Registers a revision, fields that the SDK does not know included; returns its ARN. */
export async function registerRevision(
  ecs: ECSClient,
  request: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<string> {
  const command = new RegisterTaskDefinitionCommand(request as unknown as RegisterTaskDefinitionCommandInput);
  const sendBody =
    <Args, Result>(next: (args: Args) => Promise<Result>) =>
    (args: Args): Promise<Result> => {
      (args as { request: { body?: unknown } }).request.body = JSON.stringify(request);
      return next(args);
    };
  command.middlewareStack.addRelativeTo(sendBody, {
    relation: "after",
    toMiddleware: "serializerMiddleware",
    name: "slipwaySendBody",
  });
  const { taskDefinition } = await ecs.send(command, { abortSignal: signal });
  if (taskDefinition?.taskDefinitionArn === undefined) {
    throw new Error("RegisterTaskDefinition answered without a revision");
  }
  return taskDefinition.taskDefinitionArn;
}

/**
 * The revision that an earlier release left, if it is still active and has these very images; undefined
 * when none is asked for.
 *
 * @throws UserError `revision-gone` when it is asked for and can't be set again
 */
export async function reusableRevision(
  ecs: ECSClient,
  name: string | undefined,
  references: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<TaskDefinition | undefined> {
  if (name === undefined) return undefined;
  const found = await describeTaskDefinition(ecs, name, signal).catch((error: unknown) => {
    // What ECS says of a revision that was deleted, or never there.
    if (isAwsError(error, "ClientException")) return undefined;
    throw error;
  });
  const fault = faultOf(found?.taskDefinition, references);
  if (fault === undefined) return found?.taskDefinition;
  throw new UserError(
    {
      code: "revision-gone",
      where: `task definition ${name}`,
      message: fault,
      fix: "go back without --with-task-definition: the image alone, into the current revision",
    },
    { exitCode: 1 },
  );
}

function faultOf(
  revision: TaskDefinition | undefined,
  references: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (revision === undefined) return "no longer exists";
  const { status, containerDefinitions } = revision;
  const differs = Object.entries(references).some(
    ([container, reference]) =>
      containerDefinitions.find(({ name }) => name === container)?.image !== reference,
  );
  if (differs) return "has other images than the release had";
  return status === "INACTIVE" ? "is deregistered: ECS can't set a service to it" : undefined;
}

/**
 * The newest revision of the family, when it is what would be registered to the last field: a run that was
 * killed before it had moved the service has left it, or ECS has gone back from it. Undefined when it is
 * another, when the service is set to it (setting it again would begin nothing), or can't be read.
 *
 * @param request what would be registered
 * @param current the service's own revision
 */
export async function revisionLikeIt(
  ecs: ECSClient,
  request: Readonly<Record<string, unknown>>,
  current: TaskDefinition,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { taskDefinition, tags } = await describeTaskDefinition(ecs, current.family, signal);
    const { taskDefinitionArn, status } = taskDefinition;
    const usable = status !== "INACTIVE" && taskDefinitionArn !== current.taskDefinitionArn;
    return usable &&
      isDeepStrictEqual(comparable(nextRevision(taskDefinition, tags, {})), comparable(request))
      ? taskDefinitionArn
      : undefined;
  } catch (error) {
    // None is active, or Slipway may not read it: it registers another.
    if (isAwsError(error, "ClientException") || hasCode(error, "access-denied")) return undefined;
    throw error;
  }
}

/** Tags are a set: AWS lists them in an order of its own. */
function comparable(request: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const tags = (request.tags as readonly Tag[] | undefined) ?? [];
  return { ...request, tags: tags.toSorted((a, b) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1)) };
}
