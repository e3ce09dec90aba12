import type { HttpRequest } from "../protocol/read.ts";
import type { Ask, Place } from "./policy.ts";

/**
 * The actions that a request to ECR's registry API needs. AWS names what a push and a pull need; which of them
 * each request is follows from what it does.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
 */
export function registryAsks({ method, url }: Pick<HttpRequest, "method" | "url">, place: Place): Ask[] {
  const [path = "", query = ""] = url.split("?");
  const found = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path);
  // The registry is only asked whether it is there.
  if (found === null) return [];
  const [, repository = "", kind = "", rest = ""] = found;
  const on = (name: string) =>
    `arn:${place.partition}:ecr:${place.region}:${place.account}:repository/${name}`;
  const asks = actionsOf(method, kind, rest).map((action) => ({ action, resource: on(repository) }));
  const from = new URLSearchParams(query).get("from");
  // "Users need ecr:GetDownloadUrlForLayer IAM permission on a repository to mount layers from" it:
  // https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html
  const mounted = from === null ? [] : [{ action: "ecr:GetDownloadUrlForLayer", resource: on(from) }];
  return [...asks, ...mounted];
}

function actionsOf(method: string, kind: string, rest: string): string[] {
  const reads = method === "GET" || method === "HEAD";
  if (kind === "tags") return ["ecr:ListImages"];
  if (kind === "manifests")
    return reads ? ["ecr:BatchGetImage"] : method === "PUT" ? ["ecr:PutImage"] : ["ecr:BatchDeleteImage"];
  // The call of this name needs that action: API reference of ECR, ListImageReferrers.
  if (kind === "referrers") return ["ecr:BatchGetImage"];
  if (!rest.startsWith("uploads"))
    return [method === "HEAD" ? "ecr:BatchCheckLayerAvailability" : "ecr:GetDownloadUrlForLayer"];
  const uploads: Record<string, string> = {
    POST: "ecr:InitiateLayerUpload",
    PATCH: "ecr:UploadLayerPart",
    PUT: "ecr:CompleteLayerUpload",
  };
  const action = uploads[method];
  // What an upload has so far, and that it is given up, needs nothing that AWS names.
  return action === undefined ? [] : [action];
}
