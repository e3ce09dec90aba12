import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages, {
  type CheckRequest,
  type ConfigureRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type InvokeRequest,
  type ReadRequest,
  type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type { CheckedInputs, CheckFailure } from "../check.ts";
import type { ChangeKind, ResourceDiff } from "../diff.ts";
import type { PropertyBag } from "../property.ts";
import { toGrpcFailure } from "./failure.ts";
import { fromStruct, toStruct } from "./struct.ts";

/** What the engine asks of a provider, as plain values. */
export interface EngineFacingProvider {
  readonly version: string;
  checkConfiguration(news: PropertyBag): Promise<CheckedInputs>;
  configure(configuration: PropertyBag): Promise<void>;
  check(urn: string, olds: PropertyBag, news: PropertyBag, randomSeed: Uint8Array): Promise<CheckedInputs>;
  diff(
    urn: string,
    before: Before,
    news: PropertyBag,
    ignoreChanges: readonly string[],
  ): Promise<ResourceDiff>;
  create(urn: string, inputs: PropertyBag, preview: boolean): Promise<{ id: string; outputs: PropertyBag }>;
  read(
    urn: string,
    id: string,
    before: Before,
  ): Promise<{ id: string; outputs: PropertyBag; inputs: PropertyBag } | undefined>;
  update(
    urn: string,
    id: string,
    before: Before,
    news: PropertyBag,
    options: { readonly preview: boolean; readonly ignoreChanges: readonly string[] },
  ): Promise<PropertyBag>;
  delete(urn: string, id: string, outputs: PropertyBag): Promise<void>;
  invoke(token: string, inputs: PropertyBag): Promise<PropertyBag>;
  cancel(): void;
}

interface Before {
  readonly outputs: PropertyBag;
  readonly inputs: PropertyBag;
}

/**
 * Serves the provider to the engine on a free loopback port. Pulumi's own server for Node.js
 * (`@pulumi/pulumi/provider`) drops the configuration and knows neither detailed diffs nor previews of
 * `create` and `update`, hence this one on the same generated stubs.
 *
 * @returns the port, which the engine expects on stdout
 */
export async function serve(provider: EngineFacingProvider): Promise<number> {
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(stubs.ResourceProviderService, {
    getPluginInfo: unary(async () => {
      const answer = new pluginMessages.PluginInfo();
      answer.setVersion(provider.version);
      return answer;
    }),
    getSchema: unary(async () => {
      const answer = new messages.GetSchemaResponse();
      answer.setSchema("{}");
      return answer;
    }),
    checkConfig: unary(async (request: CheckRequest) =>
      checkResponse(await provider.checkConfiguration(fromStruct(request.getNews()))),
    ),
    // A changed configuration is nothing to the resources: the account guard sees to the rest.
    diffConfig: unary(async () => new messages.DiffResponse()),
    configure: unary(async (request: ConfigureRequest) => {
      await provider.configure(fromStruct(request.getArgs()));
      const answer = new messages.ConfigureResponse();
      // Without secrets, resources and outputs the engine sends plain values, and marks secrets itself.
      answer.setSupportspreview(true);
      return answer;
    }),
    check: unary(async (request: CheckRequest) =>
      checkResponse(
        await provider.check(
          request.getUrn(),
          fromStruct(request.getOlds()),
          fromStruct(request.getNews()),
          request.getRandomseed_asU8(),
        ),
      ),
    ),
    diff: unary(async (request: DiffRequest) =>
      diffResponse(
        await provider.diff(
          request.getUrn(),
          { outputs: fromStruct(request.getOlds()), inputs: fromStruct(request.getOldInputs()) },
          fromStruct(request.getNews()),
          request.getIgnorechangesList(),
        ),
      ),
    ),
    create: unary(async (request: CreateRequest) => {
      const { id, outputs } = await provider.create(
        request.getUrn(),
        fromStruct(request.getProperties()),
        request.getPreview(),
      );
      const answer = new messages.CreateResponse();
      answer.setId(id);
      answer.setProperties(toStruct(outputs));
      return answer;
    }),
    read: unary(async (request: ReadRequest) => {
      const found = await provider.read(request.getUrn(), request.getId(), {
        outputs: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      const answer = new messages.ReadResponse();
      if (found === undefined) return answer;
      answer.setId(found.id);
      answer.setProperties(toStruct(found.outputs));
      answer.setInputs(toStruct(found.inputs));
      return answer;
    }),
    update: unary(async (request: UpdateRequest) => {
      const outputs = await provider.update(
        request.getUrn(),
        request.getId(),
        { outputs: fromStruct(request.getOlds()), inputs: fromStruct(request.getOldInputs()) },
        fromStruct(request.getNews()),
        { preview: request.getPreview(), ignoreChanges: request.getIgnorechangesList() },
      );
      const answer = new messages.UpdateResponse();
      answer.setProperties(toStruct(outputs));
      return answer;
    }),
    delete: unary(async (request: DeleteRequest) => {
      await provider.delete(request.getUrn(), request.getId(), fromStruct(request.getProperties()));
      return new emptyMessages.Empty();
    }),
    invoke: unary(async (request: InvokeRequest) => {
      const answer = new messages.InvokeResponse();
      answer.setReturn(toStruct(await provider.invoke(request.getTok(), fromStruct(request.getArgs()))));
      return answer;
    }),
    cancel: unary(async () => {
      provider.cancel();
      return new emptyMessages.Empty();
    }),
  });
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function unary<Request, Response>(work: (request: Request) => Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => {
    work(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => answer(toGrpcFailure(error)),
    );
  };
}

function checkResponse({ inputs, failures }: CheckedInputs) {
  const answer = new messages.CheckResponse();
  answer.setInputs(toStruct(inputs));
  answer.setFailuresList(failures.map(toCheckFailure));
  return answer;
}

function toCheckFailure({ property, reason }: CheckFailure) {
  const failure = new messages.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

function diffResponse(diff: ResourceDiff): DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const answer = new messages.DiffResponse();
  answer.setChanges(diff.changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  answer.setReplacesList([...diff.replaces]);
  answer.setDiffsList([...diff.changed]);
  answer.setDeletebeforereplace(diff.deleteBeforeReplace);
  answer.setHasdetaileddiff(true);
  for (const change of diff.changes) {
    const detail = new messages.PropertyDiff();
    detail.setKind(wireKind(change.kind, change.replaces));
    answer.getDetaileddiffMap().set(change.path, detail);
  }
  return answer;
}

function wireKind(kind: ChangeKind, replaces: boolean) {
  const { Kind } = messages.PropertyDiff;
  switch (kind) {
    case "add":
      return replaces ? Kind.ADD_REPLACE : Kind.ADD;
    case "delete":
      return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
    case "update":
      return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
  }
}
