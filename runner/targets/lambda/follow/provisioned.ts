import {
  DeleteProvisionedConcurrencyConfigCommand,
  GetAliasCommand,
  PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";
import { UserError } from "../../../../config/problems/errors.ts";
import { hasCode } from "../../../aws/errors.ts";
import { listAliases } from "../../../aws/function-aliases.ts";
import { getFunction, getProvisioned } from "../function.ts";
import type { LeftVersion } from "../state.ts";
import { type FunctionUpdate, waitFor, withoutConflict } from "./until.ts";
import { isUsed, listVersions } from "./versions.ts";

/**
 * Requests provisioned concurrency for a version and waits until all of it is ready.
 *
 * The version gets it before the alias moves. The move is then one step to environments that are ready,
 * and a shift is possible. If the alias had it, Lambda would start to allocate after the move, keep
 * weights on the old version until then, and refuse weights of ours ("Alias with weights can not be used
 * with Provisioned Concurrency").
 * https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 *
 * @throws UserError `provisioned-concurrency-failed` with Lambda's reason; `timed-out`
 */
export async function provision(update: FunctionUpdate, version: string, executions: number): Promise<void> {
  const { clients, signal, target } = update;
  const has = await getProvisioned(clients, target.function, version, signal);
  if (has?.RequestedProvisionedConcurrentExecutions !== executions || has.Status === "FAILED") {
    await withoutConflict(update, () =>
      clients.lambda.send(
        new PutProvisionedConcurrencyConfigCommand({
          FunctionName: target.function,
          Qualifier: version,
          ProvisionedConcurrentExecutions: executions,
        }),
        { abortSignal: signal },
      ),
    );
  }
  await waitUntilReady(update, version, `version ${version}`);
}

/** Newest versions to check for leftovers; each takes two calls. */
const mostLeft = 20;

/**
 * Versions that are newer than the one that runs, have provisioned concurrency, and have no alias. A run
 * that was killed before its alias moved left them, and AWS charges for them.
 */
export async function findLeft(
  update: Pick<FunctionUpdate, "clients" | "target" | "signal">,
  running: string,
): Promise<LeftVersion[]> {
  const { clients, signal, target } = update;
  const [versions, aliases] = await Promise.all([
    listVersions(update),
    listAliases(clients, target.function, signal),
  ]);
  const newer = versions
    .filter((version) => Number(version) > Number(running) && !isUsed(version, aliases))
    .slice(-mostLeft);
  const left = await Promise.all(
    newer.map(async (version) => {
      const config = await getProvisioned(clients, target.function, version, signal);
      if (config === undefined) return undefined;
      const found = await getFunction(clients, target.function, version, signal);
      return {
        version,
        executions: config.RequestedProvisionedConcurrentExecutions ?? 0,
        image: found?.Code?.ResolvedImageUri ?? found?.Code?.ImageUri,
      };
    }),
  );
  return left.filter((one) => one !== undefined);
}

/** Removes a version's provisioned concurrency. A version without any is fine. */
export async function removeProvisioned(update: FunctionUpdate, version: string): Promise<void> {
  const { clients, target } = update;
  await clients.lambda.send(
    new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: target.function, Qualifier: version }),
  );
}

/**
 * Waits for provisioned concurrency that someone else set on the alias itself, after the alias has moved:
 * until it is ready, and until Lambda has removed the weights that it sets for that time.
 *
 * @returns environments that are ready; undefined when the alias has none, or AWS denies the look
 * @throws UserError `provisioned-concurrency-failed`, `timed-out`
 */
export async function waitForAlias(update: FunctionUpdate): Promise<number | undefined> {
  const { clients, signal, target } = update;
  try {
    if ((await getProvisioned(clients, target.function, target.alias, signal)) === undefined)
      return undefined;
  } catch (error) {
    // The alias has moved. A denied look or a missing answer says nothing about the version.
    if (hasCode(error, "access-denied", "throttled", "unreachable")) return undefined;
    throw error;
  }
  const ready = await waitUntilReady(update, target.alias, `alias ${target.alias}`);
  await waitFor(update, `all of ${target.alias} to be on its version`, async () => {
    const alias = await clients.lambda.send(
      new GetAliasCommand({ FunctionName: target.function, Name: target.alias }),
      { abortSignal: signal },
    );
    const weights = alias.RoutingConfig?.AdditionalVersionWeights ?? {};
    return Object.keys(weights).length === 0 ? true : undefined;
  });
  return ready;
}

async function waitUntilReady(update: FunctionUpdate, qualifier: string, what: string): Promise<number> {
  const { clients, signal, target } = update;
  let shown: string | undefined;
  return await waitFor(update, `provisioned concurrency of ${what}`, async () => {
    const config = await getProvisioned(clients, target.function, qualifier, signal);
    const available = config?.AvailableProvisionedConcurrentExecutions ?? 0;
    const requested = config?.RequestedProvisionedConcurrentExecutions ?? 0;
    if (config?.Status === "READY") return available;
    if (config?.Status === "FAILED") throw failed(update, what, config.StatusReason);
    const now = `provisioned concurrency of ${what}: ${available} of ${requested} ready`;
    if (now !== shown) update.progress(now);
    shown = now;
    return undefined;
  });
}

function failed({ target }: FunctionUpdate, what: string, reason: string | undefined): UserError {
  return new UserError(
    {
      code: "provisioned-concurrency-failed",
      where: `Lambda function ${target.function}`,
      message: `provisioned concurrency of ${what} failed: ${reason ?? "Lambda gave no reason"}`,
      fix: "fix what Lambda reports: the function's start, or the account's concurrency limit",
    },
    { exitCode: 1 },
  );
}
