import { ecsAlarmSettings } from "./ecs/alarm-settings.ts";
import { ecsDeclaration } from "./ecs/kind.ts";
import { gitopsDeclaration } from "./gitops/kind.ts";
import { lambdaAlarmSettings } from "./lambda/alarm-settings.ts";
import { lambdaDeclaration } from "./lambda/kind.ts";
import type { Target, TargetDeclaration, WrittenTarget } from "./target.ts";

/** A kind for callers that treat all kinds alike: each gets its own targets only, as `kind` says. */
type AnyDeclaration = TargetDeclaration<WrittenTarget, Target>;

/**
 * The kinds of target there are. A new one is a folder next to these and a line here, in
 * infra/targets/kinds.ts and in runner/targets/kinds.ts, which says how.
 */
export const targetKinds: readonly AnyDeclaration[] = [
  ecsDeclaration as unknown as AnyDeclaration,
  lambdaDeclaration as unknown as AnyDeclaration,
  gitopsDeclaration as unknown as AnyDeclaration,
];

/** The settings of each kind's alarms, under its name in `slipway:alarms`. */
export const alarmSettingsOfKinds = { ecs: ecsAlarmSettings, lambda: lambdaAlarmSettings };

/** The kind of a target. */
export function declarationOf({ kind }: WrittenTarget): AnyDeclaration {
  const declaration = targetKinds.find((one) => one.kind === kind);
  if (declaration === undefined) throw new Error(`config/targets/kinds.ts has no kind "${kind}"`);
  return declaration;
}

/** The targets of one kind among those of services, in the catalogue's order. */
export function targetsOfKind<T extends Target = Target>(
  { kind }: { readonly kind: T["kind"] },
  services: readonly { readonly targets: readonly Target[] }[],
): T[] {
  return services.flatMap(({ targets }) => targets.filter((target): target is T => target.kind === kind));
}
