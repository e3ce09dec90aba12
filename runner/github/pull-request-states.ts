import pMap from "p-map";
import { z } from "zod";
import { isAbort } from "../../config/problems/abort.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { apiOf, clientOf, refusalOf } from "./api.ts";

/** Whether pull requests are open. */
export interface PullRequestStates {
  readonly states: ReadonlyMap<number, "open" | "closed">;
  /** Why some are not known; undefined if all are. */
  readonly unknown: string | undefined;
}

const pullSchema = z.object({ state: z.enum(["open", "closed"]) });

/** Calls at the same time: GitHub asks clients to make few of them at once. */
const atOnce = 4;

/**
 * Asks GitHub whether pull requests are closed, one call each. One that GitHub does not answer for is missing.
 * https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
 *
 * @param repository `owner/name`; undefined if it is not known
 * @param environment has GITHUB_TOKEN or GH_TOKEN, and GITHUB_API_URL of a server of your own
 */
export async function readPullRequestStates(
  repository: string | undefined,
  numbers: readonly number[],
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<PullRequestStates> {
  const token = environment.GITHUB_TOKEN || environment.GH_TOKEN || "";
  const [owner, repo] = repository?.split("/") ?? [];
  const nothing = (unknown: string) => ({ states: new Map(), unknown });
  if (numbers.length === 0) return { states: new Map(), unknown: undefined };
  if (owner === undefined || repo === undefined)
    return nothing(
      "the repository on GitHub is not known; set GITHUB_REPOSITORY or slipway:github.repository",
    );
  if (token === "") return nothing("there is no GITHUB_TOKEN");
  const github = await clientOf({ api: apiOf(environment), token }, signal);
  const states = new Map<number, "open" | "closed">();
  let unknown: string | undefined;
  await pMap(
    numbers,
    async (number) => {
      try {
        const path = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
        const { data } = await github.request(path, { owner, repo, pull_number: number });
        states.set(number, pullSchema.parse(data).state);
      } catch (error) {
        signal.throwIfAborted();
        if (isAbort(error)) throw error;
        unknown ??= `GitHub did not answer for #${number} of ${repository}: ${reasonOf(error)}`;
      }
    },
    { concurrency: atOnce, signal },
  );
  return { states, unknown };
}

function reasonOf(error: unknown): string {
  const refusal = refusalOf(error);
  return refusal === undefined ? firstLine(error) : `HTTP ${refusal.status}`;
}
