import { listStacks } from "../../config/description/settings.ts";
import { UserError } from "../../config/problems/errors.ts";
import { didYouMean } from "../../config/problems/nearest.ts";

/**
 * The stack to work on: the one asked for, PULUMI_STACK, or the only one there is.
 *
 * @throws UserError `unknown-stack` or `which-stack`, with the stacks there are
 */
export async function chooseStack(directory: string, asked: string | undefined): Promise<string> {
  const stacks = await listStacks(directory);
  const fromEnvironment = process.env.PULUMI_STACK === "" ? undefined : process.env.PULUMI_STACK;
  return pickStack(asked ?? fromEnvironment, stacks, asked === undefined ? "PULUMI_STACK" : "--stack");
}

/** `chooseStack` on the names of the stacks. */
export function pickStack(wanted: string | undefined, stacks: readonly string[], where: string): string {
  if (wanted === undefined) {
    const [only, ...others] = stacks;
    if (only !== undefined && others.length === 0) return only;
    throw new UserError({
      code: "which-stack",
      where: "--stack",
      message: stacks.length === 0 ? "this directory has no Pulumi.<stack>.yaml" : "which stack?",
      fix: stacks.length === 0 ? "create one: pulumi stack init dev" : `one of: ${stacks.join(", ")}`,
    });
  }
  if (stacks.includes(wanted)) return wanted;
  throw new UserError({
    code: "unknown-stack",
    where,
    value: wanted,
    message: `this directory has no Pulumi.${wanted}.yaml`,
    fix: didYouMean(wanted, stacks),
  });
}
