import { mockClient as mock } from "aws-sdk-client-mock";
import type { Deviation } from "./deviation.ts";
import { deviationsOfCall } from "./exchange.ts";

let found: Deviation[] = [];

/** What calls of mocked clients have deviated in since this was asked last. */
export function takeDeviations(): Deviation[] {
  const taken = found;
  found = [];
  return taken;
}

/** Adds to what `takeDeviations` returns. */
export function noteDeviations(deviations: readonly Deviation[]): void {
  found.push(...deviations);
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: unknown;
}

/** A client, or the prototype that all of its class share. */
interface Sender {
  send(command: Command, ...rest: unknown[]): Promise<unknown> | undefined;
}

/**
 * `mockClient` of aws-sdk-client-mock, with every request and every answer that a test makes up held
 * against AWS's model. What deviates fails the test: see test/aws/setup.ts.
 */
export const mockClient: typeof mock = (client, options) => {
  const stub = mock(client, options);
  const isInstance = "send" in client;
  const holder = (isInstance ? client : client.prototype) as unknown as Sender;
  const service = serviceOf(
    isInstance ? client.constructor.name : (client as unknown as { name: string }).name,
  );
  hold(holder, service);
  // The library makes a new stub for that.
  const reset = stub.reset.bind(stub);
  stub.reset = () => {
    reset();
    hold(holder, service);
    return stub;
  };
  return stub;
};

function hold(holder: Sender, service: string): void {
  const { send } = holder;
  holder.send = function heldSend(command, ...rest) {
    const name = command.constructor.name.replace(/Command$/, "");
    const answered = send.call(this, command, ...rest);
    // What is not mocked is answered undefined, and not by a promise.
    if (answered === undefined) return undefined;
    return Promise.resolve(answered).then(
      (output) => {
        noteDeviations(deviationsOfCall(service, name, { input: command.input, output }));
        return output;
      },
      (error: unknown) => {
        noteDeviations(deviationsOfCall(service, name, { input: command.input, error }));
        throw error;
      },
    );
  };
}

/** Class of a client → the name that its requests are signed with. */
function serviceOf(name: string): string {
  const service = services[name];
  if (service === undefined)
    throw new Error(`${name}: no model is known for it; add it to test/aws/mock-client.ts`);
  return service;
}

const services: Readonly<Record<string, string>> = {
  AppRunnerClient: "apprunner",
  BatchClient: "batch",
  CloudWatchClient: "monitoring",
  CloudWatchLogsClient: "logs",
  CodeBuildClient: "codebuild",
  ECRClient: "ecr",
  ECSClient: "ecs",
  ElasticLoadBalancingV2Client: "elasticloadbalancing",
  EventBridgeClient: "events",
  IAMClient: "iam",
  Inspector2Client: "inspector2",
  KMSClient: "kms",
  LambdaClient: "lambda",
  SageMakerClient: "sagemaker",
  SchedulerClient: "scheduler",
  SecretsManagerClient: "secretsmanager",
  SSMClient: "ssm",
  STSClient: "sts",
};
