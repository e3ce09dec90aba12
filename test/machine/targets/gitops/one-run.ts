import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import { fakeContext, image, sha } from "../../../unit/targets/fakes.ts";

/** What one run is told: as JSON in the first argument, where a test starts it as a process to kill. */
export interface OneRun {
  readonly directory: string;
  /** As in services.yaml. */
  readonly target: object;
  /** Letter of the digest. */
  readonly letter: string;
  readonly waitMerge?: boolean;
}

/** Plans, applies and follows one target, as a deployment does. */
export async function runOnce({ directory, target: written, letter, waitMerge = false }: OneRun) {
  const release = { stack: "dev", commit: "a".repeat(40) };
  const context = { ...fakeContext(), directory, waitMerge, release };
  const target = resolveGitopsTarget(gitopsTargetSchema.parse(written), "ui", (text) => text);
  const wanted = { ...image, digest: sha(letter) };
  const plan = gitopsKind.plan("ui", target, await gitopsKind.inspect(target, context), wanted);
  if (plan.problems.length > 0) throw new Error(plan.problems.map(({ message }) => message).join("; "));
  if (plan.action === "none") return "unchanged";
  const applied = await gitopsKind.apply(plan, wanted, context);
  return (await gitopsKind.follow(plan, applied, wanted, context)).outcome;
}

if (process.argv[1] === import.meta.filename) {
  console.info(await runOnce(JSON.parse(process.argv[2] ?? "") as OneRun));
}
