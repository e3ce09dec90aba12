import { isDeepStrictEqual } from "node:util";
import { paginateListFunctions } from "@aws-sdk/client-lambda";
import type { Problem } from "../../../config/problems/errors.ts";
import { didYouMean } from "../../../config/problems/nearest.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { Clients } from "../../aws/clients.ts";
import { ifAllowed } from "../../aws/errors.ts";
import { listAliases } from "../../aws/function-aliases.ts";
import type { TargetContext } from "../target.ts";
import { missingAlarms } from "./alarms.ts";
import { seenOf } from "./alias.ts";
import { findLeft } from "./follow/provisioned.ts";
import { getAlias, getFunction, getProvisioned, isSettled, weightsOf } from "./function.ts";
import type { LambdaPlan, LambdaState } from "./state.ts";

/** Names shown in "did you mean": ten pages, as Lambda gives them. */
const mostNames = 500;

/**
 * Reads the function, its alias, and the version of the alias: three calls at once, and more for settings
 * that need them.
 */
export async function inspectLambda(target: LambdaTarget, context: TargetContext): Promise<LambdaState> {
  const { clients, signal } = context;
  const { region } = clients;
  const [latest, alias, aliased] = await Promise.all([
    getFunction(clients, target.function, undefined, signal),
    getAlias(clients, target, signal),
    getFunction(clients, target.function, target.alias, signal),
  ]);
  const configuration = latest?.Configuration;
  if (configuration === undefined) {
    const problems = target.create === undefined ? [await unknownFunction(target, context)] : [];
    return { kind: "missing", region, problems };
  }
  const version = alias?.FunctionVersion;
  const [provisioned, unknownAlias, problems] = await Promise.all([
    provisionedOf(target, version, context),
    alias === undefined ? aliasProblems(target, context) : [],
    settingProblems(target, alias !== undefined, context),
  ]);
  return {
    kind: "found",
    region,
    functionName: configuration.FunctionName ?? target.function,
    packageType: configuration.PackageType ?? "Zip",
    architecture: configuration.Architectures?.[0] ?? "x86_64",
    latest: {
      image: latest?.Code?.ResolvedImageUri ?? latest?.Code?.ImageUri,
      settled: isSettled(configuration),
    },
    alias:
      alias === undefined || version === undefined
        ? undefined
        : {
            ...seenOf(alias),
            image: aliased?.Code?.ResolvedImageUri ?? aliased?.Code?.ImageUri,
            ...provisioned,
          },
    problems: [...unknownAlias, ...problems],
  };
}

/**
 * The first deployment creates a function's first alias. If the function has other aliases, a missing one
 * is probably misspelt: creating it would leave callers of the right one on old code.
 */
async function aliasProblems(target: LambdaTarget, { clients, signal }: TargetContext): Promise<Problem[]> {
  const names = (await listAliases(clients, target.function, signal)).flatMap(({ Name }) => Name ?? []);
  if (names.length === 0) return [];
  return [
    {
      code: "unknown-alias",
      where: `Lambda function ${target.function}`,
      value: target.alias,
      message: "the function does not have this alias, but has others",
      fix: `${didYouMean(target.alias, names)}; or create it on the version that callers should get first`,
    },
  ];
}

async function unknownFunction(target: LambdaTarget, { clients, signal }: TargetContext): Promise<Problem> {
  const names = await ifAllowed(functionNames(clients, signal));
  return {
    code: "unknown-function",
    where: `Lambda in ${clients.region}`,
    value: target.function,
    message: "the function does not exist, and the target does not say how to create it",
    fix: `${didYouMean(target.function, names)}; or add "create" to the target`,
  };
}

/** Read only when the target sets it: not every role may read it. */
async function provisionedOf(target: LambdaTarget, version: string | undefined, context: TargetContext) {
  if (target.provisionedConcurrency === undefined || version === undefined) return {};
  const { clients, signal } = context;
  const [config, left] = await Promise.all([
    getProvisioned(clients, target.function, version, signal),
    findLeft({ clients, signal, target }, version),
  ]);
  return { provisioned: config?.RequestedProvisionedConcurrentExecutions ?? 0, left };
}

/** What the target's settings need but is missing. */
async function settingProblems(
  target: LambdaTarget,
  hasAlias: boolean,
  { clients, signal }: TargetContext,
): Promise<Problem[]> {
  const { shift, provisionedConcurrency } = target;
  const where = `Lambda function ${target.function}`;
  const [alarms, ofAlias] = await Promise.all([
    shift === undefined ? [] : missingAlarms(clients, shift.alarms, where, signal),
    hasAlias && (shift !== undefined || provisionedConcurrency !== undefined)
      ? getProvisioned(clients, target.function, target.alias, signal)
      : undefined,
  ]);
  if (ofAlias === undefined) return alarms;
  const setting = provisionedConcurrency === undefined ? "shift" : "provisionedConcurrency";
  const why =
    setting === "shift"
      ? "Lambda allows no weights on an alias with provisioned concurrency of its own"
      : "Lambda allows no provisioned concurrency on a version whose alias has its own";
  return [
    ...alarms,
    {
      code: "alias-has-provisioned-concurrency",
      where,
      key: setting,
      value: target.alias,
      message: `the alias has provisioned concurrency of its own (${ofAlias.RequestedProvisionedConcurrentExecutions}), and ${why}`,
      fix: `delete it from the alias and set provisionedConcurrency of the target, or leave out ${setting}`,
    },
  ];
}

/** Whether the alias is still where the plan saw it, with the same weights. */
export async function isLambdaAsPlanned(
  { target, state }: LambdaPlan,
  { clients, signal }: TargetContext,
): Promise<boolean> {
  const alias = await getAlias(clients, target, signal);
  const planned = state.kind === "found" ? state.alias : undefined;
  return (
    alias?.FunctionVersion === planned?.version && isDeepStrictEqual(weightsOf(alias), planned?.weights ?? {})
  );
}

async function functionNames(clients: Clients, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListFunctions({ client: clients.lambda }, {}, { abortSignal: signal })) {
    names.push(...(page.Functions ?? []).flatMap((one) => one.FunctionName ?? []));
    if (names.length >= mostNames) break;
  }
  return names;
}
