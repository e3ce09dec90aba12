import type { Problem } from "../../config/problems/errors.ts";

/** What a job of GitHub Actions shows of a command, and hands on to later steps. */
export interface JobReport {
  /** The stack whose comment on the pull request this goes into. */
  readonly stack: string | undefined;
  /** Markdown, beginning with a heading. */
  readonly summary: string;
  /** Outputs of the step; values are text or JSON. */
  readonly outputs: Readonly<Record<string, string>>;
  /** To be shown as annotations, besides what was shown while it ran. */
  readonly problems: readonly Problem[];
}
