import { posix } from "node:path";
import type { TargetPlace, TargetProblem } from "../target.ts";
import { addressFault } from "./address.ts";
import { commitProblems, deliverProblems } from "./forge.ts";
import type { GitopsTarget } from "./target.ts";

/** What git refuses in the name of a branch. https://git-scm.com/docs/git-check-ref-format */
const noBranch = /[\s~^:?*[\\\p{Cc}]|\.\.|@\{|^[-/.]|[/.]$|\/\/|\/\.|\.lock(\/|$)|^@$|^refs\//u;

/** What is wrong with a target before git is asked. */
export function gitopsProblems(target: GitopsTarget, { key }: TargetPlace): TargetProblem[] {
  return [
    ...addressProblems(target, key),
    ...branchProblems(target, key),
    ...fileProblems(target, key),
    ...deliverProblems(target, key),
    ...commitProblems(target, key),
  ];
}

function addressProblems({ repository, tokenEnvironment }: GitopsTarget, key: string): TargetProblem[] {
  const fault = addressFault(repository);
  if (fault === undefined) {
    if (tokenEnvironment === undefined || /^https?:/.test(repository)) return [];
    const message = "git sends a token to an https address only";
    const fix = "write repository as an https address, or remove tokenEnvironment";
    return [
      {
        code: "contradicting-settings",
        key: `${key}.tokenEnvironment`,
        value: tokenEnvironment,
        message,
        fix,
      },
    ];
  }
  const { message, fix, isSecret } = fault;
  const value = isSecret ? {} : { value: repository };
  return [{ code: "invalid-value", key: `${key}.repository`, ...value, message, fix }];
}

function branchProblems({ branch }: GitopsTarget, key: string): TargetProblem[] {
  if (!noBranch.test(branch)) return [];
  return [
    {
      code: "invalid-value",
      key: `${key}.branch`,
      value: branch,
      message: "is not a name that git accepts for a branch",
      fix: "write the name without refs/heads/ and without characters that have a meaning for git",
    },
  ];
}

function fileProblems({ files }: GitopsTarget, key: string): TargetProblem[] {
  return files.flatMap(({ path }, index): TargetProblem[] => {
    const normal = posix.normalize(path);
    const at = { key: `${key}.files[${index}].path`, value: path };
    if (posix.isAbsolute(path) || normal === ".." || normal.startsWith("../")) {
      const fix = "write the path from the top of the manifest repository";
      return [{ code: "path-outside", ...at, message: "leads out of the manifest repository", fix }];
    }
    if (normal !== path || path.endsWith("/") || path.split("/").includes(".git")) {
      const message = "is not the path of a file as git writes it";
      return [{ code: "invalid-value", ...at, message, fix: `write ${normal.replace(/\/$/, "")}` }];
    }
    return [];
  });
}
