import pMap from "p-map";
import type { SmokeCheck } from "../../../config/targets/smoke.ts";
import type { Clock } from "../poll.ts";
import { type Answer, ask } from "./ask.ts";

/** How a smoke check ended: a line for each URL, what it answered last. */
export interface SmokeResult {
  readonly passed: boolean;
  readonly lines: readonly string[];
}

export interface SmokeOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each attempt that did not succeed. */
  readonly onFailure: (line: string) => void;
}

/** Asks every URL until it answers as it should, or its attempts are used up. */
export async function smokeCheck(
  urls: readonly string[],
  check: SmokeCheck,
  { clock, signal, onFailure }: SmokeOptions,
): Promise<SmokeResult> {
  const results = await pMap(
    urls,
    async (url) => {
      for (let attempt = 1; ; attempt++) {
        const answer = await ask(url, check.timeoutSeconds, signal);
        const fault = faultOf(answer, check);
        if (fault === undefined) return { passed: true, line: `${url} answers ${check.status}` };
        const line = `GET ${url} ${fault}`;
        if (attempt >= check.attempts)
          return { passed: false, line: `${line} (attempt ${attempt} of ${check.attempts})` };
        onFailure(`${line} (attempt ${attempt} of ${check.attempts})`);
        await clock.sleep(check.intervalSeconds * 1000, signal);
      }
    },
    { concurrency: 8, signal },
  );
  const passed = results.every((result) => result.passed);
  return {
    passed,
    lines: results.filter((result) => passed || !result.passed).map(({ line }) => line),
  };
}

/** What is wrong with an answer; undefined when nothing is. */
export function faultOf(answer: Answer, check: Pick<SmokeCheck, "status" | "matches">): string | undefined {
  if (answer.kind === "silent") return `did not answer: ${answer.reason}`;
  const said = answer.body.trim() === "" ? "" : `: ${JSON.stringify(beginningOf(answer.body))}`;
  if (answer.status !== check.status) return `answered ${answer.status}, not ${check.status}${said}`;
  if (check.matches === undefined || new RegExp(check.matches).test(answer.body)) return undefined;
  return `answered ${answer.status}, and that does not match /${check.matches}/${said}`;
}

function beginningOf(body: string): string {
  const text = body.replace(/\s+/g, " ").trim();
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
