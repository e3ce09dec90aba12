import type { AppRunnerClient } from "@aws-sdk/client-apprunner";
import type { BatchClient } from "@aws-sdk/client-batch";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { CodeBuildClient } from "@aws-sdk/client-codebuild";
import type { ECRClient } from "@aws-sdk/client-ecr";
import type { ECSClient } from "@aws-sdk/client-ecs";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { Inspector2Client } from "@aws-sdk/client-inspector2";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SageMakerClient } from "@aws-sdk/client-sagemaker";
import type { SchedulerClient } from "@aws-sdk/client-scheduler";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { STSClient, STSClientConfig } from "@aws-sdk/client-sts";
import pLimit from "p-limit";
import { endpointFor, type Settings } from "../../config/settings.ts";
import { hasOwnRole } from "../../config/stack/provider.ts";
import type { CredentialProvider } from "./credentials.ts";
import { isThrottled, toUserError } from "./errors.ts";
import { clientClasses } from "./packages.ts";
import { limitersOf } from "./rates.ts";

/** Clients for one stack's account and region, each created on first use. */
export interface Clients {
  readonly region: string;
  readonly ecr: ECRClient;
  readonly ecs: ECSClient;
  readonly lambda: LambdaClient;
  readonly sts: STSClient;
  readonly logs: CloudWatchLogsClient;
  readonly cloudwatch: CloudWatchClient;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly events: EventBridgeClient;
  readonly scheduler: SchedulerClient;
  readonly batch: BatchClient;
  readonly codebuild: CodeBuildClient;
  readonly sagemaker: SageMakerClient;
  readonly apprunner: AppRunnerClient;
  readonly inspector2: Inspector2Client;
  /**
   * The same clients without the run's signal, for clean-up after Ctrl-C, when the others start no more
   * calls.
   */
  readonly uninterruptible: Clients;
  /** Closes the connections, so that the process can end. */
  destroy(): void;
}

/** The AWS provider's names for a service in `aws:endpoints`, by the SDK's name. */
const endpointKeys = {
  ecr: ["ecr"],
  ecs: ["ecs"],
  lambda: ["lambda"],
  sts: ["sts"],
  logs: ["cloudwatchlogs", "logs", "cloudwatchlog"],
  cloudwatch: ["cloudwatch"],
  elbv2: ["elbv2", "elb", "elasticloadbalancingv2", "alb"],
  iam: ["iam"],
  kms: ["kms"],
  secretsManager: ["secretsmanager"],
  ssm: ["ssm"],
  events: ["events", "eventbridge", "cloudwatchevents"],
  scheduler: ["scheduler"],
  batch: ["batch"],
  codebuild: ["codebuild"],
  sagemaker: ["sagemaker"],
  apprunner: ["apprunner"],
  inspector2: ["inspector2"],
} as const satisfies Record<string, readonly string[]>;

type Logger = NonNullable<STSClientConfig["logger"]>;

/** Connections of one client at the same time. */
const connections = 50;

export type ServiceName = keyof typeof endpointKeys;
const serviceNames = Object.keys(endpointKeys) as ServiceName[];

