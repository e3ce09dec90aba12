/** The most services, targets or repositories that a text lists one by one, whatever is the matter with them. */
export const mostListed = 10;

/** Whether a text only counts what has not changed, and lists the rest. `--verbose` lists everything. */
export function isBrief(count: number, verbose: boolean): boolean {
  return !verbose && count > mostListed;
}

/** `995 services unchanged (--verbose lists them)`; nothing for none. */
export function countOfOthers(count: number, one: string, many: string, state: string): string[] {
  if (count === 0) return [];
  const them = count === 1 ? "it" : "them";
  return [`${count.toLocaleString("en")} ${count === 1 ? one : many} ${state} (--verbose lists ${them})`];
}
