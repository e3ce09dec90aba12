import { z } from "zod";

/** Roles that a workflow can assume: three from the fewest to the most permissions, and one that only looks. */
export const githubRoles = ["pullRequest", "push", "deploy", "inspect"] as const;
export type GithubRole = (typeof githubRoles)[number];

/** Roles that a stack gets unless it says which. */
const defaultRoles: GithubRole[] = ["pullRequest", "push", "deploy"];

const arn = (service: string, what: string) =>
  z.string().regex(new RegExp(`^arn:[a-z-]+:${service}:[^*?]+$`), {
    error: `must be the ARN of ${what}, without wildcards`,
  });
const numericId = z.string().regex(/^\d{1,20}$/, { error: "must be the numeric id, in quotes" });

/** Whose workflows may do what in a stack's account. Pulumi.<stack>.yaml, `slipway:github`. */
export const githubSchema = z
  .strictObject({
    repository: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, {
        error: "must be owner/name, as GitHub spells it, without wildcards",
      })
      .describe("Repository (owner/name) whose workflows assume the roles"),
    ownerId: numericId
      .optional()
      .describe("Numeric id of the owner; with repositoryId, the roles also trust tokens that carry ids"),
    repositoryId: numericId.optional().describe("Numeric id of the repository"),
    roles: z
      .array(z.enum(githubRoles))
      .default(defaultRoles)
      .describe(
        "Roles to create; inspect, which reads all that runs images in the account, only if it is named",
      ),
    environment: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^*?]+$/, { error: "must be one environment's name, without wildcards" })
      .optional()
      .describe(
        "GitHub environment of the jobs that deploy; the deploy role then trusts only this environment",
      ),
    branches: z
      .array(z.string().regex(/^[^*?\s]+$/, { error: "must be one branch's name, without wildcards" }))
      .default(["main"])
      .describe("Branches whose workflows may push, and deploy if no environment is set"),
    tags: z
      .array(z.string().regex(/^[^?\s]+$/, { error: "must be a tag's name or a pattern with *" }))
      .default([])
      .describe("Tags whose workflows may push, and deploy if no environment is set: v*"),
    provider: arn("iam", "an OIDC provider")
      .optional()
      .describe("ARN of the account's existing OIDC provider for GitHub; default: the stack creates one"),
    permissionsBoundary: arn("iam", "a policy").optional().describe("Permissions boundary of the roles"),
    taskRoles: z
      .array(arn("iam", "a role"))
      .default([])
      .describe("Task and execution roles of new task definitions; the deploy role may pass no others"),
    serviceRoles: z
      .array(arn("iam", "a role"))
      .default([])
      .describe(
        "Roles that ECS assumes and a deployment passes: of lifecycle hooks, if deploymentAlarms change; of volumes, if a task runs before the update",
      ),
    taskFamilies: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, { error: "is not a family of task definitions" }))
      .default([])
      .describe(
        "Task definition families that the role may register; default: each ECS service's name, and cluster-service",
      ),
    logGroups: z
      .array(
        z.string().regex(/^[A-Za-z0-9_/.#-]{1,511}\*?$/, {
          error: "is not a log group name, or a prefix and *",
        }),
      )
      .default([])
      .describe("Log groups of the tasks, to show why they stopped; Slipway knows those of functions"),
    secrets: z
      .array(arn("secretsmanager", "a secret"))
      .default([])
      .describe("Secrets in task definitions; Slipway checks that they exist, and never reads their value"),
    parameters: z
      .array(arn("ssm", "a parameter"))
      .default([])
      .describe(
        "Parameters in task definitions, to check that they exist; this permission also allows reading the value",
      ),
    promotesFrom: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Stacks of this project whose images the deploy role may read, to promote them to this stack",
      ),
    stateBucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: "is not a bucket name" })
      .optional()
      .describe("S3 bucket with Pulumi's state; a build reads and writes it"),
    stateKey: arn("kms", "a key").optional().describe("KMS key of the stack's secrets"),
  })
  .refine(({ ownerId, repositoryId }) => (ownerId === undefined) === (repositoryId === undefined), {
    error:
      "needs both ownerId and repositoryId, or neither: gh api repos/<owner>/<name> --jq '.owner.id,.id'",
    path: ["repositoryId"],
  })
  .describe("Roles for GitHub Actions with OIDC, without stored keys");

export type GithubSettings = z.output<typeof githubSchema>;

/** Issuer of the tokens of GitHub Actions, without its scheme: as IAM names it in conditions. */
export const githubIssuer = "token.actions.githubusercontent.com";

/** Required audience of the tokens. */
export const githubAudience = "sts.amazonaws.com";

/** The `sub` values that a role trusts. */
export interface TrustedSubjects {
  /** Compared as they are. */
  readonly exact: readonly string[];
  /** Tag patterns: a wildcard behind `refs/tags/`, never before it. */
  readonly patterns: readonly string[];
}

/**
 * The subjects that a role trusts, in each form that GitHub sends: with names, and with names and ids
 * where those are given (repositories made since 15 July 2026, and older ones that were switched). A job
 * that uses an environment has the environment in its subject and neither branch nor tag.
 * https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
 */
export function trustedSubjects(github: GithubSettings, role: GithubRole): TrustedSubjects {
  const environment =
    github.environment === undefined ? [] : [`environment:${github.environment.replaceAll(":", "%3A")}`];
  const refs = github.branches.map((branch) => `ref:refs/heads/${branch.replaceAll(":", "%3A")}`);
  const tags = github.tags.map((tag) => `ref:refs/tags/${tag.replaceAll(":", "%3A")}`);
  const [exactTags, tagPatterns] = [
    tags.filter((tag) => !tag.includes("*")),
    tags.filter((tag) => tag.includes("*")),
  ];
  const onRepository = (contexts: readonly string[]) =>
    repositoryForms(github).flatMap((repository) =>
      contexts.map((context) => `repo:${repository}:${context}`),
    );
  switch (role) {
    case "pullRequest":
      return { exact: onRepository(["pull_request"]), patterns: [] };
    case "push":
      return {
        exact: onRepository([...environment, ...refs, ...exactTags]),
        patterns: onRepository(tagPatterns),
      };
    // A scheduled workflow runs on the default branch, with or without the environment of the jobs that deploy.
    case "inspect":
      return { exact: onRepository([...environment, ...refs]), patterns: [] };
    case "deploy":
      return environment.length > 0
        ? { exact: onRepository(environment), patterns: [] }
        : { exact: onRepository([...refs, ...exactTags]), patterns: onRepository(tagPatterns) };
  }
}

function repositoryForms({ repository, ownerId, repositoryId }: GithubSettings): string[] {
  const [owner, name] = repository.split("/");
  return [
    repository,
    ...(ownerId === undefined || repositoryId === undefined
      ? []
      : [`${owner}@${ownerId}/${name}@${repositoryId}`]),
  ];
}

/** Name of a stack's role for GitHub: `slipway-prod-deploy`. */
export function githubRoleName(prefix: string, role: GithubRole): string {
  return `${prefix}-${role === "pullRequest" ? "pull-request" : role}`;
}