interface ClientOptions {
  /** No call begins once it is aborted. A call that has begun takes its own signal. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the messages that the SDK would otherwise print to the terminal. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** The part of a client that Slipway hooks into; every SDK client has it. */
interface AnyClient {
  readonly middlewareStack: {
    add(
      middleware: <Next extends (args: never) => Promise<unknown>>(next: Next, context: object) => Next,
      options: { step: "initialize"; priority: "high"; name: string },
    ): void;
    addRelativeTo(
      middleware: <Next extends (args: never) => Promise<unknown>>(next: Next, context: object) => Next,
      options: { relation: "after"; toMiddleware: string; name: string },
    ): void;
  };
  destroy(): void;
}

/**
 * Creates clients that follow the same keys as the AWS provider (config/stack/provider.ts): endpoints, and
 * credentials.
 *
 * The SDK retries calls (5 attempts, exponential back-off with jitter, throttling included). Calls stay below
 * the rates that AWS documents, and slow down when AWS refuses one (rates.ts). The time-outs are 5 s for a
 * connection and 30 s for an answer. Errors that a user can fix are thrown as UserError.
 */
export function createClients(settings: Settings, options: ClientOptions = {}): Clients {
  const made = new Map<ServiceName, AnyClient>();
  const roles: AnyClient[] = [];
  const credentials = hasOwnRole(settings.aws) ? ownCredentials(settings, options, roles) : undefined;
  let uninterruptible: Clients | undefined;
  const clientOf = (service: ServiceName) => {
    const client = made.get(service) ?? makeClient(service, settings, options, credentials);
    made.set(service, client);
    return client;
  };
  const clients = {
    region: settings.aws.region,
    get uninterruptible() {
      uninterruptible ??= createClients(settings, { warn: options.warn });
      return uninterruptible;
    },
    destroy: () => {
      for (const client of [...made.values(), ...roles]) client.destroy();
      made.clear();
      uninterruptible?.destroy();
    },
  };
  const getters = serviceNames.map((service) => [
    service,
    { enumerable: true, get: () => clientOf(service) },
  ]);
  return Object.defineProperties(clients, Object.fromEntries(getters)) as Clients;
}

/**
 * The stack's own credentials, loaded only where they are needed: most stacks leave them to the SDK.
 *
 * @param made the clients of STS that take roles are added to it
 */
function ownCredentials(settings: Settings, options: ClientOptions, made: AnyClient[]): CredentialProvider {
  let provider: Promise<CredentialProvider> | undefined;
  const openSts = (from: CredentialProvider | undefined) => {
    const sts = makeClient("sts", settings, options, from);
    made.push(sts);
    return sts as STSClient;
  };
  return async () => {
    provider ??= import("./credentials.ts").then((module) => module.stackCredentials(settings, openSts));
    return (await provider)();
  };
}

/** The address that a stack names for a service; undefined: AWS's own. */
export function endpointOf(settings: Settings, service: ServiceName): string | undefined {
  return endpointKeys[service]
    .map((key) => endpointFor(settings, key))
    .find((endpoint) => endpoint !== undefined);
}

/** @param credentials undefined: those that the SDK finds */
function makeClient(
  service: ServiceName,
  settings: Settings,
  options: ClientOptions,
  credentials: CredentialProvider | undefined,
): AnyClient {
  const { region, profile, useFipsEndpoint, useDualstackEndpoint } = settings.aws;
  const endpoint = endpointOf(settings, service);
  const Client = clientClasses[service]() as new (configuration: object) => AnyClient;
  const client = new Client({
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(useFipsEndpoint === undefined ? {} : { useFipsEndpoint }),
    ...(useDualstackEndpoint === undefined ? {} : { useDualstackEndpoint }),
    maxAttempts: 5,
    retryMode: "standard",
    logger: { ...silent, warn: (message: unknown) => options.warn?.(String(message)) } as Logger,
    // One agent a client: connections are kept.
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: connections },
      httpsAgent: { keepAlive: true, maxSockets: connections },
    },
  });
  client.middlewareStack.add(mapErrors({ service, region, profile, endpoint }, options.signal), {
    step: "initialize",
    priority: "high",
    name: "slipwayErrors",
  });
  // Within the SDK's retries, since each attempt is a call, and before it is signed: signatures grow old.
  client.middlewareStack.addRelativeTo(limitCalls(service, endpoint, options.signal), {
    relation: "after",
    toMiddleware: "retryMiddleware",
    name: "slipwayRate",
  });
  return client;
}

/**
 * Without `info` and `error`: for these the SDK copies the whole input and output of each call, member by
 * member, before it asks whether anybody wants them.
 */
const silent = { debug: () => {} };

/** Holds calls back: by the rates of their APIs, and while all connections are in use. */
function limitCalls(service: string, endpoint: string | undefined, signal: AbortSignal | undefined) {
  const limiterOf = limitersOf(service, endpoint);
  // The time-out of a request would also count the time that it waits for a connection.
  const connected = pLimit(connections);
  return <Next extends (args: never) => Promise<unknown>>(next: Next, context: object): Next => {
    const limiter = limiterOf(operationOf(context));
    return (async (args: never) => {
      await limiter.take(signal);
      try {
        return await connected(() => {
          signal?.throwIfAborted();
          return next(args);
        });
      } catch (error) {
        if (isThrottled(error)) limiter.throttled();
        throw error;
      }
    }) as unknown as Next;
  };
}

/** `DescribeServices` */
function operationOf(context: object): string {
  return ((context as { commandName?: string }).commandName ?? "").replace(/Command$/, "");
}

function mapErrors(
  call: { service: string; region: string; profile: string | undefined; endpoint: string | undefined },
  signal: AbortSignal | undefined,
) {
  return <Next extends (args: never) => Promise<unknown>>(next: Next, context: object): Next => {
    const operation = operationOf(context);
    return (async (args: never) => {
      signal?.throwIfAborted();
      try {
        return await next(args);
      } catch (error) {
        throw toUserError(error, { ...call, operation });
      }
    }) as unknown as Next;
  };
}
