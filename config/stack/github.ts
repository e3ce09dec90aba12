import { z } from "zod";

/** Roles that a workflow can take on, from the least to the most that it may do. */
export const githubRoles = ["pullRequest", "push", "deploy"] as const;
export type GithubRole = (typeof githubRoles)[number];

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
      .describe("owner/name: whose workflows take on the roles"),
    ownerId: numericId
      .optional()
      .describe("Numeric id of the owner; with repositoryId, tokens that carry ids are trusted, too"),
    repositoryId: numericId.optional().describe("Numeric id of the repository"),
    roles: z
      .array(z.enum(githubRoles))
      .default([...githubRoles])
      .describe("Which roles there are"),
    environment: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^*?]+$/, { error: "must be one environment's name, without wildcards" })
      .optional()
      .describe("GitHub environment of the jobs that deploy; the deploy role then trusts nothing else"),
    branches: z
      .array(z.string().regex(/^[^*?\s]+$/, { error: "must be one branch's name, without wildcards" }))
      .default(["main"])
      .describe("Branches whose workflows push, and deploy where there is no environment"),
    tags: z
      .array(z.string().regex(/^[^?\s]+$/, { error: "must be a tag's name or a pattern with *" }))
      .default([])
      .describe("Tags whose workflows push, and deploy where there is no environment: v*"),
    provider: arn("iam", "an OIDC provider")
      .optional()
      .describe("ARN of the account's OIDC provider for GitHub, where there is one; default: made here"),
    permissionsBoundary: arn("iam", "a policy")
      .optional()
      .describe("Policy that bounds what the roles can ever be allowed"),
    taskRoles: z
      .array(arn("iam", "a role"))
      .default([])
      .describe("Task and execution roles that new task definitions name: the only ones that may be passed"),
    serviceRoles: z
      .array(arn("iam", "a role"))
      .default([])
      .describe(
        "Roles that ECS itself takes on for a service, which a deployment hands over: of lifecycle hooks, where deploymentAlarms change, and of volumes, where there is a task before the update",
      ),
    taskFamilies: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, { error: "is not a family of task definitions" }))
      .default([])
      .describe(
        "Families of task definitions that may be registered; default: each ECS service's name, alone and behind its cluster's and a hyphen",
      ),
    logGroups: z
      .array(
        z.string().regex(/^[A-Za-z0-9_/.#-]{1,511}\*?$/, {
          error: "is not a log group, or the beginning of one and *",
        }),
      )
      .default([])
      .describe("Log groups of the tasks, to show why they stopped; those of functions are known"),
    secrets: z
      .array(arn("secretsmanager", "a secret"))
      .default([])
      .describe("Secrets that task definitions refer to: whether they exist is looked up, never their value"),
    parameters: z
      .array(arn("ssm", "a parameter"))
      .default([])
      .describe(
        "Parameters that task definitions refer to, to be looked up; who may read one reads its value",
      ),
    promotesFrom: z
      .array(z.string().min(1))
      .default([])
      .describe("Stacks of this project whose images the deploy role may read, to promote them to this one"),
    stateBucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: "is not the name of a bucket" })
      .optional()
      .describe("S3 bucket with Pulumi's state, which a build reads and writes"),
    stateKey: arn("kms", "a key").optional().describe("KMS key of the stack's secrets"),
  })
  .refine(({ ownerId, repositoryId }) => (ownerId === undefined) === (repositoryId === undefined), {
    error:
      "needs both ownerId and repositoryId, or neither: gh api repos/<owner>/<name> --jq '.owner.id,.id'",
    path: ["repositoryId"],
  })
  .describe("Roles for GitHub Actions, by OIDC: no key is stored anywhere");

export type GithubSettings = z.output<typeof githubSchema>;

/** Issuer of the tokens of GitHub Actions, without its scheme: as IAM names it in conditions. */
export const githubIssuer = "token.actions.githubusercontent.com";

/** What the tokens must be meant for. */
export const githubAudience = "sts.amazonaws.com";

/** What a role's trust compares a token's `sub` with. */
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
