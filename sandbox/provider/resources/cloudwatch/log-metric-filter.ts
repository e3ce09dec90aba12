import {
  CloudWatchLogs,
  type MetricFilter,
  paginateDescribeMetricFilters,
  type StandardUnit,
} from "@aws-sdk/client-cloudwatch-logs";
import type { cloudwatch } from "@pulumi/aws";
import { withDefaults } from "../../compare.ts";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { compact } from "../../property.ts";
import { defineResource, type InputsOf } from "../../resource.ts";

type Inputs = InputsOf<cloudwatch.LogMetricFilterArgs>;

const client = (context: AwsContext) =>
  context.client(CloudWatchLogs, "logs", "cloudwatchlogs", "cloudwatchlog");

export const logMetricFilter = defineResource<cloudwatch.LogMetricFilterArgs, cloudwatch.LogMetricFilter>()({
  token: "aws:cloudwatch/logMetricFilter:LogMetricFilter",
  inputs: {
    applyOnTransformedLogs: { on: "update", computed: true },
    logGroupName: "replace",
    metricTransformation: {
      on: "update",
      compare: withDefaults({ unit: "None" }),
      keys: ["defaultValue", "dimensions", "name", "namespace", "unit", "value"],
    },
    name: "replace",
    pattern: "update",
    region: { on: "replace", computed: true },
  },
  computed: {},
  autoName: "name",

  async create(inputs, context) {
    await put(inputs, context);
    return inputs.name ?? "";
  },

  async read(id, previous, context) {
    const [logGroupName, name] = partsOf(id, previous.logGroupName);
    const live = await unlessGone(find(logGroupName, name, context), "ResourceNotFoundException");
    if (live === undefined) return undefined;
    const [transformation] = live.metricTransformations ?? [];
    return {
      id: name,
      outputs: {
        applyOnTransformedLogs: live.applyOnTransformedLogs ?? false,
        logGroupName,
        metricTransformation: compact({
          defaultValue:
            transformation?.defaultValue === undefined ? undefined : String(transformation.defaultValue),
          dimensions: transformation?.dimensions,
          name: transformation?.metricName ?? "",
          namespace: transformation?.metricNamespace ?? "",
          unit: transformation?.unit ?? "None",
          value: transformation?.metricValue ?? "",
        }),
        name,
        pattern: live.filterPattern ?? "",
      },
    };
  },

  async update(_id, { inputs }, context) {
    await put(inputs, context);
  },

  async delete(filterName, { logGroupName }, context) {
    await unlessGone(
      client(context).deleteMetricFilter({ logGroupName, filterName }),
      "ResourceNotFoundException",
    );
  },
});

async function put(inputs: Inputs, context: AwsContext): Promise<void> {
  const { metricTransformation: to } = inputs;
  await client(context).putMetricFilter({
    logGroupName: inputs.logGroupName,
    filterName: inputs.name,
    filterPattern: inputs.pattern,
    applyOnTransformedLogs: inputs.applyOnTransformedLogs,
    metricTransformations: [
      {
        metricName: to.name,
        metricNamespace: to.namespace,
        metricValue: to.value,
        defaultValue: to.defaultValue === undefined ? undefined : Number(to.defaultValue),
        dimensions: to.dimensions,
        unit: to.unit as StandardUnit | undefined,
      },
    ],
  });
}

async function find(
  logGroupName: string,
  name: string,
  context: AwsContext,
): Promise<MetricFilter | undefined> {
  const wanted = { logGroupName, filterNamePrefix: name };
  for await (const { metricFilters } of paginateDescribeMetricFilters({ client: client(context) }, wanted)) {
    const found = metricFilters?.find(({ filterName }) => filterName === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The id is the filter's name alone; an import also names the log group: `group:filter`. */
function partsOf(id: string, logGroupName: string | undefined): [logGroupName: string, name: string] {
  if (logGroupName !== undefined) return [logGroupName, id];
  const at = id.indexOf(":");
  if (at < 0) throw new Error(`${id}: import a metric filter as log-group:filter`);
  return [id.slice(0, at), id.slice(at + 1)];
}
