import type { Problem } from "../../config/problems/errors.ts";

/** The summary, outputs and annotations of a command in a GitHub Actions job. */
export interface JobReport {
  /** The stack whose comment on the pull request this goes into. */
  readonly stack: string | undefined;
  /** Markdown, beginning with a heading. */
  readonly summary: string;
  /** Outputs of the step; values are text or JSON. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Additional annotations, besides those that the run already printed. */
  readonly problems: readonly Problem[];
}
