import { createLimiter, type Limiter, type Rate } from "./limiter.ts";

/**
 * APIs of a service that share a bucket, or have one each.
 *
 * @see documentedRates
 */
interface Bucket {
  readonly name: string;
  readonly rate: Rate;
  readonly operations: RegExp;
}

/** All reading APIs of ECS refill at 20 a second. Where a bucket's size is not known, it is the smallest. */
const ecsRead = { burst: 50, perSecond: 20 };
const ecsServices = { burst: 100, perSecond: 20 };
const lambdaControl = { burst: 15, perSecond: 15 };

/**
 * The rates that AWS documents for an account in a region, for the APIs that Slipway calls once for each
 * service or target. For those that are not here no rate is documented, or Slipway calls them seldom.
 *
 * ECS: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 * ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
 * Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
 */
export const documentedRates: Readonly<Record<string, readonly Bucket[]>> = {
  ecs: [
    { name: "services", rate: ecsServices, operations: /^(Describe|List)Service/ },
    { name: "tasks", rate: ecsServices, operations: /^(Describe|List)(Tasks|ContainerInstances)$/ },
    { name: "clusters", rate: ecsRead, operations: /^(Describe|List)Clusters$/ },
    { name: "task definitions", rate: ecsRead, operations: /^(Describe|List)TaskDefinition/ },
    { name: "registrations", rate: { burst: 20, perSecond: 1 }, operations: /^RegisterTaskDefinition$/ },
  ],
  ecr: [
    { name: "manifests", rate: { burst: 2000, perSecond: 2000 }, operations: /^BatchGetImage$/ },
    { name: "tags", rate: { burst: 10, perSecond: 10 }, operations: /^PutImage$/ },
  ],
  lambda: [
    { name: "functions", rate: { burst: 100, perSecond: 100 }, operations: /^GetFunction$/ },
    { name: "policies", rate: lambdaControl, operations: /^GetPolicy$/ },
    { name: "control plane", rate: lambdaControl, operations: /^(?!Invoke)/ },
  ],
};

/**
 * Finds the limiter of each API of a service; APIs that AWS counts together share one.
 *
 * @param endpoint the service's own endpoint. Only AWS's own have AWS's rates; a local stand-in is held back
 *   when it refuses a call
 */
export function limitersOf(service: string, endpoint: string | undefined): (operation: string) => Limiter {
  const made = new Map<string, Limiter>();
  const buckets = isAws(endpoint) ? (documentedRates[service] ?? []) : [];
  return (operation) => {
    const bucket = buckets.find(({ operations }) => operations.test(operation));
    const name = bucket?.name ?? operation;
    const limiter = made.get(name) ?? createLimiter(bucket?.rate);
    made.set(name, limiter);
    return limiter;
  };
}

/** Whether an address is AWS's own; `undefined` stands for it. */
export function isAws(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true;
  if (!URL.canParse(endpoint)) return false;
  return /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(new URL(endpoint).hostname);
}
