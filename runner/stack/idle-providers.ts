import { Server, ServerCredentials, type ServiceDefinition, type sendUnaryData } from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";

/** The engine's variable of providers to attach to instead of starting them: `aws:1234,awsx:1234`. */
const variable = "PULUMI_DEBUG_PROVIDERS";

/**
 * Runs `work` with an environment in which the engine attaches to providers of these packages here. The engine
 * starts the provider of every resource in the state, also of those that it leaves as they are, and the AWS
 * provider takes seconds to start. These providers can be configured, and refuse everything else: so a run for
 * images alone can't change anything else either.
 *
 * @param packages name of a Pulumi package → its version, which the engine asks for
 */
export async function withIdleProviders<T>(
  packages: Readonly<Record<string, string>>,
  work: (environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const given = process.env[variable]?.split(",").filter(Boolean) ?? [];
  const idle = Object.entries(packages).filter(([name]) => !given.some((one) => one.startsWith(`${name}:`)));
  const servers = idle.map(([, version]) => idleProvider(version));
  try {
    const ports = await Promise.all(servers.map(listen));
    const attached = idle.map(([name], index) => `${name}:${ports[index]}`);
    return await work({ [variable]: [...given, ...attached].join(",") });
  } finally {
    for (const server of servers) server.forceShutdown();
  }
}

/** A provider that can be configured; all else is answered with UNIMPLEMENTED. */
function idleProvider(version: string): Server {
  const server = new Server();
  server.addService(stubs.ResourceProviderService as unknown as ServiceDefinition, {
    handshake: answer(() => new messages.ProviderHandshakeResponse().setAcceptSecrets(true)),
    attach: answer(() => new emptyMessages.Empty()),
    getPluginInfo: answer(() => new pluginMessages.PluginInfo().setVersion(version)),
    configure: answer(() => new messages.ConfigureResponse().setAcceptsecrets(true)),
    cancel: answer(() => new emptyMessages.Empty()),
  });
  return server;
}

function answer<T>(make: () => T) {
  return (_call: unknown, reply: sendUnaryData<T>) => reply(null, make());
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
