import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isPath, shortAddress } from "../../../../config/targets/gitops/address.ts";
import { type ForgePlace, forgeOf } from "../../../../config/targets/gitops/forge.ts";
import type { GitopsTarget } from "../../../../config/targets/gitops/target.ts";

/** A branch of a manifest repository, and how git gets there. */
export interface Remote {
  /** What git is given: without credentials. */
  readonly address: string;
  readonly branch: string;
  /** The repository in messages. */
  readonly name: string;
  /** Name of the environment variable with a token; undefined: git's own credentials. */
  readonly tokenEnvironment: string | undefined;
  /** The API that makes the commits; undefined: git makes them. */
  readonly api: ForgePlace | undefined;
  /** Where Slipway keeps its copy. */
  readonly cache: string;
  /** The same for all targets that share a branch. */
  readonly key: string;
}

/**
 * The branch that a target is committed to.
 *
 * @param directory the project's, which paths are relative to and which holds the copy
 */
export function remoteOf(
  target: Pick<GitopsTarget, "repository" | "branch" | "tokenEnvironment"> &
    Partial<Pick<GitopsTarget, "commit" | "pullRequest">>,
  directory: string,
): Remote {
  const { repository, branch, tokenEnvironment, commit } = target;
  const address = isPath(repository) ? resolve(directory, atHome(repository)) : repository;
  const hash = createHash("sha256").update(address).digest("hex").slice(0, 16);
  return {
    address,
    branch,
    name: shortAddress(repository),
    tokenEnvironment,
    api: commit === "api" ? forgeOf(target) : undefined,
    cache: join(directory, ".slipway", "manifests", hash),
    key: `${address} ${branch}`,
  };
}

function atHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
