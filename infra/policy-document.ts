/** One statement of an IAM policy that grants something. */
export interface Statement {
  readonly sid: string;
  /** The principals: AWS services, ARNs, or an identity provider; omitted in a role's own policy. */
  readonly principals?:
    | { readonly services: readonly string[] }
    | { readonly arns: readonly string[] }
    | { readonly federated: string };
  readonly actions: readonly string[];
  /** ARNs; omitted in a repository policy, which applies to its repository. */
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

/** AWS returns a list of one as a single value. Written the same way, a policy never shows a change. */
function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
