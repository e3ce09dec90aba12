import type { TargetDeclaration } from "../target.ts";
import { shortAddress } from "./address.ts";
import { gitopsProblems } from "./problems.ts";
import {
  type GitopsTarget,
  gitopsTargetSchema,
  placeName,
  resolveGitopsTarget,
  type WrittenGitopsTarget,
} from "./target.ts";

/** Images in manifests of git repositories, as services.yaml describes them. Slipway asks AWS nothing of them. */
export const gitopsDeclaration: TargetDeclaration<WrittenGitopsTarget, GitopsTarget, never> = {
  kind: "gitops",
  schema: gitopsTargetSchema,
  resolve: resolveGitopsTarget,
  identity: ({ repository, branch, files }) => {
    const [first] = files;
    const place = first === undefined ? "" : `${first.path} ${placeName(first)}`;
    return `${shortAddress(repository)}@${branch}:${place}`;
  },
  containers: () => [],
  problems: gitopsProblems,
  permissions: [],
  resources: () => ({ resources: [] }),
  passableRoles: () => [],
  logGroups: () => [],
};
