import { DescribeTaskDefinitionCommand, type Service } from "@aws-sdk/client-ecs";
import pMap from "p-map";
import { parallelReads, type ReadContext } from "../image-use.ts";
import type { LiveTarget } from "../live.ts";
import { clustersOf, servicesOf } from "./in-use.ts";
import { nameOf } from "./state.ts";

/** A container of an ECS service, as it runs. */
export interface LiveContainer {
  readonly cluster: string;
  readonly service: string;
  readonly container: string;
  readonly image: string;
  readonly architecture: LiveTarget["architecture"];
}

/** The containers of all active ECS services in the account and region. Read-only. */
export async function liveInEcs(context: ReadContext): Promise<readonly LiveTarget[]> {
  const options = { concurrency: parallelReads, signal: context.signal };
  const clusters = await clustersOf(context);
  const services = (await pMap(clusters, (cluster) => servicesOf(context, cluster), options)).flat();
  const active = services.filter(({ status }) => status === "ACTIVE");
  const containers = await pMap(active, (service) => containersOf(context, service), options);
  return containers.flat().map(liveContainer);
}

async function containersOf({ clients, signal }: ReadContext, service: Service): Promise<LiveContainer[]> {
  if (service.taskDefinition === undefined) return [];
  const { taskDefinition } = await clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
    { abortSignal: signal },
  );
  const isArm = taskDefinition?.runtimePlatform?.cpuArchitecture === "ARM64";
  return (taskDefinition?.containerDefinitions ?? []).map(({ name = "", image = "" }) => ({
    cluster: nameOf(service.clusterArn) || "default",
    service: service.serviceName ?? "",
    container: name,
    image,
    architecture: isArm ? "arm64" : "amd64",
  }));
}

/** A container as a target that can be proposed. */
export function liveContainer({
  cluster,
  service,
  container,
  image,
  architecture,
}: LiveContainer): LiveTarget {
  return {
    title: `ECS service ${cluster}/${service}`,
    place: `ecs ${cluster}/${service}`,
    image,
    architecture,
    names: [container, service],
    propose: (name, forStacks) => ({
      title: `ecs ${forStacks(cluster)}/${forStacks(service)}`,
      target: {
        kind: "ecs",
        cluster: forStacks(cluster),
        service: forStacks(service),
        ...(container !== name && { container: forStacks(container) }),
      },
    }),
  };
}
