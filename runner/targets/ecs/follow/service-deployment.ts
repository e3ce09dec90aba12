import {
  type Deployment,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  ListServiceDeploymentsCommand,
  type ServiceDeployment,
} from "@aws-sdk/client-ecs";
import type { Clients } from "../../../aws/clients.ts";
import { hasCode } from "../../../aws/errors.ts";

/**
 * Looks for our deployment, over some nine seconds, before Slipway concludes that this API does not list
 * it. Only this API tells of strategies other than rolling.
 */
const looks = 8;

export interface SearchedDeployment {
  readonly cluster: string;
  readonly service: string;
  readonly revisionArn: string;
  /** By ECS's clock, when it was started. */
  readonly createdAt: Date;
}

/**
 * Our deployment in the service deployments API: with rollback, circuit breaker and stage,
 * also for blue/green. Undefined until it is found, and always where the API is missing or denied: then the
 * service's own list is used.
 *
 * @param onUnusable called once, with the reason, when the API refuses
 */
export function trackServiceDeployment(
  clients: Clients,
  searched: SearchedDeployment,
  onUnusable: (reason: string) => void,
): (signal: AbortSignal) => Promise<ServiceDeployment | undefined> {
  let arn: string | undefined;
  let left = looks;

  return async (signal) => {
    if (arn === undefined && left <= 0) return undefined;
    try {
      if (arn === undefined) {
        left--;
        arn = await findArn(clients, searched, signal);
        if (arn === undefined) return undefined;
      }
      const { serviceDeployments } = await clients.ecs.send(
        new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }),
        { abortSignal: signal },
      );
      return serviceDeployments?.[0];
    } catch (error) {
      signal.throwIfAborted();
      if (!isWithoutApi(error)) throw error;
      arn = undefined;
      left = 0;
      onUnusable(error.message);
      return undefined;
    }
  };
}

/**
 * The deployment that ECS is rolling back, in the form of the service's own list: revision and time.
 * Undefined when ECS rolls none back, and where the service deployments API is missing or denied.
 */
export async function findRollback(
  clients: Clients,
  { cluster, service }: Pick<SearchedDeployment, "cluster" | "service">,
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  try {
    const { serviceDeployments = [] } = await clients.ecs.send(
      new ListServiceDeploymentsCommand({
        cluster,
        service,
        status: ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"],
      }),
      { abortSignal: signal },
    );
    const [newest] = newestFirst(serviceDeployments);
    if (newest?.targetServiceRevisionArn === undefined) return undefined;
    const { serviceRevisions = [] } = await clients.ecs.send(
      new DescribeServiceRevisionsCommand({ serviceRevisionArns: [newest.targetServiceRevisionArn] }),
      { abortSignal: signal },
    );
    const taskDefinition = serviceRevisions[0]?.taskDefinition;
    return taskDefinition === undefined ? undefined : { taskDefinition, createdAt: newest.createdAt };
  } catch (error) {
    signal.throwIfAborted();
    if (!isWithoutApi(error)) throw error;
    return undefined;
  }
}

/** Whether the API is missing or denied. Any other error comes from the network. */
function isWithoutApi(error: unknown): error is Error {
  return error instanceof Error && !hasCode(error, "unreachable", "throttled", "no-credentials");
}

function newestFirst<T extends { readonly createdAt?: Date | undefined }>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
}

async function findArn(
  clients: Clients,
  { cluster, service, revisionArn, createdAt }: SearchedDeployment,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A few seconds before: ECS creates the two one after the other.
  const after = new Date(createdAt.getTime() - 10_000);
  const { serviceDeployments = [] } = await clients.ecs.send(
    new ListServiceDeploymentsCommand({ cluster, service, createdAt: { after } }),
    { abortSignal: signal },
  );
  const revisionArns = [...new Set(serviceDeployments.flatMap((one) => one.targetServiceRevisionArn ?? []))];
  if (revisionArns.length === 0) return undefined;
  const { serviceRevisions = [] } = await clients.ecs.send(
    new DescribeServiceRevisionsCommand({ serviceRevisionArns: revisionArns.slice(0, 20) }),
    { abortSignal: signal },
  );
  const ours = serviceRevisions
    .filter((revision) => revision.taskDefinition === revisionArn)
    .map((revision) => revision.serviceRevisionArn);
  const [newest] = newestFirst(
    serviceDeployments.filter((one) => ours.includes(one.targetServiceRevisionArn)),
  );
  return newest?.serviceDeploymentArn;
}
