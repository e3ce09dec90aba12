import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { regionOfRegistry } from "../../../config/stack/partition.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { checkRole } from "../roles.ts";
import type { TargetCheck, TargetContext, Verification } from "../target.ts";
import { unlessMissing } from "./function.ts";
import type { LambdaState } from "./state.ts";

/** Checks what a function needs to take a new image: its role, its alias, a registry in its region. */
export async function verifyLambda(
  target: LambdaTarget,
  state: LambdaState,
  { registry, reuse }: Verification,
  context: TargetContext,
): Promise<readonly TargetCheck[]> {
  if (state.kind === "missing" && target.create === undefined) {
    return state.problems.map(({ message, fix }) => ({
      name: "function",
      state: "fail" as const,
      message,
      ...(fix === undefined ? {} : { fix }),
    }));
  }
  return [
    functionCheck(state),
    ...aliasChecks(target, state),
    registryCheck(state, registry),
    ...(await roleChecks(target, state, reuse, context)),
  ];
}

function functionCheck(state: LambdaState): TargetCheck {
  const name = "function";
  if (state.kind === "missing")
    return { name, state: "ok", message: "does not exist: a deployment creates it" };
  if (state.packageType === "Image") return { name, state: "ok", message: `runs on ${state.architecture}` };
  return {
    name,
    state: "fail",
    message: "is a zip package, and Lambda can't turn it into a container image",
    fix: "create a function of package type Image under another name, and point the target to it",
  };
}

function aliasChecks(target: LambdaTarget, state: LambdaState): TargetCheck[] {
  if (state.kind === "missing") return [];
  const name = `alias ${target.alias}`;
  return [
    state.alias === undefined
      ? { name, state: "ok", message: "does not exist: a deployment creates it" }
      : { name, state: "ok", message: `is on version ${state.alias.version}` },
  ];
}

function registryCheck({ region }: LambdaState, registry: string): TargetCheck {
  const name = "registry";
  const other = regionOfRegistry(registry);
  if (other === undefined || other === region) {
    return {
      name,
      state: "ok",
      message: other === undefined ? registry : `is in ${region}, as the function`,
    };
  }
  return {
    name,
    state: "fail",
    message: `is in ${other}, and Lambda pulls images only from its own region (${region})`,
    fix: `push to ${region}, or replicate the repository there (slipway:repositories.replication)`,
  };
}

async function roleChecks(
  target: LambdaTarget,
  state: LambdaState,
  reuse: string | undefined,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const read = (version: string | undefined) => {
    const input = { FunctionName: target.function, ...(version === undefined ? {} : { Qualifier: version }) };
    const options = { abortSignal: signal };
    return unlessMissing(clients.lambda.send(new GetFunctionConfigurationCommand(input), options));
  };
  const missing = state.kind === "missing";
  // A version keeps the role that it was published with.
  const version = reuse === undefined || missing ? undefined : await read(reuse);
  const found = version ?? (missing ? undefined : await read(undefined));
  const arn = found?.Role ?? target.create?.role;
  if (arn === undefined) return [];
  const account = found?.FunctionArn?.split(":")[4];
  const role = { arn, purpose: "execution role", principal: "lambda.amazonaws.com", account } as const;
  return [await checkRole(clients, role, signal)];
}
