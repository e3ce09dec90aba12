import { UserError } from "../../../config/problems/errors.ts";

/**
 * How a person agrees to a deletion: by `--yes`, or on the terminal. Nobody is asked before there is something to
 * delete.
 *
 * @throws UserError `cleanup-not-confirmed` without `--yes` and without a terminal
 */
export function confirmation({
  yes,
  output,
}: {
  readonly yes: boolean;
  readonly output: "text" | "json";
}): (images: number, repositories: number) => Promise<boolean> {
  if (yes) return () => Promise.resolve(true);
  if (output === "json" || process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UserError({
      code: "cleanup-not-confirmed",
      where: "slipway cleanup apply",
      message: "there is no terminal to ask on",
      fix: "look at the plan, and pass --yes",
    });
  }
  return async (images, repositories) => {
    const { confirm, isCancel } = await import("@clack/prompts");
    const more = repositories === 0 ? "" : ` and ${repositories} repositories`;
    const message = `Delete ${images} manifests${more}? What ECR still has of them can be restored`;
    const answer = await confirm({ message, initialValue: false, output: process.stderr });
    return !isCancel(answer) && answer;
  };
}
