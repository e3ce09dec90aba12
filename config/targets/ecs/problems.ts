import { didYouMean } from "../../problems/nearest.ts";
import type { TargetPlace, TargetProblem } from "../target.ts";
import { ecsStackAlarms, ofStack } from "./alarms.ts";
import type { EcsTarget } from "./target.ts";

/** What an ECS target can't say beside the rest of the catalogue and the stack's settings. */
export function ecsProblems(target: EcsTarget, place: TargetPlace): TargetProblem[] {
  return [...sidecarProblems(target, place), ...alarmProblems(target, place)];
}

/** Sidecars that take the image of an unknown service, and containers that would take two images. */
function sidecarProblems(target: EcsTarget, { service, key, services }: TargetPlace): TargetProblem[] {
  return Object.entries(target.containers).flatMap(([container, other]): TargetProblem[] => {
    const at = { key: `${key}.sidecars.${container}`, value: other };
    if (container === target.container && other !== service) {
      return [
        {
          code: "contradicting-settings",
          ...at,
          message: `the container takes the image of ${service} itself`,
          fix: 'name another container, or say with "container" which one is the service\'s own',
        },
      ];
    }
    if (services.includes(other)) return [];
    return [
      {
        code: "unknown-service",
        ...at,
        message: `there is no service "${other}"`,
        fix: didYouMean(other, services),
      },
    ];
  });
}

/** A target that wants the stack's alarms when the stack has none. */
function alarmProblems(target: EcsTarget, { key, alarms, stack, stackFile }: TargetPlace): TargetProblem[] {
  if (alarms.ecs.enabled || !ecsStackAlarms.areNamed(target)) return [];
  return [
    {
      code: "contradicting-settings",
      key: `${key}.deploymentAlarms.alarms`,
      value: ofStack,
      message: `stack ${stack} has no alarms for ECS services: alarms.ecs.enabled is false in ${stackFile}`,
      fix: "switch them on, or name other alarms",
    },
  ];
}
