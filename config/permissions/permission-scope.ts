import type { Service } from "../catalogue/catalogue.ts";
import type { PromotionSource } from "../description/promotion.ts";
import { cacheRepositoryName, registryHost, repositoryName } from "../names.ts";
import type { Settings } from "../settings.ts";
import { kmsKeyOf } from "../stack/evidence.ts";
import { findingsPolicy } from "../stack/gates.ts";
import { regionOfRegistry } from "../stack/partition.ts";
import { targetKinds, targetsOfKind } from "../targets/kinds.ts";
import type { ScopedResources, SharedResource, TargetScope } from "../targets/permission.ts";

/** The scope of a stack's role permissions. */
export interface PermissionScope extends TargetScope {
  readonly settings: Settings;
  readonly services: readonly Service[];
  /** Source stacks of the role's promotions; only the deploy role promotes. */
  readonly promotesFrom: readonly PromotionSource[];
  /** ARN of the role itself. */
  readonly ownRole: string;
}

/**
 * The ARNs of a permission's resource in a stack. If there are none, the stack has no such resource, and the
 * role does not get the permission.
 */
export function resourcesOf(resource: string, scope: PermissionScope): ScopedResources {
  const own = targetKinds.find(({ permissions, passedRoles = [] }) =>
    [...passedRoles, ...permissions.flatMap(({ on }) => on)].includes(resource),
  );
  return own === undefined || isShared(resource)
    ? sharedResources(resource as SharedResource, scope)
    : own.resources(resource, targetsOfKind(own, scope.services), scope);
}

const shared: Readonly<Record<SharedResource, true>> = {
  any: true,
  repository: true,
  "gated-repository": true,
  "cache-repository": true,
  "removed-repository": true,
  "base-repository": true,
  "promoted-repository": true,
  "passable-role": true,
  "log-group": true,
  "event-rule": true,
  schedule: true,
  "codebuild-project": true,
  "sagemaker-model": true,
  "apprunner-service": true,
  "state-bucket": true,
  "state-object": true,
  "state-key": true,
  "inspector-settings": true,
  "signing-key": true,
  "verifying-key": true,
  "own-role": true,
};

function isShared(resource: string): resource is SharedResource {
  return resource in shared;
}

function sharedResources(resource: SharedResource, scope: PermissionScope): ScopedResources {
  const { partition, region, account, settings, github, services } = scope;
  const arn = (service: string, name: string) => `arn:${partition}:${service}:${region}:${account}:${name}`;
  switch (resource) {
    case "any":
      return { resources: ["*"] };
    case "repository":
      return {
        resources: services.map((service) => arn("ecr", `repository/${repositoryName(settings, service)}`)),
      };
    case "gated-repository":
      return scansWithEcr(settings) ? sharedResources("repository", scope) : { resources: [] };
    case "cache-repository":
      return {
        resources:
          settings.cache.kind === "registry"
            ? [arn("ecr", `repository/${cacheRepositoryName(settings)}`)]
            : [],
      };
    case "removed-repository":
      return { resources: [] };
    case "base-repository":
      return {
        resources: unique(
          Object.values(settings.baseImages).flatMap((image) => baseRepository(image, scope)),
        ),
      };
    case "promoted-repository":
      return {
        resources: scope.promotesFrom.flatMap(({ region, account = scope.account, repositories }) =>
          repositories.map((name) => `arn:${partition}:ecr:${region}:${account}:repository/${name}`),
        ),
      };
    case "passable-role":
      return {
        resources: unique(
          targetKinds.flatMap((kind) => kind.passableRoles(targetsOfKind(kind, services), github)),
        ),
      };
    case "log-group":
      return {
        resources: unique([
          ...targetKinds.flatMap((kind) => kind.logGroups(targetsOfKind(kind, services))),
          ...github.logGroups,
        ])
          // With the asterisk it stands for the group and its streams, in all actions that read:
          // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
          .map((name) => arn("logs", `log-group:${name}:*`)),
      };
    case "event-rule":
      return { resources: [arn("events", "rule/*")] };
    case "schedule":
      return { resources: [arn("scheduler", "schedule/*/*")] };
    case "codebuild-project":
      return { resources: [arn("codebuild", "project/*")] };
    case "sagemaker-model":
      return { resources: [arn("sagemaker", "model/*")] };
    case "apprunner-service":
      return { resources: [arn("apprunner", "service/*/*")] };
    case "state-bucket":
      return {
        resources: github.stateBucket === undefined ? [] : [`arn:${partition}:s3:::${github.stateBucket}`],
      };
    case "state-object":
      return {
        resources:
          github.stateBucket === undefined ? [] : [`arn:${partition}:s3:::${github.stateBucket}/.pulumi/*`],
      };
    case "state-key":
      return { resources: github.stateKey === undefined ? [] : [github.stateKey] };
    case "inspector-settings":
      // IAM has no resource types for them.
      return { resources: settings.scanning.rescan === undefined ? [] : ["*"] };
    case "signing-key":
      return kmsKeys([settings.evidence?.sign?.key], scope);
    case "verifying-key":
      return kmsKeys([settings.evidence?.sign?.key, ...(settings.gates?.signed?.keys ?? [])], scope);
    case "own-role":
      return { resources: [scope.ownRole] };
  }
}

/** Whether a gate of the stack reads scans of ECR. */
function scansWithEcr({ gates }: Settings): boolean {
  return gates !== undefined && findingsPolicy(gates)?.source === "ecr";
}

/**
 * Keys of KMS. An alias is no resource of a policy: a condition cuts calls to those that name it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 *
 * @param references as `slipway:evidence.sign.key` has them
 */
function kmsKeys(
  references: readonly (string | undefined)[],
  { partition, region, account }: PermissionScope,
): ScopedResources {
  const keys = unique(references.flatMap((reference) => kmsKeyOf(reference) ?? []));
  const aliases = keys.filter((key) => key.startsWith("alias/"));
  const all = `arn:${partition}:kms:${region}:${account}:key/`;
  if (aliases.length === 0)
    return { resources: keys.map((key) => (key.startsWith("arn:") ? key : `${all}${key}`)) };
  // One statement can't tell the keys that are named by an alias from the others.
  const conditions =
    aliases.length === keys.length ? { StringEquals: { "kms:RequestAlias": aliases } } : undefined;
  return { resources: [`${all}*`], ...(conditions === undefined ? {} : { conditions }) };
}

/** ARN of the private ECR repository that a base image is in; none for an image of another registry. */
function baseRepository(image: string, { partition, account, settings }: PermissionScope): string[] {
  const own = registryHost(settings, account);
  const [host = "", ...path] = image.replace("${registry}", own).split("/");
  const name = path.join("/").replace(/[:@].*$/, "");
  const region = host === own ? settings.aws.region : regionOfRegistry(host);
  if (region === undefined || name === "") return [];
  const owner = host === own ? account : host.slice(0, 12);
  return [`arn:${partition}:ecr:${region}:${owner}:repository/${name}`];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
