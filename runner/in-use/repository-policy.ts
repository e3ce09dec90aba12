import { z } from "zod";

const texts = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? [value] : value));

const statementSchema = z.looseObject({
  Effect: z.string(),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Principal: z.union([z.string(), z.record(z.string(), texts)]).optional(),
  NotPrincipal: z.unknown().optional(),
  Condition: z.record(z.string(), z.record(z.string(), texts)).optional(),
});

const policySchema = z.looseObject({
  Statement: z
    .union([statementSchema, z.array(statementSchema)])
    .transform((value) => (Array.isArray(value) ? value : [value])),
});

type Statement = z.output<typeof statementSchema>;

/** Without this action nobody pulls. */
const pull = "ecr:batchgetimage";

/** Conditions that say of which account the caller is, in small letters. */
const accountKeys = [
  "aws:principalaccount",
  "aws:sourceaccount",
  "aws:principalarn",
  "aws:sourcearn",
  "ecr:sourceaccount",
];
const organizationKeys = ["aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid"];

/**
 * Whom a repository policy lets pull: accounts by their twelve digits, and in words whom no account names. What the
 * policy denies is not subtracted, so that it says too much and never too little. A service of AWS counts for the
 * accounts that the conditions name.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function whoMayPull(policyText: string): readonly string[] {
  const parsed = policySchema.safeParse(jsonOf(policyText));
  if (!parsed.success) return ["whoever a policy names that could not be read"];
  const allowing = parsed.data.Statement.filter((one) => one.Effect === "Allow" && allowsPulling(one));
  return [...new Set(allowing.flatMap(whoOf))].toSorted();
}

function allowsPulling({ Action, NotAction }: Statement): boolean {
  const names = (patterns: readonly string[]) =>
    patterns.some((pattern) => matches(pattern.toLowerCase(), pull));
  return NotAction === undefined ? names(Action ?? []) : !names(NotAction);
}

/** Compares as IAM does: `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(text);
}

function whoOf(statement: Statement): readonly string[] {
  const { Principal, NotPrincipal } = statement;
  if (NotPrincipal !== undefined || Principal === undefined) return anybody(statement);
  if (typeof Principal === "string") return anybody(statement);
  return Object.entries(Principal).flatMap(([kind, names]) => {
    if (kind === "Service") return conditionAccounts(statement);
    return names.flatMap((name) => (name === "*" ? anybody(statement) : accountsOf(name)));
  });
}

/** Everybody, as far as the conditions don't say who. */
function anybody(statement: Statement): readonly string[] {
  const accounts = conditionAccounts(statement);
  if (accounts.length > 0) return accounts;
  const organizations = valuesOf(statement, organizationKeys);
  if (organizations.length > 0) return organizations.map((one) => `accounts of the organization ${one}`);
  return ["any account"];
}

function conditionAccounts(statement: Statement): readonly string[] {
  return valuesOf(statement, accountKeys).flatMap(accountsOf);
}

/** Values of conditions that a caller has to meet; what a caller must not be names nobody. */
function valuesOf({ Condition = {} }: Statement, keys: readonly string[]): readonly string[] {
  return Object.entries(Condition).flatMap(([operator, conditions]) =>
    /not/i.test(operator)
      ? []
      : Object.entries(conditions).flatMap(([key, values]) =>
          keys.includes(key.toLowerCase()) ? values : [],
        ),
  );
}

/** The account of a principal; none for the id of a user or role that was deleted. */
function accountsOf(principal: string): readonly string[] {
  if (/^\d{12}$/.test(principal)) return [principal];
  const [, account] = /^arn:[^:]*:[^:]*:[^:]*:([^:]*):/.exec(principal) ?? [];
  if (account === undefined) return principal.includes("*") ? ["any account"] : [];
  return /^\d{12}$/.test(account) ? [account] : ["any account"];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
