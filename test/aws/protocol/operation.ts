import { type Model, modelOf } from "../model.ts";
import type { HttpRequest } from "./read.ts";

/** An operation of AWS's that a request is. */
export interface Called {
  /** Name that requests are signed with: `ecs`, `elasticloadbalancing`. */
  readonly service: string;
  readonly name: string;
}

/** What precedes the operation in `X-Amz-Target`, and in the paths of calls in CBOR. */
const targets: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: "ecs",
  AmazonEC2ContainerRegistry_V20150921: "ecr",
  Logs_20140328: "logs",
  AmazonSSM: "ssm",
  AmazonSQS: "sqs",
  AWSEvents: "events",
  CodeBuild_20161006: "codebuild",
  SageMaker: "sagemaker",
  AppRunner: "apprunner",
  TrentService: "kms",
  secretsmanager: "secretsmanager",
  GraniteServiceVersion20100801: "monitoring",
};

/** Which operation of AWS's a request is; undefined for what is none. */
export function operationOf(request: HttpRequest): Called | undefined {
  const target = request.headers["x-amz-target"];
  if (target !== undefined) {
    const [prefix = "", name = ""] = target.split(".");
    return { service: targets[prefix] ?? prefix, name };
  }
  const cbor = /^\/service\/([^/]+)\/operation\/([^/?]+)/.exec(request.url);
  if (cbor !== null) return { service: targets[cbor[1] ?? ""] ?? cbor[1] ?? "", name: cbor[2] ?? "" };
  // The service is in the signature's scope: Credential=key/date/region/sts/aws4_request.
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1];
  if (service === undefined) return undefined;
  const action = new URLSearchParams(request.body.toString("utf8")).get("Action");
  if (action !== null) return { service, name: action };
  const model = modelOf(service);
  if (model?.metadata.protocol !== "rest-json") return { service, name: `${request.method} ${request.url}` };
  return { service, name: operationByPath(model, request)?.name ?? `${request.method} ${request.url}` };
}

/** The operation with a method and a path, and what its path's parts are. */
export function operationByPath(
  model: Model,
  { method, url }: HttpRequest,
): { readonly name: string; readonly labels: Readonly<Record<string, string>> } | undefined {
  const path = (url.split("?", 1)[0] ?? url).replace(/\/$/, "");
  const found = Object.entries(model.operations).flatMap(([name, { http }]) => {
    if (http.method !== method) return [];
    const labels: string[] = [];
    const pattern = (http.requestUri.split("?", 1)[0] ?? "")
      .replace(/\/$/, "")
      .replace(/\{([^}+]+)(\+?)\}/g, (_, label: string, greedy: string) => {
        labels.push(label);
        return greedy === "" ? "([^/]+)" : "(.+)";
      });
    const matched = new RegExp(`^${pattern}$`).exec(path);
    if (matched === null) return [];
    const values = labels.map((label, at) => [label, decodeURIComponent(matched[at + 1] ?? "")]);
    return [{ name, labels: Object.fromEntries(values) as Record<string, string> }];
  });
  // The one that leaves less open: `/functions/{name}/code` before what any segment would fit.
  return found.toSorted((a, b) => Object.keys(a.labels).length - Object.keys(b.labels).length)[0];
}
