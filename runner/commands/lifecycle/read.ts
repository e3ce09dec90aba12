import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { cacheRepositoryName, isCacheTag, repositoryName } from "../../../config/names.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { type Coverage, coverageOf } from "../../in-use/blind-spots.ts";
import type { InUseSet } from "../../in-use/merge.ts";
import { accountUsesIfAllowed, neededImages, usesByRepository } from "../../in-use/needed.ts";
import { type Inventory, readInventories } from "../../inventory/read.ts";
import type { Session } from "../../session/session.ts";

/** A repository of the stack, with what is needed of it. */
export interface ReadRepository extends Inventory {
  /** Undefined for the build cache. */
  readonly service: Service | undefined;
  /** The policy that the stack's settings declare; undefined for the build cache. */
  readonly declared: LifecyclePolicy | undefined;
  readonly needed: InUseSet;
  /** Of the build cache: whether a build writes this tag again, so that no rule has to limit it. */
  readonly isMeantToStay?: (tag: string) => boolean;
}

/** What a stack's repositories hold. */
export interface ReadStack {
  readonly repositories: readonly ReadRepository[];
  /** Services without a repository. */
  readonly missing: readonly string[];
  /** Why the account could not be asked what runs. */
  readonly blind: readonly string[];
  readonly coverage: Coverage;
}

/**
 * Reads the repositories of the selected services and the build cache, and what runs in the account.
 *
 * @param which `live`: also the policies that are in force. That of the build cache is read anyway: no settings have it.
 */
export async function readStack(session: Session, which: "declared" | "live"): Promise<ReadStack> {
  const { clients, registry, signal, settings, services, catalogue, timeline } = session;
  return timeline.run({ id: "lifecycle", title: "Read the repositories, and what runs" }, async () => {
    const byName = new Map(services.map((service) => [repositoryName(settings, service), service]));
    const cache = settings.cache.kind === "registry" ? [cacheRepositoryName(settings)] : [];
    const [inventories, account] = await Promise.all([
      readInventories(
        { clients, registry, signal },
        [...byName.keys(), ...cache],
        (repository) => which === "live" || cache.includes(repository),
      ),
      accountUsesIfAllowed(session, [...byName.keys()]),
    ]);
    const uses = usesByRepository(account.uses);
    const repositories = await pMap(
      inventories,
      async (inventory): Promise<ReadRepository> => {
        const service = byName.get(inventory.repository);
        return {
          ...inventory,
          service,
          ...(service === undefined && { isMeantToStay: (tag: string) => isCacheTag(catalogue, tag) }),
          declared: service && compileRetention(settings.retention, 1 + service.platforms.length),
          needed: await neededImages(session, inventory, uses.get(inventory.repository) ?? []),
        };
      },
      { concurrency: 8, signal },
    );
    const there = new Set(inventories.map(({ repository }) => repository));
    return {
      repositories,
      missing: [...byName].flatMap(([name, { name: service }]) => (there.has(name) ? [] : [service])),
      coverage: coverageOf(settings, session.caller.account, account),
      blind: account.refused === undefined ? [] : [`what runs in the account: ${firstLine(account.refused)}`],
    };
  });
}
