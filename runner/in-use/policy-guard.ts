import { createHash } from "node:crypto";
import pMap from "p-map";
import type { StackDescription } from "../../config/description/description.ts";
import { registryHost } from "../../config/names.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { judgePolicy, type Loss } from "../../lifecycle/guard.ts";
import type { LifecyclePolicy } from "../../lifecycle/policy.ts";
import { assertAccount } from "../aws/account.ts";
import { createClients } from "../aws/clients.ts";
import { hasCode } from "../aws/errors.ts";
import { readImages } from "../inventory/read.ts";
import type { ImageUse } from "../targets/image-use.ts";
import { othersLetIn, refusedSearches } from "./blind-spots.ts";
import type { Use } from "./merge.ts";
import { accountUsesIfAllowed, neededImages, usesByRepository } from "./needed.ts";

/** A lifecycle policy that would take the place of another one. */
interface ChangedPolicy {
  readonly repository: string;
  readonly policy: LifecyclePolicy;
}

/** A policy that was not checked, or not against everything. */
interface Unchecked {
  readonly repository: string;
  readonly reason: string;
}

/** Codes of a refusal. Any other error keeps the check from being made, and refuses nothing. */
const refusals = ["lifecycle-takes-in-use", "lifecycle-takes-much"];

/** Repositories that are read at the same time. */
const atOnce = 16;

/**
 * Holds changed lifecycle policies against what their repositories hold and what runs in the account.
 *
 * @param description of the stack that declares the policies
 * @throws UserError `lifecycle-takes-in-use`, `lifecycle-takes-much`
 */
export async function checkChangedPolicies(
  description: Pick<StackDescription, "directory" | "catalogue" | "settings">,
  changed: readonly ChangedPolicy[],
  signal: AbortSignal,
): Promise<{ readonly unchecked: readonly Unchecked[] }> {
  const { settings } = description;
  const clients = createClients(settings, { signal });
  try {
    const caller = await assertAccount(clients, settings, signal);
    const account = await accountUsesIfAllowed(
      { ...description, clients, signal },
      changed.map(({ repository }) => repository),
    );
    const context = { clients, signal, settings, caller, registry: registryHost(settings, caller.account) };
    const uses = usesByRepository(account.uses);
    const checked = await pMap(changed, (one) => problemsOf(context, one, uses.get(one.repository) ?? []), {
      concurrency: atOnce,
      signal,
    });
    const problems = checked.flat();
    if (problems.length > 0) throw new UserError(problems, { exitCode: 3 });
    const blind = [
      ...refusedSearches(account.searched),
      ...othersLetIn(settings, caller.account, account.letIn),
    ];
    return {
      unchecked: [
        ...(account.refused === undefined ? [] : uncheckedFor(changed, account.refused)),
        ...(blind.length === 0 ? [] : uncheckedFor(changed, `not looked at: ${blind.join("; ")}`)),
      ],
    };
  } catch (error) {
    if (error instanceof UserError && !hasCode(error, ...refusals))
      return { unchecked: uncheckedFor(changed, error) };
    throw error;
  } finally {
    clients.destroy();
  }
}

function uncheckedFor(changed: readonly ChangedPolicy[], error: unknown): readonly Unchecked[] {
  return changed.map(({ repository }) => ({ repository, reason: firstLine(error) }));
}

async function problemsOf(
  context: Parameters<typeof neededImages>[0],
  { repository, policy }: ChangedPolicy,
  uses: readonly ImageUse[],
): Promise<readonly Problem[]> {
  // Not the policy in force, which the roles of CI may not read: what the new one takes is judged by itself.
  const inventory = await readImages(context, repository);
  if (inventory === undefined) return [];
  const needed = await neededImages(context, inventory, uses);
  const { images } = inventory;
  const { losses, takes, of } = judgePolicy({
    policy,
    images,
    needed: new Set(needed.keys()),
    now: new Date(),
  });
  // The platforms of an image that is named would say the same again.
  const named = losses.filter(({ tags }) => tags.length > 0);
  const told = named.length > 0 ? named : losses;
  const { mostTakenPercent, confirmed } = context.settings.lifecycleGuard;
  const share = of === 0 ? 0 : (takes / of) * 100;
  const confirmation = confirmationOf(repository, policy);
  return [
    ...told.map((loss) => lossProblem(repository, loss, needed.get(loss.digest) ?? [])),
    ...(share > mostTakenPercent && !confirmed.includes(confirmation)
      ? [shareProblem(repository, takes, of, mostTakenPercent, confirmation)]
      : []),
  ];
}

/** What has to be in the settings to accept what exactly this policy takes: `shop/ui@1f3a9c02`. */
export function confirmationOf(repository: string, policy: LifecyclePolicy): string {
  const hash = createHash("sha256").update(JSON.stringify(policy)).digest("hex").slice(0, 8);
  return `${repository}@${hash}`;
}

function lossProblem(repository: string, loss: Loss, uses: readonly Use[]): Problem {
  const { digest, tags, action, first, priorities } = loss;
  const by = uses.map(({ where, why }) => `${where} (${why})`).join(", ");
  const when = first.getTime() <= Date.now() ? "with its next run" : `on ${first.toISOString().slice(0, 10)}`;
  const name = tags[0] === undefined ? digest : `${digest} (${tags.join(", ")})`;
  return {
    code: "lifecycle-takes-in-use",
    where: `lifecycle policy of ${repository}`,
    key: `rule ${priorities.join(", ")}`,
    message: `would ${action} ${name} ${when}, and ${by} needs it`,
    fix: "deploy it with Slipway, which tags what runs, or change slipway:retention so that no rule takes it",
  };
}

function shareProblem(
  repository: string,
  takes: number,
  of: number,
  most: number,
  confirmation: string,
): Problem {
  return {
    code: "lifecycle-takes-much",
    where: `lifecycle policy of ${repository}`,
    message: `may take ${takes} of ${of} tagged images with its first run, more than ${most} %`,
    fix: `look at them with slipway lifecycle preview, then add "${confirmation}" to slipway:lifecycleGuard.confirmed`,
  };
}
