import type { Deployment, Service, Task } from "@aws-sdk/client-ecs";
import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import type { EcsState, TaskDefinition } from "../../../../runner/targets/ecs/state.ts";
import { sha } from "../fakes.ts";

const arn = (rest: string) => `arn:aws:ecs:eu-west-1:111122223333:${rest}`;
export const revision = (number: number) => arn(`task-definition/shop-ui:${number}`);

export const target: EcsTarget = {
  kind: "ecs",
  cluster: "shop",
  service: "ui",
  container: "ui",
  containers: { ui: "ui" },
  timeoutSeconds: 300,
  targetHealth: true,
  order: 0,
};

export const oldReference = `localhost:5000/shop/ui@${sha("0")}`;
export const newReference = `localhost:5000/shop/ui@${sha("1")}`;

/** `ecs-svc/1` runs revision 1, and so on, unless told otherwise. */
export function deployment(number: number, more: Partial<Deployment> = {}): Deployment {
  return {
    id: `ecs-svc/${number}`,
    status: "PRIMARY",
    taskDefinition: revision(number),
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    failedTasks: 0,
    rolloutState: "COMPLETED",
    createdAt: new Date(1_700_000_000_000 + number * 1000),
    ...more,
  };
}

export function service(deployments: Deployment[], more: Partial<Service> = {}): Service {
  const primary = deployments.find((one) => one.status === "PRIMARY");
  return {
    serviceArn: arn("service/shop/ui"),
    serviceName: "ui",
    clusterArn: arn("cluster/shop"),
    status: "ACTIVE",
    launchType: "FARGATE",
    schedulingStrategy: "REPLICA",
    taskDefinition: primary?.taskDefinition,
    desiredCount: 2,
    runningCount: 2,
    deployments,
    events: [],
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    ...more,
  };
}

export function taskDefinition(number: number, image: string, more: object = {}): TaskDefinition {
  return {
    taskDefinitionArn: revision(number),
    family: "shop-ui",
    revision: number,
    status: "ACTIVE",
    compatibilities: ["FARGATE"],
    requiresAttributes: [],
    registeredAt: 1_700_000_000,
    registeredBy: "arn:aws:iam::111122223333:root",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
    containerDefinitions: [
      {
        name: "ui",
        image,
        essential: true,
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": "/shop/ui",
            "awslogs-region": "eu-west-1",
            "awslogs-stream-prefix": "ui",
          },
        },
      },
      { name: "proxy", image: "envoy:1" },
    ],
    ...more,
  };
}

export function foundState(
  found: Service = service([deployment(1)]),
  definition: TaskDefinition = taskDefinition(1, oldReference),
): EcsState {
  return {
    kind: "found",
    service: found,
    taskDefinition: definition,
    tags: [{ key: "team", value: "shop" }],
  };
}

export function task(id: string, number: number, more: Partial<Task> = {}): Task {
  return {
    taskArn: arn(`task/shop/${id}`),
    taskDefinitionArn: revision(number),
    lastStatus: "RUNNING",
    containers: [{ name: "ui", lastStatus: "RUNNING", imageDigest: sha("1") }],
    ...more,
  };
}

export function stoppedTask(id: string, number: number, more: Partial<Task> = {}): Task {
  return task(id, number, {
    lastStatus: "STOPPED",
    stopCode: "EssentialContainerExited",
    stoppedReason: "Essential container in task exited",
    stoppedAt: new Date(1_700_000_000_000),
    containers: [{ name: "ui", lastStatus: "STOPPED", exitCode: 1 }],
    ...more,
  });
}
