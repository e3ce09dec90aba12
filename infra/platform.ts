import * as pulumi from "@pulumi/pulumi";
import { outputsSchema, type PlatformOutputs } from "../config/stack/outputs.ts";

/**
 * The outputs of a platform stack, checked and typed, for the program of another stack.
 *
 * ```ts
 * const platform = platformOutputs("organization/slipway/dev");
 * const image = platform.apply(({ services }) => services.ui?.image?.ref);
 * ```
 *
 * @param stackReferenceName name of the platform stack as the backend has it
 * @throws (in the output) pulumi.RunError when that stack's outputs are not a platform's
 */
export function platformOutputs(stackReferenceName: string): pulumi.Output<PlatformOutputs> {
  const reference = new pulumi.StackReference(stackReferenceName);
  return reference.outputs.apply((outputs) => {
    const parsed = outputsSchema.safeParse(outputs);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new pulumi.RunError(
      `${stackReferenceName} does not have the outputs of a Slipway stack: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    );
  });
}
