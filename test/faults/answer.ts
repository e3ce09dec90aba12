import { type Call, isRegistry } from "./call.ts";
import type { Fault } from "./rules.ts";

/** An error as AWS, or a registry, would send it: each protocol has its own way of naming it. */
export function answerFor(
  { name, about }: Call,
  { status, code }: Extract<Fault, { kind: "answer" }>,
): { readonly status: number; readonly headers: Record<string, string>; readonly text: string } {
  const message = messages[code] ?? code;
  if (isRegistry(about)) {
    const text = JSON.stringify({ errors: [{ code, message }] });
    return { status, headers: { "content-type": "application/json" }, text };
  }
  if (queryServices.includes(name.split(":")[0] ?? "")) {
    const text = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status, headers: { "content-type": "text/xml" }, text };
  }
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code },
    text: JSON.stringify({ __type: code, message }),
  };
}

const queryServices = ["sts", "iam", "elasticloadbalancing", "sns"];

const messages: Readonly<Record<string, string>> = {
  ThrottlingException: "Rate exceeded",
  TooManyRequestsException: "Rate exceeded",
  ExpiredTokenException: "The security token included in the request is expired",
  ResourceConflictException:
    "The operation cannot be performed at this time. An update is in progress for resource",
  MANIFEST_UNKNOWN: "manifest unknown",
  DENIED: "requested access to the resource is denied",
};
