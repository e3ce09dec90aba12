import { EventBridge, type RuleState } from "@aws-sdk/client-eventbridge";
import type { cloudwatch } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

type Inputs = InputsOf<cloudwatch.EventRuleArgs>;

const client = (context: AwsContext) =>
  context.client(EventBridge, "eventbridge", "events", "cloudwatchevents");

export const eventRule = defineResource<cloudwatch.EventRuleArgs, cloudwatch.EventRule>()({
  token: "aws:cloudwatch/eventRule:EventRule",
  inputs: {
    description: "update",
    eventBusName: { on: "replace", fallback: "default" },
    eventPattern: { on: "update", compare: "json" },
    forceDestroy: { on: "update", local: true },
    isEnabled: "unsupported",
    name: "replace",
    namePrefix: "unsupported",
    region: { on: "replace", computed: true },
    roleArn: "update",
    scheduleExpression: "update",
    state: { on: "update", fallback: "ENABLED" },
    tags: "update",
  },
  computed: { arn: "stable" },
  autoName: "name",
  validate: ({ eventPattern, scheduleExpression }) =>
    eventPattern === undefined && scheduleExpression === undefined
      ? [{ property: "eventPattern", reason: "one of eventPattern and scheduleExpression must be given" }]
      : [],

  async create(inputs, context) {
    await put(inputs, context);
    return identity(inputs.name ?? "", inputs.eventBusName);
  },

  async read(id, _previous, context) {
    const [name, bus] = partsOf(id);
    const live = await unlessGone(
      client(context).describeRule({ Name: name, EventBusName: bus }),
      "ResourceNotFoundException",
    );
    if (live === undefined) return undefined;
    const { Tags } = await client(context).listTagsForResource({ ResourceARN: live.Arn });
    return {
      id,
      outputs: {
        arn: live.Arn ?? "",
        description: live.Description,
        eventBusName: live.EventBusName ?? bus,
        eventPattern: live.EventPattern,
        name: live.Name ?? name,
        roleArn: live.RoleArn,
        scheduleExpression: live.ScheduleExpression,
        state: live.State,
        tagsAll: fromKeyValues(Tags),
      },
    };
  },

  async update(_id, { inputs, previous, changed }, context) {
    await put(inputs, context);
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      const ResourceARN = previous.arn;
      if (remove.length > 0) await client(context).untagResource({ ResourceARN, TagKeys: remove });
      if (Object.keys(set).length > 0)
        await client(context).tagResource({ ResourceARN, Tags: asKeyValues(set) });
    }
  },

  async delete(id, { forceDestroy }, context) {
    const [Name, EventBusName] = partsOf(id);
    await unlessGone(
      client(context).deleteRule({ Name, EventBusName, Force: forceDestroy }),
      "ResourceNotFoundException",
    );
  },
});

async function put(inputs: Inputs, context: AwsContext): Promise<void> {
  await client(context).putRule({
    Name: inputs.name,
    EventBusName: inputs.eventBusName ?? "default",
    // Sent even when empty: the emulator keeps omitted values.
    Description: inputs.description ?? "",
    EventPattern: inputs.eventPattern,
    RoleArn: inputs.roleArn,
    ScheduleExpression: inputs.scheduleExpression,
    State: (inputs.state ?? "ENABLED") as RuleState,
    Tags: asKeyValues(allTags(inputs.tags, context)),
  });
}

function identity(name: string, bus: string | undefined): string {
  return bus === undefined || bus === "default" ? name : `${bus}/${name}`;
}

/** Rule and bus of an id: `rule` on the default bus, `bus/rule` on another (whose name may have slashes). */
function partsOf(id: string): [name: string, bus: string] {
  const at = id.lastIndexOf("/");
  return at < 0 ? [id, "default"] : [id.slice(at + 1), id.slice(0, at)];
}
