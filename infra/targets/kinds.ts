import type { Target } from "../../config/targets/target.ts";
import { ecsInfrastructure } from "./ecs/kind.ts";
import { lambdaInfrastructure } from "./lambda/kind.ts";
import type { TargetInfrastructure } from "./target.ts";

/** What is declared for each kind of target; runner/targets/kinds.ts says how to add one. */
export const targetInfrastructure: readonly TargetInfrastructure<Target>[] = [
  ecsInfrastructure as unknown as TargetInfrastructure<Target>,
  lambdaInfrastructure as unknown as TargetInfrastructure<Target>,
];
