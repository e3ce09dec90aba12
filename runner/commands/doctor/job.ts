import { fetch } from "undici";
import { z } from "zod";
import { UserError } from "../../../config/problems/errors.ts";
import { fixHere } from "../../../config/problems/fix-here.ts";
import {
  type GithubRole,
  type GithubSettings,
  githubAudience,
  githubIssuer,
  trustedSubjects,
} from "../../../config/stack/github.ts";
import { readRevision } from "../../git/revision.ts";
import type { Check } from "./document.ts";
import { refused, unlessRefused } from "./refused.ts";

/** Checks that git has the history that change detection and tags need. */
export async function checkHistory(directory: string): Promise<Check> {
  const revision = await readRevision(directory).catch(unlessRefused);
  if (revision instanceof UserError) return refused("history", revision);
  if (revision === undefined) return { name: "history", state: "warn", message: "there is no commit here" };
  return revision.isShallow
    ? {
        name: "history",
        state: "warn",
        message:
          "the clone is shallow: Slipway can't compare with other commits, and can't find earlier tags",
        fix: fixHere({
          github: "set fetch-depth: 0 for actions/checkout",
          gitlab: "set GIT_DEPTH: 0 for the job",
          elsewhere: "run git fetch --unshallow --tags",
        }),
      }
    : { name: "history", state: "ok", message: `complete, at ${revision.commit.slice(0, 8)}` };
}

/**
 * Checks that the job can request a token from GitHub, and that the role trusts the token's subject.
 *
 * @param role the role that the job assumes
 */
export async function checkToken(
  github: GithubSettings | undefined,
  role: GithubRole,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Check> {
  const name = "token";
  if (environment.GITHUB_ACTIONS !== "true") {
    return {
      name,
      state: "warn",
      message: "this is not a GitHub Actions job, so there is no token to check",
    };
  }
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url = "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer = "" } = environment;
  if (url === "" || bearer === "") {
    return {
      name,
      state: "warn",
      message: "the job can't request an OIDC token from GitHub",
      fix: "give the job permissions: id-token: write; GitHub never gives it to pull requests from forks",
    };
  }
  let claims: Claims;
  try {
    claims = await readClaims(url, bearer, signal);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return { name, state: "fail", message: `GitHub returned no token: ${reason}`, fix: "run the job again" };
  }
  return judgeToken(claims, github, role);
}

/** Checks whether a role trusts a token's subject. */
export function judgeToken(claims: Claims, github: GithubSettings | undefined, role: GithubRole): Check {
  const name = "token";
  if (github === undefined) {
    const message = `its subject is ${claims.sub}; the stack declares no roles that could trust it`;
    return { name, state: "ok", message };
  }
  const { exact, patterns } = trustedSubjects(github, role);
  const trusted = exact.includes(claims.sub) || patterns.some((pattern) => fits(claims.sub, pattern));
  if (trusted) return { name, state: "ok", message: `the ${role} role trusts ${claims.sub}` };
  const withIds = claims.sub.includes("@") && github.ownerId === undefined;
  return {
    name,
    state: "fail",
    message: `the ${role} role does not trust ${claims.sub}; it trusts ${[...exact, ...patterns].join(", ")}`,
    fix: withIds
      ? "GitHub's tokens for this repository carry ids: set ownerId and repositoryId in slipway:github, and run pulumi up"
      : "correct environment, branches or tags in slipway:github, or the job's environment",
  };
}

export interface Claims {
  readonly sub: string;
}

const claimsSchema = z.object({ iss: z.literal(`https://${githubIssuer}`), sub: z.string() });

/** The claims of the job's token. Slipway does not pass the token on. */
async function readClaims(url: string, bearer: string, signal: AbortSignal): Promise<Claims> {
  const answer = await fetch(`${url}&audience=${githubAudience}`, {
    headers: { authorization: `Bearer ${bearer}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { value } = z.object({ value: z.string() }).parse(await answer.json());
  const payload = value.split(".")[1] ?? "";
  return claimsSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
}

/** Compares as IAM's StringLike does: an asterisk matches any text. */
function fits(subject: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(subject);
}
