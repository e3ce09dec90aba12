import { sentenceOf, type Verdict } from "./verdict.ts";

/** What the looks before have left. */
export interface FollowState {
  readonly last: Verdict | undefined;
  /** Since when it fails without a break; milliseconds since the epoch. */
  readonly failingSince: number | undefined;
  readonly askedAt: number | undefined;
  /** Lines that were said. */
  readonly said: readonly string[];
}

export const nothingSeen: FollowState = {
  last: undefined,
  failingSince: undefined,
  askedAt: undefined,
  said: [],
};

/** What one look leads to. */
export interface Step {
  readonly state: FollowState;
  /** Where it is; undefined when it is where it was. */
  readonly progress?: string;
  /** Said once, because a person has to know. */
  readonly log?: string;
  readonly ask?: "refresh" | "hard refresh";
  /** Undefined: look again. */
  readonly end?: Extract<Verdict, { kind: "running" | "failed" | "overtaken" }>;
}

/** A refresh that was asked for has this time to show. */
const askAgainMilliseconds = 20_000;

/** Decides what a verdict leads to: wait, ask for a refresh, or end. */
export function next(state: FollowState, verdict: Verdict, at: number): Step {
  const failingSince = verdict.kind === "failing" ? (state.failingSince ?? at) : undefined;
  const sentence = sentenceOf(verdict);
  const isNew = state.last === undefined || sentenceOf(state.last) !== sentence;
  const isFailed =
    verdict.kind === "failing" &&
    failingSince !== undefined &&
    at - failingSince >= verdict.graceSeconds * 1000;
  const isFinal =
    isFailed || verdict.kind === "running" || verdict.kind === "failed" || verdict.kind === "overtaken";
  // At first always: without a webhook, Argo CD looks at the repository every three minutes, Flux by its interval.
  const wanted =
    ("asks" in verdict ? verdict.asks : undefined) ?? (state.last === undefined ? "refresh" : undefined);
  const mayAsk = state.askedAt === undefined || at - state.askedAt >= askAgainMilliseconds;
  const ask = wanted !== undefined && mayAsk && !isFinal ? wanted : undefined;
  const tells = (verdict.kind === "paused" || verdict.kind === "failing") && !state.said.includes(sentence);
  const step: Step = {
    state: {
      last: verdict,
      failingSince,
      askedAt: ask === undefined ? state.askedAt : at,
      said: tells ? [...state.said, sentence] : state.said,
    },
    ...(isNew ? { progress: sentence } : {}),
    ...(tells ? { log: sentence } : {}),
    ...(ask === undefined ? {} : { ask }),
  };
  if (isFailed) return { ...step, end: { kind: "failed", reason: sentence } };
  return verdict.kind === "running" || verdict.kind === "failed" || verdict.kind === "overtaken"
    ? { ...step, end: verdict }
    : step;
}
