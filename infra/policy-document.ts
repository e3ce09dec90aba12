/** One statement of an IAM policy that grants something. */
export interface Statement {
  readonly sid: string;
  /** Who may: services of AWS, or ARNs of principals. */
  readonly principals: { readonly services: readonly string[] } | { readonly arns: readonly string[] };
  readonly actions: readonly string[];
  /** ARNs; left out in a repository's policy, where the repository is meant. */
  readonly resources?: readonly string[];
  /** Operator → condition key → values: `{StringEquals: {"aws:SourceAccount": ["…"]}}`. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Writes an IAM policy of allowing statements as JSON. Pure. */
export function policyDocument(statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Sid: statement.sid,
      Effect: "Allow",
      Principal:
        "services" in statement.principals
          ? { Service: oneOrMany(statement.principals.services) }
          : { AWS: oneOrMany(statement.principals.arns) },
      Action: oneOrMany(statement.actions),
      ...(statement.resources !== undefined && { Resource: oneOrMany(statement.resources) }),
      ...(statement.conditions !== undefined && {
        Condition: Object.fromEntries(
          Object.entries(statement.conditions).map(([operator, keys]) => [
            operator,
            Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, oneOrMany(values)])),
          ]),
        ),
      }),
    })),
  });
}

/** AWS gives a list of one back as the one: written so from the start, a policy never seems changed. */
function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
