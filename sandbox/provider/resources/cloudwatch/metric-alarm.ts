import {
  CloudWatch,
  type ComparisonOperator,
  type MetricAlarm,
  type MetricDataQuery,
  type StandardUnit,
  type Statistic,
} from "@aws-sdk/client-cloudwatch";
import type { cloudwatch } from "@pulumi/aws";
import { withDefaults } from "../../compare.ts";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { compact } from "../../property.ts";
import { defineResource, type InputsOf, type OutputsOf } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

type Inputs = InputsOf<cloudwatch.MetricAlarmArgs>;
type Queries = OutputsOf<cloudwatch.MetricAlarm>["metricQueries"];

const client = (context: AwsContext) => context.client(CloudWatch, "cloudwatch");

export const metricAlarm = defineResource<cloudwatch.MetricAlarmArgs, cloudwatch.MetricAlarm>()({
  token: "aws:cloudwatch/metricAlarm:MetricAlarm",
  inputs: {
    actionsEnabled: { on: "update", fallback: true },
    alarmActions: { on: "update", compare: "set" },
    alarmDescription: "update",
    comparisonOperator: "update",
    datapointsToAlarm: "update",
    dimensions: "update",
    evaluateLowSampleCountPercentiles: { on: "update", computed: true },
    evaluationCriteria: "unsupported",
    evaluationInterval: "unsupported",
    evaluationPeriods: "update",
    extendedStatistic: "update",
    insufficientDataActions: { on: "update", compare: "set" },
    metricName: "update",
    metricQueries: {
      on: "update",
      compare: withDefaults({ returnData: false }),
      keys: ["accountId", "expression", "id", "label", "metric", "period", "returnData"],
    },
    name: "replace",
    namespace: "update",
    okActions: { on: "update", compare: "set" },
    period: "update",
    region: { on: "replace", computed: true },
    statistic: "update",
    tags: "update",
    threshold: "update",
    thresholdMetricId: "update",
    treatMissingData: { on: "update", fallback: "missing" },
    unit: "update",
    warmUpConfiguration: "unsupported",
  },
  computed: { arn: "stable" },
  autoName: "name",

  async create(inputs, context) {
    await put(inputs, context);
    return inputs.name ?? "";
  },

  async read(id, _previous, context) {
    const cloudwatch = client(context);
    const { MetricAlarms } = await cloudwatch.describeAlarms({
      AlarmNames: [id],
      AlarmTypes: ["MetricAlarm"],
    });
    const live = MetricAlarms?.find(({ AlarmName }) => AlarmName === id);
    if (live === undefined) return undefined;
    const arn = live.AlarmArn ?? "";
    const { Tags } = await cloudwatch.listTagsForResource({ ResourceARN: arn });
    return {
      id,
      outputs: {
        actionsEnabled: live.ActionsEnabled,
        alarmActions: live.AlarmActions,
        alarmDescription: live.AlarmDescription,
        arn,
        comparisonOperator: live.ComparisonOperator,
        datapointsToAlarm: live.DatapointsToAlarm,
        dimensions: dimensionsOf(live.Dimensions),
        evaluateLowSampleCountPercentiles: live.EvaluateLowSampleCountPercentile ?? "",
        evaluationPeriods: live.EvaluationPeriods,
        extendedStatistic: live.ExtendedStatistic,
        insufficientDataActions: live.InsufficientDataActions,
        metricName: live.MetricName,
        metricQueries: queriesOf(live.Metrics),
        name: live.AlarmName ?? id,
        namespace: live.Namespace,
        okActions: live.OKActions,
        period: live.Period,
        statistic: live.Statistic,
        tagsAll: fromKeyValues(Tags),
        threshold: live.Threshold,
        thresholdMetricId: live.ThresholdMetricId,
        treatMissingData: live.TreatMissingData,
        unit: live.Unit,
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

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteAlarms({ AlarmNames: [id] }), "ResourceNotFound");
  },
});

async function put(inputs: Inputs, context: AwsContext): Promise<void> {
  await client(context).putMetricAlarm({
    AlarmName: inputs.name,
    AlarmDescription: inputs.alarmDescription,
    ActionsEnabled: inputs.actionsEnabled ?? true,
    AlarmActions: arns(inputs.alarmActions),
    OKActions: arns(inputs.okActions),
    InsufficientDataActions: arns(inputs.insufficientDataActions),
    ComparisonOperator: inputs.comparisonOperator as ComparisonOperator | undefined,
    EvaluationPeriods: inputs.evaluationPeriods,
    DatapointsToAlarm: inputs.datapointsToAlarm,
    EvaluateLowSampleCountPercentile: inputs.evaluateLowSampleCountPercentiles,
    MetricName: inputs.metricName,
    Namespace: inputs.namespace,
    Dimensions: asDimensions(inputs.dimensions),
    Period: inputs.period,
    Statistic: inputs.statistic as Statistic | undefined,
    ExtendedStatistic: inputs.extendedStatistic,
    Threshold: inputs.threshold,
    ThresholdMetricId: inputs.thresholdMetricId,
    TreatMissingData: inputs.treatMissingData ?? "missing",
    Unit: inputs.unit as StandardUnit | undefined,
    Metrics: asQueries(inputs.metricQueries),
    Tags: asKeyValues(allTags(inputs.tags, context)),
  });
}

/** Topics come as their ARNs: the engine puts a resource's id in its place. */
const arns = (actions: Inputs["alarmActions"]) => actions?.map(String) ?? [];

function asDimensions(dimensions: Readonly<Record<string, string>> | undefined) {
  return dimensions && Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

function dimensionsOf(live: MetricAlarm["Dimensions"]): Record<string, string> | undefined {
  if (live === undefined || live.length === 0) return undefined;
  return Object.fromEntries(live.map(({ Name = "", Value = "" }) => [Name, Value]));
}

function asQueries(queries: Inputs["metricQueries"]): MetricDataQuery[] | undefined {
  return queries?.map((query) => ({
    Id: query.id,
    Expression: query.expression,
    Label: query.label,
    Period: query.period,
    ReturnData: query.returnData ?? false,
    AccountId: query.accountId,
    MetricStat: query.metric && {
      Metric: {
        MetricName: query.metric.metricName,
        Namespace: query.metric.namespace,
        Dimensions: asDimensions(query.metric.dimensions),
      },
      Period: query.metric.period,
      Stat: query.metric.stat,
      Unit: query.metric.unit as StandardUnit | undefined,
    },
  }));
}

function queriesOf(live: readonly MetricDataQuery[] | undefined): Queries {
  if (live === undefined || live.length === 0) return undefined;
  return live.map((query) =>
    compact({
      id: query.Id ?? "",
      expression: query.Expression,
      label: query.Label,
      period: query.Period,
      returnData: query.ReturnData,
      accountId: query.AccountId,
      metric:
        query.MetricStat &&
        compact({
          metricName: query.MetricStat.Metric?.MetricName ?? "",
          namespace: query.MetricStat.Metric?.Namespace,
          dimensions: dimensionsOf(query.MetricStat.Metric?.Dimensions),
          period: query.MetricStat.Period ?? 0,
          stat: query.MetricStat.Stat ?? "",
          unit: query.MetricStat.Unit,
        }),
    }),
  );
}
