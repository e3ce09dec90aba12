import { stackFile } from "../../config/description/description.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Gate } from "../targets/gate.ts";

/** Maximum number of paths of a service in an error; the others are only counted. */
const shownPaths = 3;

/** The verdict of the gate `requireCleanTree`. */
export function cleanTreeGate([problem]: readonly Problem[], allowDirty: boolean): Gate {
  const gate = "clean tree" as const;
  if (problem === undefined) return { gate, verdict: "passed" };
  return { gate, verdict: allowDirty ? "overridden" : "failed", message: problem.message };
}

/** Why a service may not be deployed to a stack that requires a clean tree. */
export function cleanTreeProblems(
  service: string,
  stack: string,
  uncommitted: readonly string[] | "no git",
): Problem[] {
  if (uncommitted.length === 0) return [];
  const problem = { where: stackFile(stack), key: "slipway:deploy.requireCleanTree", value: true };
  if (uncommitted === "no git") {
    return [
      {
        ...problem,
        code: "no-commit",
        message:
          "not a git repository, or it has no commits: the deployed source could not be identified later",
        fix: "deploy from a clone, or add --allow-dirty",
      },
    ];
  }
  const shown = uncommitted.slice(0, shownPaths).join(", ");
  const more = uncommitted.length > shownPaths ? ` and ${uncommitted.length - shownPaths} more` : "";
  return [
    {
      ...problem,
      code: "dirty-tree",
      message: `${service} is built from uncommitted changes: ${shown}${more}`,
      fix: "commit them, or add --allow-dirty",
    },
  ];
}
