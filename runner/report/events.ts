import { isAbort } from "../../config/problems/abort.ts";
import type { ErrorCode } from "../../config/problems/codes.ts";
import { firstLine } from "../../config/problems/first-line.ts";

/** What a step ended with. `skipped`: nothing had to be done. */
export type StepOutcome = "done" | "failed" | "skipped" | "cancelled";

/**
 * Everything that happens during a command, as data. The live list on a terminal and the plain lines
 * elsewhere are the two readers of this stream (`runner/report/`). The code that does the work never
 * prints. The document of `--output json` is not read from it: each command returns its own.
 *
 * A step is named by its `id`, unique in a run (`build ui linux/arm64`, `target ecs shop/ui`);
 * `parent` nests it under another.
 */
export type RunEvent =
  | { readonly kind: "step-started"; readonly id: string; readonly title: string; readonly parent?: string }
  /** Where a step is now; replaces the message before it on a terminal. */
  | { readonly kind: "step-progress"; readonly id: string; readonly message: string }
  /** One line of output of something that the step runs (BuildKit, an ECS event). */
  | { readonly kind: "step-log"; readonly id: string; readonly line: string }
  | {
      readonly kind: "step-ended";
      readonly id: string;
      readonly outcome: StepOutcome;
      readonly message?: string;
      readonly milliseconds: number;
    }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "warning"; readonly code: ErrorCode; readonly message: string; readonly fix?: string };

/** Sends an event to whoever reports the run. Never throws. */
export type Emit = (event: RunEvent) => void;

/** A reader of the event stream that shows it as it comes. */
export interface Reporter {
  readonly emit: Emit;
  /** Shows what is still to be shown, and stops. Events that come later are dropped. */
  close(): void;
}

export interface ReporterOptions {
  readonly stream: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}

/** A step as the work in it sees it. */
export interface Step {
  /** What events and inner steps name it by. */
  readonly id: string;
  progress(message: string): void;
  log(line: string): void;
  /** Ends the step with this outcome and message instead of a bare `done`. */
  conclude(outcome: StepOutcome, message?: string): void;
}

/** Runs `work` as a step: emits its start and its end, with the time that it took. */
export async function runStep<T>(
  emit: Emit,
  step: { readonly id: string; readonly title: string; readonly parent?: string },
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  let conclusion: { outcome: StepOutcome; message?: string } = { outcome: "done" };
  emit({ kind: "step-started", ...step });
  const end = (outcome: StepOutcome, message?: string) =>
    emit({
      kind: "step-ended",
      id: step.id,
      outcome,
      ...(message === undefined ? {} : { message }),
      milliseconds: performance.now() - startedAt,
    });
  try {
    const result = await work({
      id: step.id,
      progress: (message) => emit({ kind: "step-progress", id: step.id, message }),
      log: (line) => emit({ kind: "step-log", id: step.id, line }),
      conclude: (outcome, message) => {
        conclusion = message === undefined ? { outcome } : { outcome, message };
      },
    });
    end(conclusion.outcome, conclusion.message);
    return result;
  } catch (error) {
    const cancelled = isAbort(error);
    end(cancelled ? "cancelled" : "failed", firstLine(error));
    throw error;
  }
}
