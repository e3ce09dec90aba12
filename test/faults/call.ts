import type { IncomingHttpHeaders } from "node:http";

/** A request on its way to AWS or to the registry. */
export interface Call {
  /** `ecs:UpdateService`, `lambda:PublishVersion`, `registry:PATCH upload`. */
  readonly name: string;
  /** What a rule can look for a name in: the path, and the body of a call to AWS. */
  readonly about: string;
}

/** What precedes the action in `X-Amz-Target`. */
const targets: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: "ecs",
  AmazonEC2ContainerRegistry_V20150921: "ecr",
  Logs_20140328: "logs",
  AmazonSSM: "ssm",
  secretsmanager: "secretsmanager",
  GraniteServiceVersion20100801: "cloudwatch",
};

/** Lambda's calls by method and path. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const lambdaCalls: readonly (readonly [method: string, path: RegExp, name: string])[] = [
  ["GET", /^\/functions\/[^/]+$/, "GetFunction"],
  ["GET", /^\/functions\/[^/]+\/configuration$/, "GetFunctionConfiguration"],
  ["PUT", /^\/functions\/[^/]+\/code$/, "UpdateFunctionCode"],
  ["POST", /^\/functions$/, "CreateFunction"],
  ["POST", /^\/functions\/[^/]+\/versions$/, "PublishVersion"],
  ["GET", /^\/functions\/[^/]+\/aliases\/[^/]+$/, "GetAlias"],
  ["PUT", /^\/functions\/[^/]+\/aliases\/[^/]+$/, "UpdateAlias"],
  ["POST", /^\/functions\/[^/]+\/aliases$/, "CreateAlias"],
  ["POST", /^\/functions\/[^/]+\/invocations$/, "Invoke"],
];

/** Which call a request is. */
export function callOf(method: string, url: string, headers: IncomingHttpHeaders, body: string): Call {
  const path = url.split("?", 1)[0] ?? url;
  return { name: nameOf(method, path, headers, body), about: `${url} ${body}` };
}

function nameOf(method: string, path: string, headers: IncomingHttpHeaders, body: string): string {
  if (isRegistry(path)) return `registry:${method} ${registryPart(path)}`;
  const target = String(headers["x-amz-target"] ?? "");
  if (target !== "") {
    const [prefix = "", action = ""] = target.split(".");
    return `${targets[prefix] ?? prefix}:${action}`;
  }
  const cbor = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(path);
  if (cbor !== null) return `${targets[cbor[1] ?? ""] ?? cbor[1]}:${cbor[2]}`;
  const lambda = /^\/20\d\d-\d\d-\d\d(\/functions.*)$/.exec(path)?.[1]?.replace(/\/$/, "");
  if (lambda !== undefined) {
    const known = lambdaCalls.find(([verb, pattern]) => verb === method && pattern.test(lambda));
    return `lambda:${known?.[2] ?? `${method} ${lambda}`}`;
  }
  const action = new URLSearchParams(body).get("Action");
  // The service is in the signature's scope: Credential=key/date/region/sts/aws4_request.
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1];
  return action === null ? `${method} ${path}` : `${service ?? "aws"}:${action}`;
}

/** Whether it is for the registry: the distribution API is all below /v2/. */
export function isRegistry(path: string): boolean {
  return path.startsWith("/v2/");
}

function registryPart(path: string): string {
  if (/\/blobs\/uploads(\/|$)/.test(path)) return "upload";
  if (/\/blobs\//.test(path)) return "blob";
  if (/\/manifests\//.test(path)) return "manifest";
  return path;
}
