import {
  type ContextEntry,
  type EvaluationResult,
  paginateSimulatePrincipalPolicy,
} from "@aws-sdk/client-iam";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import type { ScopedResources } from "../../../config/targets/permission.ts";
import type { Clients } from "../../aws/clients.ts";

/** A permission that a role needs on one resource. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  readonly why: string;
  readonly conditions: ScopedResources["conditions"];
}

type Conditions = ScopedResources["conditions"];

/** One call to IAM: the same actions on each of a few resources, in one context. */
interface Question {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
}

/** Resources per call. IAM accepts more, but its response lists every action for each. */
const resourcesAtOnce = 20;

/**
 * The needs that the policies of a role or user do not allow, as IAM's policy simulator decides.
 *
 * @param source ARN of the role or user
 * @throws UserError `access-denied` if the caller may not call the simulator
 */
export async function deniedNeeds(
  clients: Clients,
  source: string,
  needs: readonly Need[],
  signal: AbortSignal,
): Promise<Need[]> {
  const questions = groupByConditions(needs).flatMap(questionsOf);
  const decisions = await pMap(questions, (question) => ask(clients, source, question, signal), {
    concurrency: 4,
    signal,
  });
  const denied = new Set(decisions.flat());
  return needs.filter((need) => denied.has(keyOf(need.action, need.resource, need.conditions)));
}

/** Groups needs by their conditions, because a call to the simulator has one context for all its actions. */
function groupByConditions(needs: readonly Need[]): Need[][] {
  return [...Map.groupBy(needs, ({ conditions }) => JSON.stringify(conditions)).values()];
}

/** Calls for needs with the same conditions: resources that need the same actions share a call. */
function questionsOf(group: readonly Need[]): Question[] {
  const conditions = group[0]?.conditions;
  const actionsByResource = [...Map.groupBy(group, ({ resource }) => resource)].map(([resource, same]) => ({
    resource,
    actions: [...new Set(same.map(({ action }) => action))],
  }));
  const alike = [...Map.groupBy(actionsByResource, ({ actions }) => actions.join()).values()];
  return alike.flatMap((same) =>
    chunk(
      same.map(({ resource }) => resource),
      resourcesAtOnce,
    ).map((resources) => ({ actions: same[0]?.actions ?? [], resources, conditions })),
  );
}

/** Keys of the needs that IAM denies. */
async function ask(
  clients: Clients,
  source: string,
  question: Question,
  signal: AbortSignal,
): Promise<string[]> {
  const { actions, resources, conditions } = question;
  const results: EvaluationResult[] = [];
  const pages = paginateSimulatePrincipalPolicy(
    { client: clients.iam },
    {
      PolicySourceArn: source,
      ActionNames: [...actions],
      ResourceArns: [...resources],
      ContextEntries: contextOf(conditions),
    },
    { abortSignal: signal },
  );
  for await (const page of pages) results.push(...(page.EvaluationResults ?? []));
  const decided = resources.map((resource) => ({
    resource,
    decisions: actions.map((action) => ({ action, allowed: isAllowed(results, action, resource, question) })),
  }));
  const denied = decided.flatMap(({ resource, decisions }) =>
    decisions
      .filter(({ allowed }) => allowed === false)
      .map(({ action }) => keyOf(action, resource, conditions)),
  );
  const silent = decided.flatMap(({ resource, decisions }) =>
    decisions.some(({ allowed }) => allowed === undefined) ? [resource] : [],
  );
  if (silent.length === 0) return denied;
  if (resources.length === 1)
    throw new Error(`IAM returned no result for ${actions.join(", ")} on ${resources[0]}`);
  // A call with one resource returns a decision for that resource.
  const again = await pMap(
    silent,
    (resource) => ask(clients, source, { actions, resources: [resource], conditions }, signal),
    { concurrency: 1, signal },
  );
  return [...denied, ...again.flat()];
}

/**
 * IAM's decision for an action on a resource; undefined if the response has none.
 *
 * EvalResourceName is a template of the ARN, not the resource; ResourceSpecificResults has the decision for
 * each resource: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html. A result
 * without them is about the resource of its name, or about the only resource of the call.
 */
function isAllowed(
  results: readonly EvaluationResult[],
  action: string,
  resource: string,
  { resources }: Question,
): boolean | undefined {
  const decisions = results
    .filter(({ EvalActionName }) => EvalActionName?.toLowerCase() === action.toLowerCase())
    .flatMap(({ EvalResourceName, EvalDecision, ResourceSpecificResults = [] }) => {
      const specific = ResourceSpecificResults.filter((one) => one.EvalResourceName === resource);
      if (specific.length > 0) return specific.map(({ EvalResourceDecision }) => EvalResourceDecision);
      if (ResourceSpecificResults.length > 0) return [];
      return EvalResourceName === resource || resources.length === 1 ? [EvalDecision] : [];
    });
  return decisions.length === 0 ? undefined : decisions.every((decision) => decision === "allowed");
}

function keyOf(action: string, resource: string, conditions: Conditions): string {
  return `${action} ${resource} ${JSON.stringify(conditions)}`;
}

/** The context of a request that meets the conditions of a permission. */
function contextOf(conditions: Conditions): ContextEntry[] {
  return Object.values(conditions ?? {}).flatMap((keys) =>
    Object.entries(keys).map(([ContextKeyName, values]) => ({
      ContextKeyName,
      ContextKeyValues: values.slice(0, 1),
      ContextKeyType: "string" as const,
    })),
  );
}
