import type { DeploymentConfiguration, Service } from "@aws-sdk/client-ecs";

/** What ECS takes where a linear or canary configuration says nothing (API reference of both types). */
const defaults = { stepPercent: 10, stepBakeMinutes: 6, canaryBakeMinutes: 10 };

/**
 * How long a deployment waits on purpose, in seconds: bake times, and the pauses between steps of a
 * shift. Pauses that a user has to end are not counted.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
export function bakeSeconds(configuration: DeploymentConfiguration | undefined): number {
  const { strategy, bakeTimeInMinutes = 0, linearConfiguration, canaryConfiguration } = configuration ?? {};
  switch (strategy) {
    case "BLUE_GREEN":
      return bakeTimeInMinutes * 60;
    case "CANARY":
      return (
        ((canaryConfiguration?.canaryBakeTimeInMinutes ?? defaults.canaryBakeMinutes) + bakeTimeInMinutes) *
        60
      );
    case "LINEAR": {
      // "This bake time is not applied after reaching 100 percent traffic."
      const pauses = Math.ceil(100 / (linearConfiguration?.stepPercent ?? defaults.stepPercent)) - 1;
      const each = linearConfiguration?.stepBakeTimeInMinutes ?? defaults.stepBakeMinutes;
      return (pauses * each + bakeTimeInMinutes) * 60;
    }
    default:
      return 0;
  }
}

/** What is to be known of a service's strategy before it is moved. */
export function strategyNotes({ deploymentConfiguration }: Service, timeoutSeconds: number): string[] {
  const strategy = deploymentConfiguration?.strategy ?? "ROLLING";
  if (strategy === "ROLLING") return [];
  const bake = bakeSeconds(deploymentConfiguration);
  const name = strategy === "BLUE_GREEN" ? "blue/green" : strategy.toLowerCase();
  const pauses = (deploymentConfiguration?.lifecycleHooks ?? [])
    .filter(({ targetType }) => targetType === "PAUSE")
    .flatMap(({ lifecycleStages = [] }) => lifecycleStages);
  return [
    bake === 0
      ? `ECS moves it ${name}, without bake time`
      : `ECS moves it ${name}, and bakes for ${minutes(bake)}: it is followed for ${minutes(bake)} longer than timeoutSeconds (${timeoutSeconds} s)`,
    ...(pauses.length === 0
      ? []
      : [
          `it pauses at ${pauses.join(", ")} until a user continues it; that time counts towards timeoutSeconds`,
        ]),
  ];
}

function minutes(seconds: number): string {
  return `${Math.round(seconds / 6) / 10} min`;
}
