import { UserError } from "../../../../config/problems/errors.ts";
import { gitopsProblems } from "../../../../config/targets/gitops/problems.ts";
import {
  type GitopsTarget,
  gitopsTargetSchema,
  resolveGitopsTarget,
} from "../../../../config/targets/gitops/target.ts";
import type { WrittenTarget } from "../../../../config/targets/target.ts";
import type { WrittenImage } from "../edit/change.ts";
import { editImage } from "../edit/edit.ts";

/** Any image: whether a file can be edited does not depend on it. */
const anyImage = {
  registry: "registry.invalid",
  repository: "image",
  digest: `sha256:${"5f8a2a94f5754c30".repeat(4)}`,
};

/** A written target as one stack sees it, or why the target is none. */
export function resolved(
  written: WrittenTarget,
  service: string,
  stack: string,
): { readonly target: GitopsTarget } | { readonly fault: string } {
  const parsed = gitopsTargetSchema.safeParse(written);
  if (!parsed.success) return { fault: parsed.error.issues[0]?.message ?? "is not a target" };
  const target = resolveGitopsTarget(parsed.data, service, (text) => text.replaceAll("${stack}", stack));
  const place = {
    service,
    key: "",
    services: new Set([service]),
    stack,
    stackFile: "",
    alarms: {},
    region: "",
    accounts: undefined,
  };
  const [problem] = gitopsProblems(target, place);
  return problem === undefined ? { target } : { fault: problem.message };
}

/**
 * Why a stack's deployment could not set an image in the files of a target; undefined when it could.
 *
 * @param texts the files of the checkout
 */
export function faultOf(
  written: WrittenTarget,
  service: string,
  stack: string,
  texts: ReadonlyMap<string, string>,
): string | undefined {
  const view = resolved(written, service, stack);
  if ("fault" in view) return view.fault;
  const { files, write } = view.target;
  const image: WrittenImage = { ...anyImage, tag: write === "digest" ? undefined : "any" };
  const current = new Map(texts);
  for (const place of files) {
    const text = current.get(place.path);
    if (text === undefined) return `${place.path} does not name ${service}`;
    try {
      current.set(place.path, editImage(text, place, image).text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const [problem] = error.problems;
      return problem === undefined ? error.message : `${problem.where ?? place.path}: ${problem.message}`;
    }
  }
  return undefined;
}
