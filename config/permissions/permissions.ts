import type { GithubRole } from "../stack/github.ts";
import { targetKinds } from "../targets/kinds.ts";
import {
  all,
  builders,
  deployers,
  inspectors,
  type Permission,
  planners,
  pushers,
  type SharedResource,
} from "../targets/permission.ts";
import { inUsePermissions } from "./in-use.ts";

/** Callers of the permissions for pushing and pulling. */
const byRegistry = "BuildKit, and Slipway for records and copies, through the registry API";

/** Callers of the permissions for the state. */
const byEngine = "Pulumi's engine";

const registry: readonly Permission<SharedResource>[] = [
  { action: "ecr:GetAuthorizationToken", on: "any", roles: all, why: "sign in to the registry" },
  {
    action: "ecr:DescribeRepositories",
    on: "repository",
    roles: all,
    why: "check that the repositories exist, and whether tags may move",
  },
  {
    action: "ecr:DescribeImages",
    on: ["repository", "cache-repository"],
    roles: all,
    why: "see tags, sizes and times",
  },
  {
    action: "ecr:GetLifecyclePolicy",
    on: ["repository", "cache-repository"],
    roles: inspectors,
    why: "see the lifecycle policy in force, for `slipway lifecycle`",
  },
  {
    action: "ecr:StartLifecyclePolicyPreview",
    on: "repository",
    roles: [],
    why: "have ECR preview a lifecycle policy (`--compare-with-aws`)",
  },
  {
    action: "ecr:GetLifecyclePolicyPreview",
    on: "repository",
    roles: [],
    why: "read ECR's preview of a lifecycle policy (`--compare-with-aws`)",
  },
  {
    action: "ecr:BatchGetImage",
    on: ["repository", "cache-repository", "base-repository", "promoted-repository"],
    roles: all,
    why: "read manifests to find existing images, their platforms and digests, and their referrers",
    calls: ["BatchGetImage", "ListImageReferrers"],
  },
  {
    action: "ecr:GetDownloadUrlForLayer",
    on: ["repository", "cache-repository", "base-repository", "promoted-repository"],
    roles: builders,
    why: "read layers and configurations of images, the stack's base images and its build cache",
  },
  {
    // A pull needs it nowhere: AWS's own policy for pulling, AmazonEC2ContainerRegistryPullOnly, is without it.
    action: "ecr:BatchCheckLayerAvailability",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "check which layers exist",
    by: byRegistry,
  },
  {
    action: "ecr:InitiateLayerUpload",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
    by: byRegistry,
  },
  {
    action: "ecr:UploadLayerPart",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
    by: byRegistry,
  },
  {
    action: "ecr:CompleteLayerUpload",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
    by: byRegistry,
  },
  {
    action: "ecr:PutImage",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push manifests, and tag existing digests",
  },
  {
    action: "ecr:BatchDeleteImage",
    on: ["repository", "cache-repository"],
    roles: [],
    why: "delete images, for `slipway cleanup apply`",
  },
  {
    action: "ecr:DeleteRepository",
    on: "removed-repository",
    roles: [],
    why: "delete the repositories that `slipway cleanup plan --removed-repositories` names",
  },
  {
    action: "ecr:DescribeImageScanFindings",
    on: "gated-repository",
    roles: builders,
    why: "ask the gate of findings, and foretell it in a plan; slipway scan",
    when: "slipway:gates is set",
  },
  {
    action: "ecr:StartImageScan",
    on: "gated-repository",
    roles: deployers,
    why: "start a basic scan where there is none, or an old one",
    when: "slipway:gates is set, and the registry did not scan on push or the scan is too old",
  },
  {
    action: "ecr:GetSigningConfiguration",
    on: "any",
    roles: deployers,
    why: "see whether ECR signs images itself (managed signing), for `slipway verify --evidence`",
  },
  {
    action: "ecr:DescribeImageSigningStatus",
    on: "repository",
    roles: deployers,
    why: "see whether ECR has signed an image, for `slipway verify --evidence`",
  },
  {
    action: "inspector2:GetConfiguration",
    on: "inspector-settings",
    roles: deployers,
    why: "compare Inspector's re-scan duration with slipway:scanning.rescan, for `slipway doctor`",
  },
  {
    action: "ecr:GetRepositoryPolicy",
    on: "repository",
    roles: [...deployers, ...inspectors],
    why: "see which other accounts may pull; Lambda checks that it may, as the principal that updates the function",
  },
];

