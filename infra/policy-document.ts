/** One statement of an IAM policy that grants something. */
export interface Statement {
  readonly sid: string;
  /** Who may: services of AWS, ARNs of principals, or an identity provider; left out in a role's own policy. */
  readonly principals?:
    | { readonly services: readonly string[] }
    | { readonly arns: readonly string[] }
    | { readonly federated: string };
  readonly actions: readonly string[];
  /** ARNs; left out in a repository's policy, where the repository is meant. */
  readonly resources?: readonly string[];
  /** Operator → condition key → values: `{StringEquals: {"aws:SourceAccount": ["…"]}}`. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Writes an IAM policy of allowing statements as JSON. */
export function policyDocument(statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Sid: statement.sid,
      Effect: "Allow",
      ...(statement.principals !== undefined && { Principal: principal(statement.principals) }),
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

function principal(principals: NonNullable<Statement["principals"]>) {
  if ("services" in principals) return { Service: oneOrMany(principals.services) };
  if ("arns" in principals) return { AWS: oneOrMany(principals.arns) };
  return { Federated: principals.federated };
}

/** AWS gives a list of one back as the one: written so from the start, a policy never seems changed. */
function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
