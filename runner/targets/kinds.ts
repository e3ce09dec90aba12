import type { Target, WrittenTarget } from "../../config/targets/target.ts";
import { ecsKind } from "./ecs/kind.ts";
import { gitopsKind } from "./gitops/kind.ts";
import { lambdaKind } from "./lambda/kind.ts";
import type { TargetKind } from "./target.ts";

/**
 * The kinds of target, by their `kind` in services.yaml.
 *
 * To add one, write a folder and a line in each of three rooms:
 *
 * 1. `config/targets/<kind>/`: a `TargetDeclaration` (config/targets/target.ts): the schema of a target in
 *    services.yaml, what it resolves to for a stack, the permissions that CI needs. Its line is in
 *    config/targets/kinds.ts. Completion, docs/reference and the policies of the roles follow from it.
 * 2. `runner/targets/<kind>/`: a `TargetKind` (runner/targets/target.ts): inspect, plan, verify, apply,
 *    follow, revert, and what the other commands ask. Its line is here. A member that makes no sense for
 *    the kind says so: no `settings`, `resume` that returns undefined, `logs`, `inUse` and `live` without entries.
 * 3. `infra/targets/<kind>/`: a `TargetInfrastructure` (infra/targets/target.ts): what Pulumi declares for
 *    it. Its line is in infra/targets/kinds.ts. A kind that does not run on AWS needs none.
 *
 * Nothing else changes: no other file may import from a kind's folder (.dependency-cruiser.mjs), and
 * test/unit/targets/third-kind.test.ts takes a kind that is in none of the lists through a plan, a move, a
 * failure and a rollback.
 */
export const kinds = {
  ecs: ecsKind,
  lambda: lambdaKind,
  gitops: gitopsKind,
} as const;

/** A kind for callers that treat all kinds alike: each kind gets only its own targets and states. */
export type AnyKind = TargetKind<Target, unknown, unknown>;

/** The kind of a target. */
export function kindOf(target: WrittenTarget): AnyKind {
  return kindNamed(target.kind);
}

/** The kind with a name, as records have it; undefined for one that this version does not know. */
export function findKind(name: string): AnyKind | undefined {
  return (kinds as unknown as Readonly<Record<string, AnyKind>>)[name];
}

/** The kind with a name, as outcomes have it. */
export function kindNamed(name: string): AnyKind {
  const kind = findKind(name);
  if (kind === undefined) throw new Error(`runner/targets/kinds.ts has no kind "${name}"`);
  return kind;
}

/** All kinds. */
export function allKinds(): readonly AnyKind[] {
  return Object.values(kinds) as unknown as readonly AnyKind[];
}
