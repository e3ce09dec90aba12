import { UserError } from "../../../../config/problems/errors.ts";
import { type ForgePlace, forgeOf } from "../../../../config/targets/gitops/forge.ts";
import type { GitopsTarget } from "../../../../config/targets/gitops/target.ts";
import type { Forge } from "./forge.ts";

/**
 * The server that has the pull requests of a target, by a client that is loaded now.
 *
 * @throws UserError `forge-refused` without a token
 */
export async function openForge(
  target: Pick<GitopsTarget, "repository" | "pullRequest" | "tokenEnvironment">,
  signal: AbortSignal,
): Promise<Forge> {
  const place = forgeOf(target);
  if (place === undefined) throw new Error(`${target.repository} is on no server with pull requests`);
  const token = tokenOf(
    place,
    place.forge === "github" ? "read and write Contents and Pull requests" : "use the API (scope api)",
  );
  switch (place.forge) {
    case "github":
      return (await import("./github.ts")).openGithub(place, token, signal);
    case "gitlab":
      return (await import("./gitlab.ts")).openGitlab(place, token, signal);
  }
}

/**
 * The token for a server's API.
 *
 * @param scope what it has to be allowed, for the message
 * @throws UserError `forge-refused` when its variable is not set
 */
export function tokenOf({ project, tokenEnvironment }: ForgePlace, scope: string): string {
  const token = process.env[tokenEnvironment];
  if (token !== undefined && token !== "") return token;
  throw new UserError(
    {
      code: "forge-refused",
      where: project,
      key: "pullRequest.tokenEnvironment",
      value: tokenEnvironment,
      message: "this environment variable is not set",
      fix: `set ${tokenEnvironment} to a token that may ${scope}, or name another variable`,
    },
    { exitCode: 1 },
  );
}

/** What a token of a job of GitHub Actions can't do: its pushes and pull requests start no workflows. */
export function tokenNote(
  target: Pick<GitopsTarget, "repository" | "pullRequest" | "tokenEnvironment">,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const place = forgeOf(target);
  const isJobs =
    place?.forge === "github" &&
    place.tokenEnvironment === "GITHUB_TOKEN" &&
    environment.GITHUB_ACTIONS === "true";
  return isJobs
    ? "GitHub starts no checks for a pull request that GITHUB_TOKEN opens: where checks must pass, use the token of a GitHub App (pullRequest.tokenEnvironment)"
    : undefined;
}
