import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
  type Service,
} from "@aws-sdk/client-ecs";
import type { Project } from "./project.ts";

/**
 * Runs a service's image in ECS, by hand: what the deployments then move.
 *
 * @param desiredCount 0: declared like any other, and asks the machine for no containers
 */
export async function createService(
  project: Project,
  service: string,
  image: string,
  desiredCount: number,
): Promise<void> {
  const { ecs } = project.clients;
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: `${project.name}-${service}`,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "256",
      memory: "512",
      containerDefinitions: [{ name: service, image, essential: true }],
    }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster: project.name,
      serviceName: service,
      taskDefinition: taskDefinition?.taskDefinitionArn ?? "",
      launchType: "FARGATE",
      desiredCount,
      deploymentConfiguration: {
        deploymentCircuitBreaker: { enable: true, rollback: true },
        minimumHealthyPercent: 100,
        maximumPercent: 200,
      },
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-bench"] } },
    }),
  );
}

export async function createCluster(project: Project): Promise<void> {
  await project.clients.ecs.send(new CreateClusterCommand({ clusterName: project.name }));
}

export async function describe(project: Project, service: string): Promise<Service> {
  const { services } = await project.clients.ecs.send(
    new DescribeServicesCommand({ cluster: project.name, services: [service] }),
  );
  const [found] = services ?? [];
  if (found === undefined) throw new Error(`ECS has no service ${project.name}/${service}`);
  return found;
}

/** Whether a service runs a task definition other than `before`, all of it and nothing else. */
export function isSteadyOnNew(service: Service, before: string | undefined): boolean {
  const { deployments = [], taskDefinition, runningCount, desiredCount, pendingCount } = service;
  const [only] = deployments;
  return (
    taskDefinition !== before &&
    deployments.length === 1 &&
    only?.rolloutState !== "IN_PROGRESS" &&
    only?.taskDefinition === taskDefinition &&
    runningCount === desiredCount &&
    pendingCount === 0
  );
}

/**
 * When the service is really steady on a new task definition, by our own looking every tenth of a second
 * beside whatever moves it.
 *
 * @returns stops looking; the moment by `performance.now()`, undefined when it was not seen
 */
export async function watchSteadiness(
  project: Project,
  service: string,
): Promise<() => Promise<number | undefined>> {
  const before = (await describe(project, service)).taskDefinition;
  let stopped = false;
  const watch = async () => {
    while (!stopped) {
      const now = await describe(project, service);
      if (isSteadyOnNew(now, before)) return performance.now();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return undefined;
  };
  const seen = watch();
  return () => {
    stopped = true;
    return seen;
  };
}
