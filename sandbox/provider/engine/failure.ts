import { Metadata, status } from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import { UserError } from "../../../config/problems/errors.ts";
import { PartlyMade } from "../operations.ts";
import { toStruct } from "./struct.ts";

/** An error as gRPC carries it. */
export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

/**
 * The error as the engine shows it. A resource that was made but not finished goes along with its id,
 * so that the engine keeps it in the state.
 */
export function toGrpcFailure(error: unknown): GrpcFailure {
  if (error instanceof PartlyMade) return partlyMade(error);
  if (error instanceof UserError) return { code: status.FAILED_PRECONDITION, details: error.message };
  return { code: status.UNKNOWN, details: describe(error) };
}

/** An error of the SDK by its name, as the message alone often says little. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const aws = "$metadata" in error;
  return aws && !error.message.includes(error.name) ? `${error.name}: ${error.message}` : error.message;
}

function partlyMade(error: PartlyMade): GrpcFailure {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.outputs));
  detail.setReasonsList([error.message]);
  const packed = new anyMessages.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new statusMessages.Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(error.message);
  answer.addDetails(packed);
  const metadata = new Metadata();
  // gRPC's own key for structured errors; the engine reads it. https://grpc.io/docs/guides/error/
  metadata.add("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: error.message, metadata };
}
