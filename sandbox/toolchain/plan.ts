import type { CacheRecord } from "./cache.ts";
import { ladder } from "./ladder.ts";
import type { Machine } from "./machine.ts";
import { describeRung, hostOf, type Origin, originOf, type Rung } from "./rung.ts";
import type { Attempt } from "./session.ts";
import { type ToolName, tools } from "./tools.ts";

/** What was found out before deciding. */
export interface ToolchainFacts {
  readonly machine: Machine;
  /** How looking on the machine ended, for tools that can be installed. */
  readonly installed: ReadonlyMap<ToolName, Attempt>;
  /** What this project fetched or built earlier. */
  readonly cached: ReadonlyMap<ToolName, { readonly record: CacheRecord; readonly path: string }>;
  /** Why a host can't be reached, by host; one that is not in it can. */
  readonly unreachable: ReadonlyMap<string, string>;
  /** Why packages of the distribution are of no use here; undefined when they are. */
  readonly withoutPackages: string | undefined;
}

/** Where one tool comes from, or would come from. */
export type ToolPlan = { readonly name: ToolName; readonly purpose: string } & (
  | {
      readonly kind: "ready";
      readonly origin: Origin;
      readonly version: string;
      readonly path: string;
      readonly how: string;
    }
  | {
      readonly kind: "obtainable";
      readonly origin: Origin;
      readonly version: string;
      /** What would be done, in the imperative, and why in this way. */
      readonly does: string;
      readonly why: string;
      /** Better ways, and why they don't do. */
      readonly passedOver: readonly string[];
    }
  | { readonly kind: "missing"; readonly passedOver: readonly string[] }
);

/** Where each tool would come from, given the facts. `ensureTools` climbs the same ladder. */
export function planToolchain(names: readonly ToolName[], facts: ToolchainFacts): ToolPlan[] {
  return names.map((name) => planTool(name, facts));
}

function planTool(name: ToolName, facts: ToolchainFacts): ToolPlan {
  const described = { name, purpose: tools[name].purpose };
  const installed = facts.installed.get(name);
  if (installed?.kind === "taken") {
    const { path, version, how } = installed;
    return { ...described, kind: "ready", origin: "installed", version, path, how };
  }
  const cached = facts.cached.get(name);
  if (cached !== undefined) {
    const { origin, version, how } = cached.record;
    return { ...described, kind: "ready", origin, version, path: cached.path, how };
  }
  const passedOver: string[] = [];
  for (const rung of ladder[name]) {
    const refusal = rung.kind === "installed" ? (installed?.reason ?? "not looked for") : refuse(rung, facts);
    if (refusal === undefined) {
      const { version } = tools[name];
      const does = describeRung(name, rung);
      return {
        ...described,
        kind: "obtainable",
        origin: originOf(rung),
        version,
        does,
        why: rung.why,
        passedOver,
      };
    }
    passedOver.push(`${describeRung(name, rung)}: ${refusal}`);
  }
  return { ...described, kind: "missing", passedOver };
}

/** Why a rung can't do on this machine; undefined when nothing speaks against it. */
function refuse(rung: Rung, { machine, unreachable, withoutPackages }: ToolchainFacts): string | undefined {
  if (machine.platform !== "linux") return "the sandbox takes Linux";
  const host = hostOf(rung);
  if (host !== undefined) {
    if (machine.architecture === undefined) return "there is none for this machine's processor";
    return unreachable.get(host);
  }
  if (rung.kind === "debian-file") return withoutPackages;
  if (rung.kind === "system-packages") return withoutPackages ?? (machine.root ? undefined : "it takes root");
  return undefined;
}

/** One line for people: `pulumi 3.245.0 (download): downloaded from GitHub …`. */
export function describePlan(plan: ToolPlan): string {
  switch (plan.kind) {
    case "ready":
      return `${plan.name} ${plan.version} (${plan.origin}): ${plan.how}`;
    case "obtainable":
      return `${plan.name} ${plan.version} (${plan.origin}): would ${plan.does} (${plan.why})`;
    case "missing":
      return `no source has ${plan.name}: ${plan.passedOver.join("; ")}`;
  }
}
