import type { ProviderConfiguration } from "./configuration.ts";
import { explainMissingOperations } from "./missing-operation.ts";

/** A client class of the AWS SDK. */
type ClientClass<Client> = new (options: {
  region: string;
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
  retryMode: string;
  requestHandler: { connectionTimeout: number; requestTimeout: number };
  userAgentAppId: string;
}) => Client;

/** The part of a client that middleware is added to. */
interface WithMiddleware {
  readonly middlewareStack: {
    add(middleware: unknown, options: { step: "initialize"; name: string; override: boolean }): void;
  };
}

/** Everything that a resource type needs of the world, for one region. */
export interface AwsContext {
  readonly account: string;
  readonly region: string;
  readonly partition: "aws";
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
  readonly defaultTags: Readonly<Record<string, string>>;
  /**
   * The client of a service, made once a region: `client(ECR, "ecr")`.
   *
   * @param endpointNames the service's names in `aws:endpoints`; the first that is given counts
   */
  client<Client>(Class: ClientClass<Client>, ...endpointNames: readonly string[]): Client;
  /** Tells the user, through the engine's log. */
  warn(message: string): void;
}

/** Makes the context of each region and resource; clients are shared. */
export function createContexts(
  configuration: ProviderConfiguration,
  account: string,
  signal: AbortSignal,
): (region: string | undefined, warn: (message: string) => void) => AwsContext {
  const clients = new Map<string, unknown>();
  return (wanted, warn) => {
    const region = wanted ?? configuration.region;
    return {
      account,
      region,
      partition: "aws",
      signal,
      defaultTags: configuration.defaultTags,
      warn,
      client<Client>(Class: ClientClass<Client>, ...endpointNames: readonly string[]): Client {
        const key = `${endpointNames[0]}@${region}`;
        const existing = clients.get(key);
        if (existing !== undefined) return existing as Client;
        const client = createClient(configuration, Class, endpointNames, region);
        clients.set(key, client);
        return client;
      },
    };
  };
}

/** @throws Error when `aws:endpoints` has none for the service: it would go to the real one */
export function createClient<Client>(
  configuration: ProviderConfiguration,
  Class: ClientClass<Client>,
  endpointNames: readonly string[],
  region: string,
): Client {
  const endpoint = endpointNames
    .map((name) => configuration.endpoints[name])
    .find((url) => url !== undefined);
  if (endpoint === undefined) {
    throw new Error(
      `aws:endpoints has no address for ${endpointNames[0]}; the sandbox's AWS provider never calls the real service`,
    );
  }
  const client = new Class({
    region,
    endpoint,
    credentials: configuration.credentials,
    maxAttempts: configuration.maxAttempts,
    retryMode: "standard",
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 60_000 },
    // Tells its calls from those of the command that started the engine.
    userAgentAppId: "slipway-stand-in",
  });
  (client as WithMiddleware).middlewareStack.add(explainMissingOperations, {
    step: "initialize",
    name: "explainMissingOperations",
    override: true,
  });
  return client;
}
