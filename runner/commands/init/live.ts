import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  paginateListClusters,
  paginateListServices,
  type Service,
} from "@aws-sdk/client-ecs";
import { GetFunctionCommand, paginateListFunctions } from "@aws-sdk/client-lambda";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import type { Clients } from "../../aws/clients.ts";
import { listAliases } from "../../aws/function-aliases.ts";
import type { Architecture, Live, LiveContainer, LiveFunction } from "./match.ts";

/** Maximum number of services per DescribeServices call. */
const servicesPerCall = 10;
const atOnce = { concurrency: 8 };

/**
 * What runs in an account and region: containers of ECS services, and functions made of an image. Only reads.
 */
export async function readLive(clients: Clients, signal: AbortSignal): Promise<Live> {
  const [containers, functions] = await Promise.all([
    liveContainers(clients, signal),
    liveFunctions(clients, signal),
  ]);
  return { containers, functions };
}

async function liveContainers({ ecs }: Clients, signal: AbortSignal): Promise<LiveContainer[]> {
  const options = { abortSignal: signal };
  const clusters: string[] = [];
  for await (const page of paginateListClusters({ client: ecs }, {}, options)) {
    clusters.push(...(page.clusterArns ?? []));
  }
  const services = await pMap(
    clusters,
    async (cluster) => {
      const arns: string[] = [];
      for await (const page of paginateListServices({ client: ecs }, { cluster }, options)) {
        arns.push(...(page.serviceArns ?? []));
      }
      return pMap(chunk(arns, servicesPerCall), async (some) => {
        const answer = await ecs.send(new DescribeServicesCommand({ cluster, services: some }), options);
        return (answer.services ?? []).filter(({ status }) => status === "ACTIVE");
      });
    },
    { ...atOnce, signal },
  );
  return (await pMap(services.flat(2), (service) => containersOf(service), { ...atOnce, signal })).flat();

  async function containersOf(service: Service): Promise<LiveContainer[]> {
    if (service.taskDefinition === undefined) return [];
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
      options,
    );
    const architecture: Architecture =
      taskDefinition?.runtimePlatform?.cpuArchitecture === "ARM64" ? "arm64" : "amd64";
    return (taskDefinition?.containerDefinitions ?? []).map(({ name = "", image = "" }) => ({
      cluster: service.clusterArn?.split("/").at(-1) ?? "default",
      service: service.serviceName ?? "",
      container: name,
      image,
      architecture,
    }));
  }
}

async function liveFunctions(clients: Clients, signal: AbortSignal): Promise<LiveFunction[]> {
  const { lambda } = clients;
  const options = { abortSignal: signal };
  const found: { name: string; architecture: Architecture }[] = [];
  for await (const page of paginateListFunctions({ client: lambda }, {}, options)) {
    for (const { FunctionName: name, PackageType: type, Architectures: architectures } of page.Functions ??
      []) {
      if (type !== "Image" || name === undefined) continue;
      found.push({ name, architecture: architectures?.[0] === "arm64" ? "arm64" : "amd64" });
    }
  }
  return pMap(
    found,
    async ({ name, architecture }) => {
      const [answer, listed] = await Promise.all([
        lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
        listAliases(clients, name, signal),
      ]);
      const aliases = listed.flatMap((alias) => alias.Name ?? []);
      return { function: name, image: answer.Code?.ImageUri ?? "", architecture, aliases };
    },
    { ...atOnce, signal },
  );
}
