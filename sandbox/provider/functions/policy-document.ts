import { createHash } from "node:crypto";
import type { iam } from "@pulumi/aws";
import { defineFunction } from "../function.ts";

type Statement = NonNullable<iam.GetPolicyDocumentArgs["statements"]>[number];

/** Makes JSON of a policy; calls nothing. */
export const getPolicyDocument = defineFunction<iam.GetPolicyDocumentArgs, iam.GetPolicyDocumentResult>()({
  token: "aws:iam/getPolicyDocument:getPolicyDocument",
  arguments: {
    overrideJson: "unsupported",
    overridePolicyDocuments: "unsupported",
    policyId: "used",
    sourceJson: "unsupported",
    sourcePolicyDocuments: "unsupported",
    statements: "used",
    version: "used",
  },
  async call(given) {
    const document = policyDocument(given);
    const minifiedJson = JSON.stringify(document);
    return {
      ...given,
      id: createHash("sha256").update(minifiedJson).digest("hex").slice(0, 10),
      json: JSON.stringify(document, null, 2),
      minifiedJson,
    } as iam.GetPolicyDocumentResult;
  },
});

/** The document as the real provider writes it: lists of one as their member. */
export function policyDocument(given: iam.GetPolicyDocumentArgs): object {
  return {
    Version: given.version ?? "2012-10-17",
    ...(given.policyId === undefined ? {} : { Id: given.policyId }),
    Statement: (given.statements ?? []).map(statementOf),
  };
}

function statementOf(statement: Statement): object {
  const parts: Record<string, unknown> = {
    Sid: statement.sid,
    Effect: statement.effect ?? "Allow",
    Action: single(statement.actions),
    NotAction: single(statement.notActions),
    Resource: single(statement.resources),
    NotResource: single(statement.notResources),
    Principal: principalsOf(statement.principals),
    NotPrincipal: principalsOf(statement.notPrincipals),
    Condition: conditionsOf(statement.conditions),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}

function single(values: readonly string[] | undefined): string | readonly string[] | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return values.length === 1 ? values[0] : values.toSorted();
}

function principalsOf(principals: Statement["principals"]): unknown {
  if (principals === undefined || principals.length === 0) return undefined;
  if (principals.some(({ type, identifiers }) => type === "*" && identifiers.includes("*"))) return "*";
  return Object.fromEntries(principals.map(({ type, identifiers }) => [type, single(identifiers)]));
}

function conditionsOf(conditions: Statement["conditions"]): unknown {
  if (conditions === undefined || conditions.length === 0) return undefined;
  const byTest: Record<string, Record<string, unknown>> = {};
  for (const { test, variable, values } of conditions) {
    byTest[test] = { ...byTest[test], [variable]: single(values) };
  }
  return byTest;
}
