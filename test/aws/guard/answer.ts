import { cbor } from "@smithy/core/cbor";
import type { HttpAnswer, HttpRequest } from "../protocol/read.ts";
import type { Ask, Verdict } from "./policy.ts";

/** The words of AWS's refusals, which Slipway takes apart for its own message. */
export function refusalOf({ action, resource }: Ask, principal: string, verdict: Verdict): string {
  const because =
    verdict === "explicitly denied"
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
}

/** A refusal as AWS, or its registry, sends it in the protocol of the request. */
export function deniedAnswer({ url, headers, body }: HttpRequest, message: string): HttpAnswer {
  if (url.startsWith("/v2/")) {
    const text = JSON.stringify({ errors: [{ code: "DENIED", message }] });
    return { status: 403, headers: { "content-type": "application/json" }, body: Buffer.from(text) };
  }
  if (headers["smithy-protocol"] !== undefined) {
    const answer = { __type: "com.amazonaws.cloudwatch#AccessDenied", message };
    return {
      status: 403,
      headers: { "content-type": "application/cbor", "smithy-protocol": headers["smithy-protocol"] },
      body: Buffer.from(cbor.serialize(answer)),
    };
  }
  if (new URLSearchParams(body.toString("utf8")).has("Action")) {
    const escaped = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const text = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${escaped}</Message></Error></ErrorResponse>`;
    return { status: 403, headers: { "content-type": "text/xml" }, body: Buffer.from(text) };
  }
  const code = "AccessDeniedException";
  return {
    // The JSON protocols say 400, REST says 403.
    status: headers["x-amz-target"] === undefined ? 403 : 400,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code },
    body: Buffer.from(JSON.stringify({ __type: code, message, Message: message })),
  };
}
