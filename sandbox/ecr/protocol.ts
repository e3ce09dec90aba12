import type { IncomingHttpHeaders, ServerResponse } from "node:http";

/** What precedes an operation in `X-Amz-Target`: ECR speaks AWS's JSON protocol, version 1.1. */
export const targetPrefix = "AmazonEC2ContainerRegistry_V20150921.";

/** An error as ECR has it, by the name of its shape. */
export class EcrError extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

/** The operation of ECR's API that a request is for. */
export function targetOf(headers: IncomingHttpHeaders): string | undefined {
  const target = headers["x-amz-target"];
  return typeof target === "string" && target.startsWith(targetPrefix)
    ? target.slice(targetPrefix.length)
    : undefined;
}

/** Answers in AWS's JSON protocol. */
export function sayJson(outgoing: ServerResponse, status: number, document: unknown, code?: string): void {
  const text = JSON.stringify(document);
  outgoing.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": Buffer.byteLength(text),
    ...(code === undefined ? {} : { "x-amzn-errortype": code }),
  });
  outgoing.end(text);
}

/** A page of a list, and the token of the next one. @throws EcrError for a token that no answer gave */
export function pageOf<T>(
  all: readonly T[],
  { nextToken, maxResults }: { readonly nextToken?: string | undefined; readonly maxResults: number },
): { readonly page: readonly T[]; readonly nextToken?: string } {
  const token = nextToken === undefined ? "0" : Buffer.from(nextToken, "base64url").toString("utf8");
  const from = Number(token);
  if (!/^\d+$/.test(token) || (nextToken !== undefined && (from === 0 || from >= all.length))) {
    throw new EcrError("InvalidParameterException", "Invalid parameter at 'nextToken'");
  }
  const until = from + maxResults;
  return {
    page: all.slice(from, until),
    ...(until < all.length ? { nextToken: Buffer.from(String(until)).toString("base64url") } : {}),
  };
}
