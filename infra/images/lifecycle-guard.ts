import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { repositoryName } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import type { LifecyclePolicy } from "../../lifecycle/policy.ts";
import { compileRetention } from "../../lifecycle/retention/compile.ts";

/** A lifecycle policy that the run would put in place of another one. */
export interface ChangedPolicy {
  readonly repository: string;
  readonly policy: LifecyclePolicy;
}

/**
 * Holds each lifecycle policy that this run would change against what its repository holds and what runs, in
 * `pulumi preview` and `up` alike, before the first resource. The state says which have changed, so a run that
 * changes none asks AWS nothing and loads nothing. A policy that can't be checked is warned of.
 *
 * A hook of Pulumi's that runs before the change would come after other resources have been changed.
 *
 * @param recorded policies of the state, by repository
 * @throws UserError `lifecycle-takes-in-use`, `lifecycle-takes-much` with all that is wrong with all of them
 */
export async function checkPolicies(
  description: Pick<StackDescription, "directory" | "catalogue" | "settings">,
  recorded: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const changed = changedPolicies(description.settings, description.catalogue.services, recorded);
  if (changed.length === 0) return;
  const { checkChangedPolicies } = await import("../../runner/in-use/policy-guard.ts");
  const { unchecked } = await checkChangedPolicies(description, changed, new AbortController().signal);
  for (const [reason, repositories] of Map.groupBy(unchecked, ({ reason }) => reason)) {
    const names = repositories.map(({ repository }) => repository).join(", ");
    await pulumi.log.warn(
      `Changed lifecycle policies were not checked against all that runs (${names}): ${reason}`,
    );
  }
}

/**
 * The policies that differ from the state's. A repository that is not in the state is new and holds nothing.
 */
export function changedPolicies(
  settings: Settings,
  services: readonly Service[],
  recorded: ReadonlyMap<string, string | undefined>,
): readonly ChangedPolicy[] {
  return services.flatMap((service): ChangedPolicy[] => {
    const repository = repositoryName(settings, service);
    if (!recorded.has(repository)) return [];
    const policy = compileRetention(settings.retention, 1 + service.platforms.length);
    const before = recorded.get(repository);
    return before !== undefined && isSame(before, policy) ? [] : [{ repository, policy }];
  });
}

function isSame(text: string, policy: LifecyclePolicy): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(policy)));
  } catch {
    return false;
  }
}
