import { didYouMean } from "../../problems/nearest.ts";
import type { TargetPlace, TargetProblem } from "../target.ts";
import { ecsStackAlarms, ofStack, type WithEcsAlarms } from "./alarms.ts";
import type { EcsTarget } from "./target.ts";

interface EcsPlace extends TargetPlace {
  readonly alarms: TargetPlace["alarms"] & WithEcsAlarms;
}

/** Problems of an ECS target with the rest of the catalogue and the stack's settings. */
export function ecsProblems(target: EcsTarget, place: EcsPlace): TargetProblem[] {
  return [...nameProblems(target, place), ...sidecarProblems(target, place), ...alarmProblems(target, place)];
}

/**
 * A name that AWS takes for a cluster or a service:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
 */
const name = /^[A-Za-z0-9_-]{1,255}$/;

/** Invalid names, and ARNs of another region or account than the stack's. */
function nameProblems(
  { cluster, service }: EcsTarget,
  { key, region, accounts, stackFile }: TargetPlace,
): TargetProblem[] {
  const problems: TargetProblem[] = [];
  if (!name.test(service)) {
    const [, ofCluster, ofService] =
      /^arn:[^:]+:ecs:[^:]*:\d*:service\/([^/]+)\/([^/]+)$/.exec(service) ?? [];
    problems.push({
      code: "not-a-name",
      key: `${key}.service`,
      value: service,
      message: "is not the name of an ECS service: 1 to 255 letters, digits, - and _",
      fix:
        ofService === undefined
          ? "use the name only; the cluster has its own key"
          : `write service: ${ofService} and cluster: ${ofCluster}`,
    });
  }
  if (name.test(cluster)) return problems;
  const at = { key: `${key}.cluster`, value: cluster };
  const [, , itsRegion, account] =
    /^arn:([^:]+):ecs:([^:]+):(\d{12}):cluster\/[A-Za-z0-9_-]{1,255}$/.exec(cluster) ?? [];
  if (itsRegion === undefined || account === undefined) {
    problems.push({
      code: "not-a-name",
      ...at,
      message: "is neither the name of an ECS cluster nor its ARN",
      fix: "use the name of the cluster",
    });
  } else if (itsRegion !== region || (accounts !== undefined && !accounts.includes(account))) {
    problems.push({
      code: "elsewhere",
      ...at,
      message: `is in region ${itsRegion} of account ${account}, but the stack is in ${region}${accounts === undefined ? "" : ` of account ${accounts.join(" or ")}`}`,
      fix: `name a cluster in the stack's region and account, or correct ${stackFile}`,
    });
  }
  return problems;
}

/** Sidecars with the image of an unknown service, and containers with two images. */
function sidecarProblems(target: EcsTarget, { service, key, services }: TargetPlace): TargetProblem[] {
  return Object.entries(target.containers).flatMap(([container, other]): TargetProblem[] => {
    const at = { key: `${key}.sidecars.${container}`, value: other };
    if (container === target.container && other !== service) {
      return [
        {
          code: "contradicting-settings",
          ...at,
          message: `the container already takes the image of ${service} itself`,
          fix: 'name another container, or set "container" to the service\'s own',
        },
      ];
    }
    if (services.has(other)) return [];
    return [
      {
        code: "unknown-service",
        ...at,
        message: `unknown service "${other}"`,
        fix: didYouMean(other, [...services]),
      },
    ];
  });
}

/** A target that names the stack's alarms although the stack has none. */
function alarmProblems(target: EcsTarget, { key, alarms, stack, stackFile }: EcsPlace): TargetProblem[] {
  if (alarms.ecs.enabled || !ecsStackAlarms.areNamed(target)) return [];
  return [
    {
      code: "contradicting-settings",
      key: `${key}.deploymentAlarms.alarms`,
      value: ofStack,
      message: `stack ${stack} has no alarms for ECS services: alarms.ecs.enabled is false in ${stackFile}`,
      fix: "enable them, or name other alarms",
    },
  ];
}
