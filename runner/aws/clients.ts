import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { ECRClient } from "@aws-sdk/client-ecr";
import type { ECSClient } from "@aws-sdk/client-ecs";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { STSClient } from "@aws-sdk/client-sts";
import { endpointFor, type Settings } from "../../config/stack/settings.ts";
import { toUserError } from "./errors.ts";
import { clientClasses } from "./packages.ts";

/** Clients for one stack's account and region, each made when first used. */
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
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  /**
   * The same clients without the run's signal: for what has to be put right after Ctrl-C, when the
   * others begin no call any more.
   */
  readonly uninterruptible: Clients;
  /** Closes the connections, so that the process can end. */
  destroy(): void;
}

/** What the AWS provider calls a service in `aws:endpoints`, next to the SDK's name. */
const endpointKeys = {
  ecr: ["ecr"],
  ecs: ["ecs"],
  lambda: ["lambda"],
  sts: ["sts"],
  logs: ["cloudwatchlogs", "logs", "cloudwatchlog"],
  cloudwatch: ["cloudwatch"],
  elbv2: ["elbv2", "elb", "elasticloadbalancingv2", "alb"],
  iam: ["iam"],
  secretsManager: ["secretsmanager"],
  ssm: ["ssm"],
} as const satisfies Record<string, readonly string[]>;

type ServiceName = keyof typeof endpointKeys;

/** The part of a client that the error mapping hooks into; every SDK client has it. */
interface Hookable {
  readonly middlewareStack: {
    add(
      middleware: <Next extends (args: never) => Promise<unknown>>(next: Next, context: object) => Next,
      options: { step: "initialize"; priority: "high"; name: string },
    ): void;
  };
  destroy(): void;
}

/**
 * Clients that read the same keys as the AWS provider: `aws:region`, `aws:profile`, `aws:endpoints`.
 *
 * Calls are retried by the SDK (5 attempts, exponential back-off with jitter, throttling included);
 * connecting takes 5 s at most, an answer 30 s. What a user can mend is thrown as a UserError.
 *
 * @param options.signal no call is begun once it is aborted (a call under way takes its own signal)
 * @param options.warn told what the SDK would otherwise print to the terminal by itself
 */
export function createClients(
  settings: Settings,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly warn?: ((message: string) => void) | undefined;
  } = {},
): Clients {
  const { region, profile } = settings.aws;
  const made: Hookable[] = [];
  const silent = () => {};
  const logger = {
    trace: silent,
    debug: silent,
    info: silent,
    warn: (message: unknown) => options.warn?.(String(message)),
    error: silent,
  };

  const endpointOf = (service: ServiceName) =>
    endpointKeys[service].map((key) => endpointFor(settings, key)).find((endpoint) => endpoint !== undefined);

  const configuration = (service: ServiceName) => {
    const endpoint = endpointOf(service);
    return {
      region,
      ...(profile === undefined ? {} : { profile }),
      ...(endpoint === undefined ? {} : { endpoint }),
      maxAttempts: 5,
      retryMode: "standard",
      logger,
      // One agent a client: connections are kept, 50 at a time.
      requestHandler: {
        connectionTimeout: 5_000,
        requestTimeout: 30_000,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: 50 },
        httpsAgent: { keepAlive: true, maxSockets: 50 },
      },
    };
  };

  const lazily = <T>(service: ServiceName, make: (from: ReturnType<typeof configuration>) => T) => {
    let client: T | undefined;
    return () => {
      if (client === undefined) {
        client = make(configuration(service));
        const hookable = client as unknown as Hookable;
        const call = { service, region, profile, endpoint: endpointOf(service) };
        hookable.middlewareStack.add(mapErrors(call, options.signal), {
          step: "initialize",
          priority: "high",
          name: "slipwayErrors",
        });
        made.push(hookable);
      }
      return client;
    };
  };

  const ecr = lazily("ecr", (from) => new (clientClasses.ecr())(from));
  const ecs = lazily("ecs", (from) => new (clientClasses.ecs())(from));
  const lambda = lazily("lambda", (from) => new (clientClasses.lambda())(from));
  const sts = lazily("sts", (from) => new (clientClasses.sts())(from));
  const logs = lazily("logs", (from) => new (clientClasses.logs())(from));
  const cloudwatch = lazily("cloudwatch", (from) => new (clientClasses.cloudwatch())(from));
  const elbv2 = lazily("elbv2", (from) => new (clientClasses.elbv2())(from));
  const iam = lazily("iam", (from) => new (clientClasses.iam())(from));
  const secretsManager = lazily("secretsManager", (from) => new (clientClasses.secretsManager())(from));
  const ssm = lazily("ssm", (from) => new (clientClasses.ssm())(from));
  let uninterruptible: Clients | undefined;
  return {
    region,
    get ecr() {
      return ecr();
    },
    get ecs() {
      return ecs();
    },
    get lambda() {
      return lambda();
    },
    get sts() {
      return sts();
    },
    get logs() {
      return logs();
    },
    get cloudwatch() {
      return cloudwatch();
    },
    get elbv2() {
      return elbv2();
    },
    get iam() {
      return iam();
    },
    get secretsManager() {
      return secretsManager();
    },
    get ssm() {
      return ssm();
    },
    get uninterruptible() {
      uninterruptible ??= createClients(settings, { warn: options.warn });
      return uninterruptible;
    },
    destroy: () => {
      for (const client of made.splice(0)) client.destroy();
      uninterruptible?.destroy();
    },
  };
}

function mapErrors(
  call: { service: string; region: string; profile: string | undefined; endpoint: string | undefined },
  signal: AbortSignal | undefined,
) {
  return <Next extends (args: never) => Promise<unknown>>(next: Next, context: object): Next => {
    const command = (context as { commandName?: string }).commandName ?? "";
    return (async (args: never) => {
      signal?.throwIfAborted();
      try {
        return await next(args);
      } catch (error) {
        throw toUserError(error, { ...call, operation: command.replace(/Command$/, "") });
      }
    }) as unknown as Next;
  };
}
