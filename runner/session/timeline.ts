import { type Emit, runStep, type Step } from "../report/events.ts";

/** Duration of a part of a run. */
export interface Phase {
  readonly phase: string;
  readonly milliseconds: number;
}

/** Runs the parts of a run as steps, and measures each. */
export interface Timeline {
  readonly phases: readonly Phase[];
  /** Since the run began. */
  elapsed(): number;
  run<T>(step: { readonly id: string; readonly title: string }, work: (step: Step) => Promise<T>): Promise<T>;
}

export function createTimeline(emit: Emit): Timeline {
  const startedAt = performance.now();
  const phases: Phase[] = [];
  return {
    phases,
    elapsed: () => Math.round(performance.now() - startedAt),
    run: async (step, work) => {
      const before = performance.now();
      try {
        return await runStep(emit, step, work);
      } finally {
        phases.push({ phase: step.id, milliseconds: Math.round(performance.now() - before) });
      }
    },
  };
}
