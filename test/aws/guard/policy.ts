import { z } from "zod";

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const conditions = z.record(z.string(), z.record(z.string(), oneOrMany));

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Condition: conditions.optional(),
});

const policySchema = z.strictObject({
  Version: z.literal("2012-10-17"),
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

/** An identity's policy, a session's or a boundary. */
export type Policy = z.infer<typeof policySchema>;
type PolicyStatement = Policy["Statement"][number];

/** One question to IAM. A call can be several: to run a task with tags is to run it and to tag it. */
export interface Ask {
  /** `ecs:RunTask` */
  readonly action: string;
  /** An ARN; `*` for actions without resource types. */
  readonly resource: string;
  /** Condition keys that the request has. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Where a request goes to: the parts of its ARNs. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** The policies that count for a request of a role's session. */
export interface Policies {
  readonly identity: readonly Policy[];
  /** Those that were passed when the role was assumed. */
  readonly session?: readonly Policy[] | undefined;
  readonly boundary?: readonly Policy[] | undefined;
}

export type Verdict = "allowed" | "explicitly denied" | "implicitly denied";

/**
 * Reads a policy document.
 *
 * @throws ZodError when it has an element that `evaluate` does not know
 */
export function parsePolicy(document: string): Policy {
  const policy = policySchema.parse(JSON.parse(document));
  // They would be compared as they are written.
  if (document.includes("${")) throw new Error(`the policy has variables: ${document}`);
  return policy;
}

/**
 * What IAM says to a request in one account: a deny wins; otherwise every kind of policy that there is must
 * allow it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export function evaluate(ask: Ask, { identity, session, boundary }: Policies): Verdict {
  const kinds = [identity, session, boundary].filter((kind) => kind !== undefined);
  const applying = kinds.map((policies) =>
    policies.flatMap(({ Statement }) => Statement).filter((one) => applies(one, ask)),
  );
  if (applying.flat().some(({ Effect }) => Effect === "Deny")) return "explicitly denied";
  const allowed = applying.every((statements) => statements.some(({ Effect }) => Effect === "Allow"));
  return allowed ? "allowed" : "implicitly denied";
}

function applies(statement: PolicyStatement, { action, resource, context = {} }: Ask): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const named = Action?.some((one) => isAction(one, action)) ?? true;
  const notNamed = NotAction?.some((one) => isAction(one, action)) ?? false;
  const onIt = Resource?.some((one) => isArn(one, resource)) ?? true;
  const notOnIt = NotResource?.some((one) => isArn(one, resource)) ?? false;
  if (!named || notNamed || !onIt || notOnIt) return false;
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => holds(operator, values, valuesOf(context, key))),
  );
}

/** Names of actions have no case. */
function isAction(pattern: string, action: string): boolean {
  return isLike(pattern.toLowerCase(), action.toLowerCase());
}

/**
 * Each part of an ARN is compared alone; the sixth is all of the rest.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
function isArn(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  const [patterns, parts] = [partsOf(pattern), partsOf(arn)];
  return patterns.length === parts.length && patterns.every((one, at) => isLike(one, parts[at] ?? ""));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(":")] : [])];
}

function isLike(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}

type Compare = (pattern: string, value: string) => boolean;

/** Operators by what they say of one value; `Not` before it says the opposite. */
const operators: Readonly<Record<string, Compare>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringEqualsIgnoreCase: (pattern, value) => pattern.toLowerCase() === value.toLowerCase(),
  StringLike: isLike,
  ArnEquals: isArn,
  ArnLike: isArn,
  Bool: (pattern, value) => pattern.toLowerCase() === value.toLowerCase(),
};

/** Names of keys have no case either. */
function valuesOf(context: NonNullable<Ask["context"]>, key: string): readonly string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  return found === undefined ? undefined : [found].flat();
}

/**
 * Whether a condition holds. A key that the request does not have fails every operator but those that say
 * what it is not, and those with IfExists.
 *
 * @throws Error for an operator that is not known here
 */
function holds(
  operator: string,
  patterns: readonly string[],
  values: readonly string[] | undefined,
): boolean {
  const [, set, base = "", ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (base === "Null") return patterns.includes(String(values === undefined));
  const isNegative = base.includes("Not");
  const compare = operators[base.replace("Not", "")];
  if (compare === undefined) throw new Error(`the condition operator ${operator} is not known here`);
  if (values === undefined) return ifExists !== undefined || isNegative || set === "ForAllValues";
  if (set === undefined && values.length > 1)
    throw new Error(`${operator} compares ${values.join(", ")}, and takes one value only`);
  const one = (value: string) => patterns.some((pattern) => compare(pattern, value)) !== isNegative;
  return set === "ForAnyValue" ? values.some(one) : values.every(one);
}
