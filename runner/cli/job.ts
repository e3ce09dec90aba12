import type { ErrorCode } from "../../config/problems/codes.ts";
import type { ExitCode, Problem } from "../../config/problems/errors.ts";
import type { JobReport } from "../github/job-report.ts";
import { locateProblem } from "../github/locate.ts";
import { presentFailure, presentResult } from "../github/present.ts";
import { findPullRequest, writeComment } from "../github/pull-request.ts";
import { appendStepSummary, setStepOutputs } from "../github/step-files.ts";
import type { Emit } from "../report/events.ts";
import { annotation } from "../report/github.ts";
import type { CommandResult } from "./command.ts";

/** A command in a GitHub Actions job. */
export interface Job {
  /** `deploy` */
  readonly command: string;
  /** Whether to also write the result to a comment on the pull request. */
  readonly comment: boolean;
  readonly stack: string | undefined;
  /** The project directory. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly emit: Emit;
  write(text: string): Promise<void>;
}

/** Prints problems as annotations, with file and line if known. */
export async function annotationsOf(
  problems: readonly Problem[],
  { directory, environment }: Pick<Job, "directory" | "environment">,
): Promise<string> {
  const located = await Promise.all(problems.map((each) => locateProblem(each, directory, environment)));
  return located.map((each) => `${annotation("error", each)}\n`).join("");
}

/**
 * Writes a result to the summary, outputs and comment of a GitHub Actions job. Does nothing elsewhere; never
 * throws.
 */
export async function reportResult(job: Job, result: CommandResult): Promise<void> {
  await report(job, presentResult(job.command, result));
}

/** Does the same for a command that was refused or failed. */
export async function reportFailure(
  job: Job,
  failure: { readonly text: string; readonly exitCode: ExitCode },
): Promise<void> {
  await report(job, presentFailure(job.command, { ...failure, stack: job.stack }));
}

async function report(job: Job, found: JobReport): Promise<void> {
  const { environment } = job;
  try {
    await appendStepSummary(environment, found.summary);
    await setStepOutputs(environment, found.outputs);
    await job.write(await annotationsOf(found.problems, job));
  } catch (error) {
    warn(job, "no-job-summary", `could not write the job's summary or outputs: ${messageOf(error)}`);
  }
  if (job.comment) await comment(job, found);
}

/** Commands that keep a comment of their own: what they say stands beside what a plan says, and not in its place. */
const ownComments = ["scan"];

async function comment(job: Job, { stack, summary }: JobReport): Promise<void> {
  if (stack === undefined) return warn(job, "no-comment", "no comment written: the stack is unknown");
  try {
    const pullRequest = await findPullRequest(job.environment);
    if (typeof pullRequest === "string") {
      return warn(job, "no-comment", `no comment written: ${pullRequest}`);
    }
    // An interrupted run also reports its result.
    const topic = ownComments.find((command) => command === job.command);
    await writeComment(pullRequest, stack, summary, AbortSignal.timeout(60_000), topic);
  } catch (error) {
    warn(job, "no-comment", `could not write the comment on the pull request: ${messageOf(error)}`);
  }
}

function warn(job: Job, code: ErrorCode, message: string): void {
  job.emit({ kind: "warning", code, message });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
