import { randomUUID } from "node:crypto";
import { EventBridge, type Target } from "@aws-sdk/client-eventbridge";
import type { cloudwatch } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { compact } from "../../property.ts";
import { defineResource, type InputsOf } from "../../resource.ts";

type Inputs = InputsOf<cloudwatch.EventTargetArgs>;

const client = (context: AwsContext) =>
  context.client(EventBridge, "eventbridge", "events", "cloudwatchevents");

export const eventTarget = defineResource<cloudwatch.EventTargetArgs, cloudwatch.EventTarget>()({
  token: "aws:cloudwatch/eventTarget:EventTarget",
  inputs: {
    appsyncTarget: "unsupported",
    arn: "update",
    batchTarget: "unsupported",
    deadLetterConfig: { on: "update", keys: ["arn"] },
    ecsTarget: "unsupported",
    eventBusName: { on: "replace", fallback: "default" },
    forceDestroy: { on: "update", local: true },
    httpTarget: "unsupported",
    input: { on: "update", compare: "json" },
    inputPath: "update",
    inputTransformer: { on: "update", keys: ["inputPaths", "inputTemplate"] },
    kinesisTarget: "unsupported",
    redshiftTarget: "unsupported",
    region: { on: "replace", computed: true },
    retryPolicy: { on: "update", keys: ["maximumEventAgeInSeconds", "maximumRetryAttempts"] },
    roleArn: "update",
    rule: "replace",
    runCommandTargets: "unsupported",
    sagemakerPipelineTarget: "unsupported",
    sqsTarget: { on: "update", keys: ["messageGroupId"] },
    targetId: { on: "replace", computed: true },
  },
  computed: {},

  async create(inputs, context) {
    const targetId = inputs.targetId ?? `target-${randomUUID()}`;
    await put({ ...inputs, targetId }, context);
    return identity(inputs.rule, targetId, inputs.eventBusName);
  },

  async read(id, previous, context) {
    const { rule, targetId, bus } = partsOf(id, previous);
    const live = await unlessGone(find(rule, bus, targetId, context), "ResourceNotFoundException");
    if (live === undefined) return undefined;
    return {
      id: identity(rule, live.Id ?? "", bus),
      outputs: {
        arn: live.Arn ?? "",
        deadLetterConfig: live.DeadLetterConfig && compact({ arn: live.DeadLetterConfig.Arn }),
        eventBusName: bus,
        input: live.Input,
        inputPath: live.InputPath,
        inputTransformer:
          live.InputTransformer &&
          compact({
            inputPaths: live.InputTransformer.InputPathsMap,
            inputTemplate: live.InputTransformer.InputTemplate ?? "",
          }),
        retryPolicy:
          live.RetryPolicy &&
          compact({
            maximumEventAgeInSeconds: live.RetryPolicy.MaximumEventAgeInSeconds,
            maximumRetryAttempts: live.RetryPolicy.MaximumRetryAttempts,
          }),
        roleArn: live.RoleArn,
        rule,
        sqsTarget: live.SqsParameters && compact({ messageGroupId: live.SqsParameters.MessageGroupId }),
        targetId: live.Id ?? "",
      },
    };
  },

  async update(_id, { inputs, previous }, context) {
    await put({ ...inputs, targetId: previous.targetId }, context);
  },

  async delete(_id, { rule, eventBusName, targetId, forceDestroy }, context) {
    await unlessGone(
      client(context).removeTargets({
        Rule: rule,
        EventBusName: eventBusName,
        Ids: [targetId],
        Force: forceDestroy,
      }),
      "ResourceNotFoundException",
    );
  },
});

async function put(inputs: Inputs, context: AwsContext): Promise<void> {
  const target: Target = {
    Id: inputs.targetId,
    Arn: inputs.arn,
    RoleArn: inputs.roleArn,
    Input: inputs.input,
    InputPath: inputs.inputPath,
    InputTransformer: inputs.inputTransformer && {
      InputPathsMap: inputs.inputTransformer.inputPaths,
      InputTemplate: inputs.inputTransformer.inputTemplate,
    },
    DeadLetterConfig: inputs.deadLetterConfig && { Arn: inputs.deadLetterConfig.arn },
    RetryPolicy: inputs.retryPolicy && {
      MaximumEventAgeInSeconds: inputs.retryPolicy.maximumEventAgeInSeconds,
      MaximumRetryAttempts: inputs.retryPolicy.maximumRetryAttempts,
    },
    SqsParameters: inputs.sqsTarget && { MessageGroupId: inputs.sqsTarget.messageGroupId },
  };
  const { FailedEntries } = await client(context).putTargets({
    Rule: inputs.rule,
    EventBusName: inputs.eventBusName ?? "default",
    Targets: [target],
  });
  const [failed] = FailedEntries ?? [];
  if (failed !== undefined) throw new Error(`${failed.ErrorCode}: ${failed.ErrorMessage}`);
}

async function find(
  rule: string,
  bus: string,
  targetId: string,
  context: AwsContext,
): Promise<Target | undefined> {
  let NextToken: string | undefined;
  do {
    const page = await client(context).listTargetsByRule({ Rule: rule, EventBusName: bus, NextToken });
    const found = page.Targets?.find(({ Id }) => Id === targetId);
    if (found !== undefined) return found;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return undefined;
}

function identity(rule: string, targetId: string, bus: string | undefined): string {
  return [...(bus === undefined || bus === "default" ? [] : [bus]), rule, targetId].join("-");
}

/** The id has no separator of its own, so the state is asked first; an import says `bus/rule/target`. */
function partsOf(
  id: string,
  previous: { rule?: string; targetId?: string; eventBusName?: string | undefined },
) {
  const { rule, targetId, eventBusName } = previous;
  if (rule !== undefined && targetId !== undefined) return { rule, targetId, bus: eventBusName ?? "default" };
  const parts = id.split("/");
  if (parts.length < 2)
    throw new Error(`${id}: import an event target as rule/target-id or bus/rule/target-id`);
  return {
    targetId: parts.at(-1) ?? "",
    rule: parts.at(-2) ?? "",
    bus: parts.slice(0, -2).join("/") || "default",
  };
}
