import type { GithubRole } from "../../../config/stack/github.ts";
import type { Ask } from "./policy.ts";

/** A refusal that Slipway lives with. */
interface KnownRefusal {
  /** Left out: every role. */
  readonly role?: GithubRole;
  readonly action: string;
  readonly on: RegExp;
  /** Why the role has no right to it, and what the command says or does instead. */
  readonly reason: string;
}

/** Every other refusal fails the test that meets it: the action is granted, or Slipway does not call it. */
const knownRefusals: readonly KnownRefusal[] = [
  ...["iam:GetRole", "logs:DescribeLogStreams", "secretsmanager:DescribeSecret", "ssm:GetParameters"].map(
    (action): KnownRefusal => ({
      role: "pullRequest",
      action,
      on: /./,
      reason: "pull requests do not read these; the plan names the checks that it skips",
    }),
  ),
  {
    action: "iam:GetRole",
    on: /:role\/shop-checkout-/,
    reason: "no setting names the role of a function that Slipway did not create; the check says not checked",
  },
  ...["ecs:ListClusters", "ecs:ListServices", "lambda:ListFunctions"].map(
    (action): KnownRefusal => ({
      action,
      on: /^\*$/,
      reason:
        "what runs an image is looked for in the whole account; without that, the keep tags of removed targets stay, and the command says so",
    }),
  ),
  ...[
    "apprunner:ListServices",
    "batch:DescribeJobDefinitions",
    "codebuild:ListProjects",
    "events:ListEventBuses",
    "inspector2:ListCoverage",
    "sagemaker:ListModels",
    "scheduler:ListSchedules",
  ].map(
    (action): KnownRefusal => ({
      role: "deploy",
      action,
      on: /^\*$/,
      reason:
        "a changed lifecycle policy is checked against all that may start an image; the run warns of what it could not look at",
    }),
  ),
];

/** Whether a role's refusal is known, and answered well. */
export function isKnownRefusal(role: GithubRole, { action, resource }: Ask): boolean {
  return knownRefusals.some(
    (one) => (one.role ?? role) === role && one.action === action && one.on.test(resource),
  );
}
