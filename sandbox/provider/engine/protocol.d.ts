/** What Pulumi's generated gRPC stubs look like; the package ships them without types. */
declare module "@pulumi/pulumi/proto/provider_grpc_pb.js" {
  import type { ServiceDefinition } from "@grpc/grpc-js";

  const stubs: { ResourceProviderService: ServiceDefinition };
  export default stubs;
}

declare module "@pulumi/pulumi/proto/engine_grpc_pb.js" {
  import type { ChannelCredentials, ClientOptions, ServiceError } from "@grpc/grpc-js";
  import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";

  interface EngineClient {
    log(request: LogRequest, callback: (error: ServiceError | null) => void): void;
    close(): void;
  }
  const stubs: {
    EngineClient: new (
      address: string,
      credentials: ChannelCredentials,
      options?: ClientOptions,
    ) => EngineClient;
  };
  export default stubs;
}
