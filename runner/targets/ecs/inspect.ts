import {
  DescribeServicesCommand,
  type ECSClient,
  paginateListClusters,
  paginateListServices,
  type Service,
} from "@aws-sdk/client-ecs";
import type { Problem } from "../../../config/problems/errors.ts";
import { didYouMean } from "../../../config/problems/nearest.ts";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import { batchesPer, inBatches } from "../../aws/batches.ts";
import type { Clients } from "../../aws/clients.ts";
import { hasCode, ifAllowed, isAwsError } from "../../aws/errors.ts";
import type { PlannedImage } from "../../registry/image.ts";
import type { TargetContext, TargetImage } from "../target.ts";
import { alarmChange } from "./alarms.ts";
import { referencesByContainer } from "./containers.ts";
import { imagesOfRevision } from "./revisions/service-revision.ts";
import { describeRevision } from "./revisions/task-definition.ts";
import {
  type EcsPlan,
  type EcsState,
  type ExistingService,
  nameOf,
  primaryOf,
  rolloutOf,
  type SettledService,
} from "./state.ts";

/** Names shown in "did you mean"; reading more of them takes longer than it helps. */
const mostNames = 300;

/**
 * The service, or undefined when the cluster or the service does not exist. Services of a cluster that are
 * looked for at the same time share a call.
 */
export function findService(
  clients: Clients,
  target: Pick<EcsTarget, "cluster" | "service">,
  signal: AbortSignal,
): Promise<FoundService> {
  return servicesOf(clients.ecs, target.cluster, signal)(target.service);
}

type FoundService = Service | "no cluster" | undefined;

/** DescribeServices takes ten: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
const servicesInCall = 10;

const servicesOf = batchesPer<ECSClient, FoundService>((ecs, cluster, signal) =>
  inBatches(servicesInCall, (names) => describeServices(ecs, cluster, names, signal), refusesOne),
);

async function describeServices(
  ecs: ECSClient,
  cluster: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<(name: string) => { readonly value: FoundService }> {
  try {
    const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [...names] }), {
      abortSignal: signal,
    });
    if (names.length === 1) return () => ({ value: services[0] });
    const byName = new Map(
      services.flatMap((service) => [
        [service.serviceName, service] as const,
        [service.serviceArn, service] as const,
      ]),
    );
    return (name) => ({ value: byName.get(name) });
  } catch (error) {
    if (isAwsError(error, "ClusterNotFoundException")) return () => ({ value: "no cluster" });
    throw error;
  }
}

/** Whether a call for several services failed because of one of them: its name, or no permission for it. */
function refusesOne(error: unknown): boolean {
  return hasCode(error, "access-denied") || isAwsError(error, "InvalidParameterException", "ClientException");
}

/** Reads the service and its task definition: two calls when all is well. */
export async function inspectEcs(
  target: EcsTarget,
  context: TargetContext,
): Promise<Exclude<EcsState, SettledService>> {
  const found = await findUsable(target, context);
  return found.kind === "unusable" ? found : readDefinition(found, context);
}

/**
 * `inspectEcs` for a plan that moves the service to an image. DescribeServiceRevisions tells for twenty services
 * at once what they run; DescribeTaskDefinition is called for one at a time. So the task definition of a service
 * that needs no change is left out.
 */
export async function inspectEcsFor(
  target: EcsTarget,
  context: TargetContext,
  wanted?: TargetImage<PlannedImage>,
): Promise<EcsState> {
  const found = await findUsable(target, context);
  if (found.kind === "unusable") return found;
  if (wanted === undefined || !(await isSettled(found.service, target, wanted, context))) {
    return readDefinition(found, context);
  }
  return { ...found, service: withoutMessages(found.service) };
}

async function isSettled(
  service: Service,
  target: EcsTarget,
  wanted: TargetImage<PlannedImage>,
  { clients, signal }: TargetContext,
): Promise<boolean> {
  if (rolloutOf(service) !== "COMPLETED" || alarmChange(target, service) !== undefined) return false;
  const references = Object.entries(referencesByContainer(target, wanted));
  const images = await imagesOfRevision(clients.ecs, service, signal);
  return images !== undefined && references.every(([name, reference]) => images[name] === reference);
}

/**
 * The service with its task definition, which is read now if the plan did without it.
 *
 * @throws Error when the service can't be used at all
 */
