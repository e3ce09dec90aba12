import type { Problem } from "./errors.ts";

/** `file:line:column` of a key, or of its nearest existing parent. */
export type Locate = (path: readonly PropertyKey[]) => string;

/**
 * Problems that name a file and a key in it, with line and column. Those of other files stay as they are.
 *
 * @param locators by file
 */
export function located(
  problems: readonly Problem[],
  locators: Readonly<Record<string, Locate | undefined>>,
): Problem[] {
  return problems.map((problem) => {
    const locate = problem.where === undefined ? undefined : locators[problem.where];
    if (locate === undefined || problem.key === undefined) return problem;
    return { ...problem, where: locate(pathOfKey(problem.key)) };
  });
}

/**
 * `services.ui.platforms[1]` as a path. A name with a dot in it falls apart, and what is looked for is then
 * found as far as the name before it.
 */
export function pathOfKey(key: string): PropertyKey[] {
  return [...key.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) =>
    index === undefined ? part : Number(index),
  );
}
