import type { BuildWarning } from "../../builder/checks.ts";
import type { DockerfilePolicy } from "../../config/stack/gates.ts";
import type { Gate } from "../targets/gate.ts";

/** A service's Dockerfile with what BuildKit's checks say of it. */
export interface LintedDockerfile {
  /** Its path, for messages. */
  readonly path: string;
  readonly stages: number;
  /** Undefined when they are not asked. */
  readonly checked:
    | { readonly warnings: readonly BuildWarning[] }
    | { readonly unchecked: string }
    | undefined;
}

/** Warnings that a message names; the others are counted. */
const mostNamed = 5;

/** The verdict on a Dockerfile as a gate. Checks that did not run are undecided: the build itself will tell. */
export function judgeDockerfile(
  { path, stages, checked }: LintedDockerfile,
  policy: DockerfilePolicy,
): { readonly gate: Gate; readonly verdict: "block" | "warn" | "pass" } {
  const warnings = checked !== undefined && "warnings" in checked ? checked.warnings : [];
  const faults = [
    ...(warnings.length === 0 ? [] : [{ level: policy.lint, text: lintText(path, warnings) }]),
    ...(stages > 1 ? [] : [{ level: policy.multiStage, text: `multi-stage: ${path} has one stage` }]),
  ].filter(({ level }) => level !== "off");
  const texts = faults.map(({ level, text }) => `${text} (${level === "block" ? "blocks" : "warning"})`);
  if (checked !== undefined && "unchecked" in checked) {
    texts.push(`lint: BuildKit did not check ${path}: ${checked.unchecked}`);
  }
  const message = texts.length === 0 ? `${path}: as the stack wants it` : texts.join("; ");
  if (faults.some(({ level }) => level === "block")) {
    return { gate: { gate: "dockerfile", verdict: "failed", message }, verdict: "block" };
  }
  const isUndecided = checked !== undefined && "unchecked" in checked;
  return {
    gate: { gate: "dockerfile", verdict: isUndecided ? "undecided" : "passed", message },
    verdict: texts.length === 0 ? "pass" : "warn",
  };
}

/** `lint: JSONArgsRecommended (ui/Dockerfile:5), and 2 more` */
function lintText(path: string, warnings: readonly BuildWarning[]): string {
  const named = warnings.slice(0, mostNamed).map(({ rule, line, message }) => {
    const where = line === undefined ? path : `${path}:${line}`;
    return `${rule} in ${where}: ${message}`;
  });
  const more = warnings.length - named.length;
  return `lint: ${[...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ")}`;
}