export async function existingService(state: EcsState, context: TargetContext): Promise<ExistingService> {
  if (state.kind === "found") return state;
  if (state.kind === "settled") return readDefinition(state, context);
  throw new Error(`the service can't be used: ${state.problems[0]?.message}`);
}

async function readDefinition(
  { service, taskDefinitionArn }: SettledService,
  { clients, signal }: TargetContext,
): Promise<ExistingService> {
  const { taskDefinition, tags } = await describeRevision(clients.ecs, taskDefinitionArn, signal);
  return { kind: "found", service: withoutMessages(service), taskDefinition, tags };
}

/** Reads the service alone. */
async function findUsable(
  target: EcsTarget,
  context: TargetContext,
): Promise<Exclude<EcsState, ExistingService>> {
  const { clients, signal } = context;
  const service = await findService(clients, target, signal);
  if (service === "no cluster") {
    const fix = didYouMean(nameOf(target.cluster), await ifAllowed(clusterNames(clients, signal)));
    return unusable({
      code: "unknown-cluster",
      where: `ECS in ${clients.region}`,
      value: target.cluster,
      message: "the ECS cluster does not exist",
      fix,
    });
  }
  if (service === undefined || service.status === "INACTIVE") {
    const names = await ifAllowed(serviceNames(clients, target.cluster, signal));
    return unusable({
      code: "unknown-service",
      where: `ECS cluster ${nameOf(target.cluster)}`,
      value: target.service,
      message:
        service === undefined ? "the cluster has no such service" : "the service has been deleted (INACTIVE)",
      fix: didYouMean(target.service, names),
    });
  }
  const refusal = refuse(service, target);
  if (refusal !== undefined) return unusable(refusal);
  const reference = service.taskDefinition;
  if (reference === undefined) {
    return unusable({
      code: "no-task-definition",
      where: `ECS service ${target.service}`,
      message: "the service has no task definition to put a new image into",
      fix: "create one for it first",
    });
  }
  return { kind: "settled", service, taskDefinitionArn: reference };
}

/** A service without the words of its hundred events: a plan of many services keeps all of them. */
function withoutMessages({ events, ...service }: Service): Service {
  if (events === undefined) return service;
  return { ...service, events: events.flatMap(({ id }) => (id === undefined ? [] : [{ id }])) };
}

/** Whether the service is still set to what the plan was made from, by the same deployment. */
export async function isEcsAsPlanned(
  { target, state }: EcsPlan,
  { clients, signal }: TargetContext,
): Promise<boolean> {
  if (state.kind === "unusable") return true;
  const now = await findService(clients, target, signal);
  if (now === undefined || now === "no cluster") return false;
  const { service } = state;
  return (
    now.status === service.status &&
    now.taskDefinition === service.taskDefinition &&
    primaryOf(now)?.id === primaryOf(service)?.id
  );
}

/** Why a service that exists can't be updated by us; undefined when it can. */
function refuse(service: Service, target: EcsTarget): Problem | undefined {
  const where = `ECS service ${nameOf(target.cluster)}/${target.service}`;
  if (service.status === "DRAINING") {
    return {
      code: "service-draining",
      where,
      message: "the service is being deleted (DRAINING)",
      fix: "wait until it is gone, create it again, then deploy",
    };
  }
  const controller = service.deploymentController?.type ?? "ECS";
  if (controller === "ECS") return undefined;
  return {
    code: "foreign-controller",
    where,
    value: controller,
    message:
      controller === "CODE_DEPLOY"
        ? "AWS CodeDeploy controls this service's deployments: only CodeDeploy can give it a new task definition"
        : "an external controller runs this service as task sets: ECS does not accept a new task definition for it",
    fix: "deploy it with its controller, or move it to the ECS controller (rolling, or ECS's own blue/green)",
  };
}

function unusable(problem: Problem): Extract<EcsState, { kind: "unusable" }> {
  return { kind: "unusable", problems: [problem] };
}

async function clusterNames(clients: Clients, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateListClusters({ client: clients.ecs, pageSize: 100 }, {}, { abortSignal: signal });
  for await (const page of pages) {
    names.push(...(page.clusterArns ?? []).map(nameOf));
    if (names.length >= mostNames) break;
  }
  return names;
}

async function serviceNames(clients: Clients, cluster: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateListServices(
    { client: clients.ecs, pageSize: 100 },
    { cluster },
    { abortSignal: signal },
  );
  for await (const page of pages) {
    names.push(...(page.serviceArns ?? []).map(nameOf));
    if (names.length >= mostNames) break;
  }
  return names;
}
