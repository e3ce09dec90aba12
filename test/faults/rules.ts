import type { Call } from "./call.ts";

/** What goes wrong with a request. */
export type Fault =
  /** The connection ends without an answer: before the request is passed on, or after it was answered. */
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  /** The connection ends when so many bytes of the body were passed on. */
  | { readonly kind: "truncate"; readonly bytes: number }
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** An answer of AWS's (or of the registry's) own making, with the request not passed on. */
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  /** What AWS says, as JSON, where the emulator does not know the call; the request is not passed on. */
  | { readonly kind: "say"; readonly answer: object }
  /** The answer to the request, changed: what AWS says, where the emulator has nothing like it. */
  | { readonly kind: "rewrite"; readonly answer: (text: string) => string }
  /** Stays without an answer until it is released, so that a test can act at just this moment. */
  | { readonly kind: "hold"; readonly when: "before" | "after" };

/** Which requests go wrong, and how. */
export interface Rule {
  /** `ecs:UpdateService`, or the beginning of names when it ends with `*`: `ecs:*`. */
  readonly call: string;
  /** Only requests with this in their path or body. */
  readonly about?: string;
  /** The first of the matching requests that it happens to, from 1. Default: 1. */
  readonly from?: number;
  /** How many of them it happens to. Default: 1. */
  readonly times?: number;
  readonly fault: Fault;
}

/** Whether a rule is about a call at all. */
export function matches(rule: Pick<Rule, "call" | "about">, { name, about }: Call): boolean {
  const named = rule.call.endsWith("*") ? name.startsWith(rule.call.slice(0, -1)) : name === rule.call;
  return named && (rule.about === undefined || about.includes(rule.about));
}

/** Whether it happens to the `seen`-th (from 1) of the calls that the rule is about. */
export function applies({ from = 1, times = 1 }: Rule, seen: number): boolean {
  return seen >= from && seen < from + times;
}
