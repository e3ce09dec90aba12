import type { TargetProblem } from "../target.ts";
import { hostAndPath } from "./address.ts";
import type { ForgeName } from "./forge-names.ts";
import type { GitopsTarget } from "./target.ts";

/** Where the REST API of a target's repository is: for its pull requests, and for commits through it. */
export interface ForgePlace {
  readonly forge: ForgeName;
  /** Address of the REST API, without a slash at its end. */
  readonly api: string;
  /** `owner/name`, or a path of groups on GitLab. */
  readonly project: string;
  /** Name of the environment variable with the token. */
  readonly tokenEnvironment: string;
}

const defaultTokens = { github: "GITHUB_TOKEN", gitlab: "GITLAB_TOKEN" } as const;

/**
 * Where the pull requests of a target are, by its address and settings; undefined when neither says it.
 *
 * GitHub Enterprise Server has its API under `/api/v3`:
 * https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api
 */
export function forgeOf({
  repository,
  pullRequest,
  tokenEnvironment,
}: Pick<GitopsTarget, "repository" | "pullRequest" | "tokenEnvironment">): ForgePlace | undefined {
  const place = hostAndPath(repository);
  const forge = pullRequest?.forge ?? forgeOfHost(place?.host);
  if (place === undefined || forge === undefined || !place.path.includes("/")) return undefined;
  const api = pullRequest?.api ?? apiOf(forge, place.host);
  return {
    forge,
    api: api.replace(/\/+$/, ""),
    // A server of GitHub's may stand below a path of its own; groups of GitLab have any depth.
    project: forge === "github" ? place.path.split("/").slice(-2).join("/") : place.path,
    tokenEnvironment: pullRequest?.tokenEnvironment ?? tokenEnvironment ?? defaultTokens[forge],
  };
}

function forgeOfHost(host: string | undefined): ForgeName | undefined {
  switch (host) {
    case "github.com":
    case "ssh.github.com":
      return "github";
    case "gitlab.com":
    case "altssh.gitlab.com":
      return "gitlab";
    default:
      return host?.endsWith(".ghe.com") === true ? "github" : undefined;
  }
}

/** GitHub Enterprise Cloud with data residency: https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency */
function apiOf(forge: ForgeName, host: string): string {
  if (forge === "gitlab") return `https://${host === "altssh.gitlab.com" ? "gitlab.com" : host}/api/v4`;
  if (host === "github.com" || host === "ssh.github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `https://${host}/api/v3`;
}

/** What is wrong with the way in which a target is delivered. */
export function deliverProblems(target: GitopsTarget, key: string): TargetProblem[] {
  const { deliver, pullRequest, repository } = target;
  if (deliver === "push") {
    // Commits through the API go where pull requests would.
    const isForCommits = target.commit === "api" && hasNothingToAsk(pullRequest);
    if (pullRequest === undefined || isForCommits) return [];
    const message = "a target that is delivered by push opens no pull request";
    const fix = "write deliver: pull-request, or remove pullRequest";
    return [{ code: "contradicting-settings", key: `${key}.pullRequest`, message, fix }];
  }
  const forge = forgeOf(target);
  if (forge !== undefined) return forge.forge === "gitlab" ? teamProblems(target, key) : [];
  const place = hostAndPath(repository);
  const [message, fix] =
    place === undefined
      ? [
          "a path has no pull requests",
          "write the repository's address on GitHub or GitLab, or deliver: push",
        ]
      : [
          `nothing says whether ${place.host} is GitHub or GitLab`,
          "write pullRequest.forge: github or gitlab, and an address with owner and name",
        ];
  return [{ code: "invalid-value", key: `${key}.deliver`, value: deliver, message, fix }];
}

function hasNothingToAsk(pullRequest: GitopsTarget["pullRequest"]): boolean {
  return pullRequest?.labels.length === 0 && pullRequest.reviewers.length === 0;
}

/** What is wrong with the way in which a target's commits are made. */
export function commitProblems(target: GitopsTarget, key: string): TargetProblem[] {
  const { commit, repository } = target;
  const forge = forgeOf(target)?.forge;
  if (commit === "git" || forge === "github") return [];
  const at = { code: "invalid-value", key: `${key}.commit`, value: commit } as const;
  const place = hostAndPath(repository);
  if (place === undefined) {
    const fix = "write the repository's address on GitHub, or commit: git";
    return [{ ...at, message: "a path has no API to commit through", fix }];
  }
  if (forge === "gitlab") {
    return [{ ...at, message: "Slipway commits through the API of GitHub only", fix: "write commit: git" }];
  }
  const fix = "write pullRequest.forge: github and an address with owner and name, or commit: git";
  return [{ ...at, message: `nothing says that ${place.host} is GitHub`, fix }];
}

/** GitLab asks users to review, and no groups. https://docs.gitlab.com/api/merge_requests/#create-mr */
function teamProblems({ pullRequest }: GitopsTarget, key: string): TargetProblem[] {
  return (pullRequest?.reviewers ?? []).flatMap((reviewer, index): TargetProblem[] =>
    reviewer.includes("/")
      ? [
          {
            code: "invalid-value",
            key: `${key}.pullRequest.reviewers[${index}]`,
            value: reviewer,
            message: "GitLab takes users as reviewers, and no groups",
            fix: "write usernames, or name the group's rule in the project's approval settings",
          },
        ]
      : [],
  );
}
