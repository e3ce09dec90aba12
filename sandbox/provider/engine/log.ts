import { credentials } from "@grpc/grpc-js";
import stubs from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/engine_pb.js";

/** Warns the user about a resource, given by its URN. Never fails: a lost warning must stop nothing. */
export type Warn = (urn: string, message: string) => void;

/** Warnings go to the engine, which shows them at the resource; without one, to stderr. */
export function connectLog(engineAddress: string | undefined): Warn {
  if (engineAddress === undefined) return (urn, message) => console.error(`${urn}: ${message}`);
  const engine = new stubs.EngineClient(engineAddress, credentials.createInsecure());
  return (urn, message) => {
    const request = new messages.LogRequest();
    request.setSeverity(messages.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(`sandbox: ${message}`);
    engine.log(request, (error) => {
      if (error !== null) console.error(`${urn}: ${message} (not logged: ${error.message})`);
    });
  };
}
