import { randomUUID } from "node:crypto";
import { appendFile } from "node:fs/promises";

/** GitHub's limit for the summary of one step; it shows nothing of a larger one. */
const maximumSummaryBytes = 1024 * 1024;

/** Adds to what a job shows of this step ($GITHUB_STEP_SUMMARY), where there is such a file. */
export async function appendStepSummary(environment: NodeJS.ProcessEnv, markdown: string): Promise<void> {
  const file = environment.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === "") return;
  await appendFile(file, `${withinBytes(markdown, maximumSummaryBytes - 1)}\n`);
}

/** Sets outputs of this step ($GITHUB_OUTPUT), where there is such a file. */
export async function setStepOutputs(
  environment: NodeJS.ProcessEnv,
  outputs: Readonly<Record<string, string>>,
): Promise<void> {
  const file = environment.GITHUB_OUTPUT;
  if (file === undefined || file === "") return;
  await appendFile(file, outputLines(outputs, randomUUID));
}

/**
 * Outputs as GitHub reads them: each value between two lines that nobody can guess, so that a value
 * can't set another output.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
 */
export function outputLines(outputs: Readonly<Record<string, string>>, random: () => string): string {
  return Object.entries(outputs)
    .map(([name, value]) => {
      const delimiter = `slipway-${random()}`;
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
    })
    .join("");
}

/** The text, truncated to this many bytes. */
export function withinBytes(text: string, maximum: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maximum) return text;
  const note = "\n\n_Truncated at GitHub's size limit._";
  // A character that is cut in the middle is dropped.
  const kept = bytes
    .subarray(0, maximum - Buffer.byteLength(note))
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  return kept + note;
}