/** Permissions to sign with a key of KMS. */
const signing: readonly Permission<SharedResource>[] = [
  {
    action: "kms:GetPublicKey",
    on: "verifying-key",
    roles: planners,
    why: "name the key in a signature, and verify signatures",
    when: "slipway:evidence.sign or slipway:gates.signed names a key of KMS",
  },
  {
    action: "kms:Sign",
    on: "signing-key",
    roles: deployers,
    why: "sign images, and what is attached to them, with the key of KMS that slipway:evidence.sign names",
  },
];

/** Permissions to read the state of targets of all kinds. */
const evidence: readonly Permission<SharedResource>[] = [
  {
    action: "logs:GetLogEvents",
    on: "log-group",
    roles: deployers,
    why: "read the last log lines of a stopped task",
  },
  { action: "logs:FilterLogEvents", on: "log-group", roles: deployers, why: "slipway logs" },
  {
    action: "logs:DescribeLogStreams",
    on: "log-group",
    roles: deployers,
    why: "find the log stream of a task",
  },
  {
    // AWS cuts it to alarms, and then tells nothing of composite ones: "You can't return information about
    // composite alarms if your cloudwatch:DescribeAlarms permission has a narrower scope."
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    action: "cloudwatch:DescribeAlarms",
    on: "any",
    roles: planners,
    why: "check the metric and composite alarms that end a deployment",
    when: "a target names alarms",
  },
];

const identity: readonly Permission[] = [
  {
    action: "sts:GetCallerIdentity",
    on: "any",
    roles: all,
    why: "compare the credentials with aws:allowedAccountIds; AWS never denies it",
  },
  {
    action: "iam:PassRole",
    on: targetKinds.flatMap(({ passedRoles = [] }) => passedRoles),
    roles: deployers,
    why: "the roles that tasks and new functions run with, and those that ECS assumes for a service",
    by: "ECS and Lambda require it when a call passes a role",
  },
  {
    action: "iam:GetRole",
    on: "passable-role",
    roles: deployers,
    why: "check that those roles exist, and trust the service that assumes them",
  },
  {
    action: "iam:SimulatePrincipalPolicy",
    on: "own-role",
    roles: all,
    why: "slipway doctor --ci shows missing permissions",
    when: "a role runs it, and not the root user of the local AWS of the tests",
  },
];

const state: readonly Permission<SharedResource>[] = [
  {
    action: "s3:ListBucket",
    on: "state-bucket",
    roles: pushers,
    why: "write Pulumi's state, also for a build",
    by: byEngine,
  },
  { action: "s3:GetObject", on: "state-object", roles: pushers, why: "Pulumi's state", by: byEngine },
  { action: "s3:PutObject", on: "state-object", roles: pushers, why: "Pulumi's state", by: byEngine },
  {
    action: "s3:DeleteObject",
    on: "state-object",
    roles: pushers,
    why: "Pulumi's lock, and state files that it replaces",
    by: byEngine,
  },
  {
    action: "kms:Decrypt",
    on: "state-key",
    roles: pushers,
    why: "secrets in the stack's settings and state",
    by: byEngine,
  },
  {
    action: "kms:Encrypt",
    on: "state-key",
    roles: pushers,
    why: "secrets in the stack's state",
    by: byEngine,
  },
];

/**
 * Every AWS action that Slipway calls, and the CI roles that may call it. The roles' policies, `doctor --ci`
 * and docs/how-to/ci.md use this list. A test compares it with the calls in `runner/`.
 */
export const permissions: readonly Permission[] = [
  ...registry,
  ...targetKinds.flatMap((kind) => kind.permissions),
  ...inUsePermissions,
  ...signing,
  ...evidence,
  ...identity,
  ...state,
];

/** The permissions of a role. */
export function permissionsOf(role: GithubRole): readonly Permission[] {
  return permissions.filter(({ roles }) => roles.includes(role));
}
