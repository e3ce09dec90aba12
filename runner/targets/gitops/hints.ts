import type { Hint } from "../hint.ts";

/** What goes wrong on the way to a branch, beside what the errors themselves say. */
export const gitopsHints: readonly Hint[] = [
  {
    when: [/GH013|required status check|Changes must be made through a pull request/i],
    advice: "add the account of this run to the bypass list of the branch's rules",
  },
  {
    when: [/stale|shallow update not allowed/i],
    advice: "delete .slipway/manifests and run the command again: it is only a copy",
  },
];
