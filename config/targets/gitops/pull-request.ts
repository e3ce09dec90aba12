import { z } from "zod";
import { forgeNames } from "./forge-names.ts";

/** `pullRequest` of a GitOps target. */
export const pullRequestSchema = z
  .strictObject({
    forge: z
      .enum(forgeNames)
      .optional()
      .describe("What the repository's server is; default: known for github.com, ghe.com and gitlab.com"),
    api: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Address of the server's REST API; default: https://api.github.com, https://HOST/api/v3 (GitHub Enterprise Server) or https://HOST/api/v4 (GitLab). Gitea and Forgejo: forge: github and https://HOST/api/v1",
      ),
    tokenEnvironment: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not the name of an environment variable")
      .optional()
      .describe(
        "Name of the environment variable with the token for the API; default: the target's tokenEnvironment, or GITHUB_TOKEN or GITLAB_TOKEN",
      ),
    labels: z.array(z.string().min(1)).max(20).default([]).describe("Labels of a new pull request"),
    reviewers: z
      .array(z.string().min(1))
      .max(15)
      .default([])
      .describe("Users who are asked to review a new pull request; on GitHub also teams, as org/team"),
    mergeTimeoutSeconds: z
      .int()
      .positive()
      .max(86_400)
      .default(3600)
      .describe("Time limit for the merge with --wait-merge"),
  })
  .describe(
    "The pull request, with deliver: pull-request; with commit: api, forge, api and tokenEnvironment are for the commit as well",
  );

export type PullRequestSettings = z.output<typeof pullRequestSchema>;
