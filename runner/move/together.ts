import type { Target } from "../../config/targets/target.ts";
import { kindOf } from "../targets/kinds.ts";
import type { PlannedMove, TargetPlan } from "../targets/target.ts";
import type { Gathering, TargetMove } from "./target.ts";

/** Targets that start together. Most are alone. */
export type Unit = readonly TargetMove[];

/** Targets whose kind changes several by one call, in units of those; every other target by itself. */
export function unitsOf(moves: readonly TargetMove[], directory: string): readonly Unit[] {
  const keyOf = ({ plan: { target, title } }: TargetMove) => {
    const { together } = kindOf(target);
    return together === undefined
      ? `target ${title}`
      : `together ${target.kind} ${together.key(target, directory)}`;
  };
  return [...Map.groupBy(moves, keyOf).values()];
}

/**
 * Runs the work on each target of a unit. The targets that come to `apply` wait for each other there; those that
 * end before are not waited for. A target that has to be applied again, since somebody else had changed it, is
 * applied by itself.
 */
export function gather<R>(
  unit: Unit,
  work: (move: TargetMove, gathering: Gathering | undefined) => Promise<R>,
): Promise<readonly R[]> {
  const [first] = unit;
  if (first === undefined || unit.length === 1) return Promise.all(unit.map((move) => work(move, undefined)));
  const kind = kindOf(first.plan.target);
  const waiting = new Map<TargetPlan["title"], Waiting>();
  const left = new Set(unit.map(({ plan }) => plan.title));
  const applyIfAllAreHere = () => {
    if (left.size > 0 || waiting.size === 0) return;
    const all = [...waiting.values()];
    waiting.clear();
    void applyAll(kind.together, all);
  };
  const gathering: Gathering = {
    apply: (move) => {
      if (!left.delete(move.plan.title)) return kind.apply(move.plan, move.image, move.context);
      return new Promise((resolve, reject) => {
        waiting.set(move.plan.title, { move, resolve, reject });
        applyIfAllAreHere();
      });
    },
  };
  return Promise.all(
    unit.map((move) =>
      work(move, gathering).finally(() => {
        if (left.delete(move.plan.title)) applyIfAllAreHere();
      }),
    ),
  );
}

interface Waiting {
  readonly move: PlannedMove<Target, unknown>;
  resolve(applied: unknown): void;
  reject(error: unknown): void;
}

async function applyAll(
  together: ReturnType<typeof kindOf>["together"],
  waiting: readonly Waiting[],
): Promise<void> {
  try {
    if (together === undefined) throw new Error("the kind applies each target by itself");
    const results = await together.apply(waiting.map(({ move }) => move));
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const result = results[index];
      if (result?.status === "fulfilled") resolve(result.value);
      else reject(result?.reason ?? new Error("a target has no result"));
    }
  } catch (error) {
    for (const { reject } of waiting) reject(error);
  }
}
