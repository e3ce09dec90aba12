import { UserError } from "../../../config/problems/errors.ts";
import { didYouMean } from "../../../config/problems/nearest.ts";
import { type CleanupKind, cleanupKinds } from "../../../lifecycle/cleanup/model.ts";
import type { CleanupPolicy } from "./plan-file.ts";

/** Options of `cleanup plan`, as written. */
export interface WrittenPolicy {
  readonly kinds: string;
  readonly keepNewest: number;
  readonly graceDays: number;
  readonly despiteBlindSpots: boolean;
  readonly removedRepositories: string | undefined;
}

/**
 * What a clean-up is asked for.
 *
 * @throws UserError with all options that can't be
 */
export function policyOf(written: WrittenPolicy): CleanupPolicy {
  const { keepNewest, graceDays, despiteBlindSpots } = written;
  const kinds = listOf(written.kinds);
  const problems = [
    ...kinds
      .filter((kind) => !isKind(kind))
      .map((value) => ({
        where: "--kinds",
        value,
        message: "is not a kind",
        fix: didYouMean(value, cleanupKinds),
      })),
    ...[["--keep-newest", keepNewest] as const, ["--grace-days", graceDays] as const]
      .filter(([, value]) => !(Number.isFinite(value) && value >= 0))
      .map(([where, value]) => ({
        where,
        value: String(value),
        message: "is not a valid number",
        fix: "give a number that is not below 0",
      })),
  ];
  if (problems.length > 0) throw new UserError(problems.map((one) => ({ code: "wrong-usage", ...one })));
  return {
    kinds: cleanupKinds.filter((kind) => kinds.includes(kind)),
    keepNewest,
    graceDays,
    despiteBlindSpots,
    removedRepositories: listOf(written.removedRepositories ?? ""),
  };
}

function isKind(text: string): text is CleanupKind {
  return (cleanupKinds as readonly string[]).includes(text);
}

function listOf(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()))].filter((one) => one !== "");
}
