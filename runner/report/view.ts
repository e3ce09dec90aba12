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

/** An event, and when it came. */
export interface TimedEvent {
  readonly event: RunEvent;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * The view after events. Events of steps that never started change nothing. Several at once cost little more
 * than one, so that a run of a thousand steps does not copy them all for each.
 */
export function applyEvents(view: View, events: readonly TimedEvent[]): View {
  const steps = new Map(view.steps.map((step) => [step.id, step]));
  const change = (id: string, changes: Partial<StepView>) => {
    const step = steps.get(id);
    if (step !== undefined) steps.set(id, { ...step, ...changes });
  };
  for (const { event, now } of events) {
    switch (event.kind) {
      case "step-started":
        // A step that is tried again starts again in its place.
        steps.set(event.id, {
          id: event.id,
          title: event.title,
          parent: event.parent,
          state: "running",
          message: undefined,
          lastLine: undefined,
          startedAt: now,
          milliseconds: undefined,
        });
        break;
      case "step-progress":
        change(event.id, { message: event.message });
        break;
      case "step-log":
        if (event.line.trim() !== "") change(event.id, { lastLine: event.line.trim() });
        break;
      case "step-ended":
        change(event.id, {
          state: event.outcome,
          message: event.message,
          lastLine: undefined,
          milliseconds: event.milliseconds,
        });
        break;
      case "notice":
      case "warning":
        break;
    }
  }
  return { steps: [...steps.values()] };
}

/** Steps that are nested under none that is shown. */
export function rootsOf(view: View): readonly StepView[] {
  const ids = new Set(view.steps.map(({ id }) => id));
  return view.steps.filter(({ parent }) => parent === undefined || !ids.has(parent));
}

const children = new WeakMap<View, ReadonlyMap<string | undefined, readonly StepView[]>>();

/** Steps directly under one. */
export function childrenOf(view: View, id: string): readonly StepView[] {
  const known = children.get(view) ?? Map.groupBy(view.steps, ({ parent }) => parent);
  children.set(view, known);
  return known.get(id) ?? [];
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
