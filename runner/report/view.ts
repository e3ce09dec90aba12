import type { RunEvent, StepOutcome } from "./events.ts";

/** The current state of a step. */
export interface StepView {
  readonly id: string;
  readonly title: string;
  readonly parent: string | undefined;
  readonly state: "running" | StepOutcome;
  /** Its progress, or its result. */
  readonly message: string | undefined;
  /** The last line of what it runs, while it runs. */
  readonly lastLine: string | undefined;
  /** Milliseconds on the clock that `applyEvent` is given. */
  readonly startedAt: number;
  /** How long it took, once it has ended. */
  readonly milliseconds: number | undefined;
}

/** All steps to show, in the order in which they started. */
export interface View {
  readonly steps: readonly StepView[];
}

export const emptyView: View = { steps: [] };

/** The view after an event. Events of steps that never started change nothing. */
export function applyEvent(view: View, event: RunEvent, now: number): View {
  switch (event.kind) {
    case "step-started": {
      const step: StepView = {
        id: event.id,
        title: event.title,
        parent: event.parent,
        state: "running",
        message: undefined,
        lastLine: undefined,
        startedAt: now,
        milliseconds: undefined,
      };
      // A step that is tried again starts again in its place.
      const again = view.steps.some(({ id }) => id === event.id);
      return again ? change(view, event.id, () => step) : { steps: [...view.steps, step] };
    }
    case "step-progress":
      return change(view, event.id, (step) => ({ ...step, message: event.message }));
    case "step-log":
      return event.line.trim() === ""
        ? view
        : change(view, event.id, (step) => ({ ...step, lastLine: event.line.trim() }));
    case "step-ended":
      return change(view, event.id, (step) => ({
        ...step,
        state: event.outcome,
        message: event.message,
        lastLine: undefined,
        milliseconds: event.milliseconds,
      }));
    case "notice":
    case "warning":
      return view;
  }
}

function change(view: View, id: string, to: (step: StepView) => StepView): View {
  return { steps: view.steps.map((step) => (step.id === id ? to(step) : step)) };
}

/** Steps that are nested under none that is shown. */
export function rootsOf(view: View): readonly StepView[] {
  return view.steps.filter(
    ({ parent }) => parent === undefined || !view.steps.some(({ id }) => id === parent),
  );
}

/** Steps directly under one. */
export function childrenOf(view: View, id: string): readonly StepView[] {
  return view.steps.filter(({ parent }) => parent === id);
}

/**
 * Splits a view into the leading trees that have ended completely, which never change again, and the rest.
 */
export function splitFinished(view: View): { readonly finished: View; readonly rest: View } {
  const finished: StepView[] = [];
  for (const root of rootsOf(view)) {
    const tree = treeOf(view, root);
    // Only from the top on, so that the order in which steps started is kept.
    if (tree.some(({ state }) => state === "running")) break;
    finished.push(...tree);
  }
  const gone = new Set(finished.map(({ id }) => id));
  return { finished: { steps: finished }, rest: { steps: view.steps.filter(({ id }) => !gone.has(id)) } };
}

function treeOf(view: View, step: StepView): StepView[] {
  return [step, ...childrenOf(view, step.id).flatMap((child) => treeOf(view, child))];
}
