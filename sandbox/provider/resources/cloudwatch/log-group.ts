import {
  CloudWatchLogs,
  type LogGroup,
  type LogGroupClass,
  paginateDescribeLogGroups,
} from "@aws-sdk/client-cloudwatch-logs";
import type { cloudwatch } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";
import { allTags, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) =>
  context.client(CloudWatchLogs, "logs", "cloudwatchlogs", "cloudwatchlog");

export const logGroup = defineResource<cloudwatch.LogGroupArgs, cloudwatch.LogGroup>()({
  token: "aws:cloudwatch/logGroup:LogGroup",
  inputs: {
    deletionProtectionEnabled: "unsupported",
    kmsKeyId: "unsupported",
    logGroupClass: { on: "replace", computed: true },
    name: "replace",
    namePrefix: "unsupported",
    region: { on: "replace", computed: true },
    retentionInDays: { on: "update", fallback: 0 },
    skipDestroy: { on: "update", local: true },
    tags: "update",
  },
  computed: { arn: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const { name: logGroupName = "", retentionInDays } = inputs;
    const tags = { ...allTags(inputs.tags, context) };
    await client(context).createLogGroup({
      logGroupName,
      logGroupClass: inputs.logGroupClass as LogGroupClass | undefined,
      // AWS takes no empty map here.
      ...(Object.keys(tags).length === 0 ? {} : { tags }),
    });
    if (retentionInDays) await client(context).putRetentionPolicy({ logGroupName, retentionInDays });
    return logGroupName;
  },

  async read(id, _previous, context) {
    const live = await find(id, context);
    if (live === undefined) return undefined;
    const arn = (live.arn ?? "").replace(/:\*$/, "");
    const { tags } = await client(context).listTagsForResource({ resourceArn: arn });
    return {
      id,
      outputs: {
        arn,
        logGroupClass: live.logGroupClass ?? "STANDARD",
        name: id,
        retentionInDays: live.retentionInDays ?? 0,
        tagsAll: { ...tags },
      },
    };
  },

  async update(logGroupName, { inputs, previous, changed }, context) {
    const logs = client(context);
    if (changed.has("retentionInDays")) {
      const { retentionInDays } = inputs;
      if (retentionInDays) await logs.putRetentionPolicy({ logGroupName, retentionInDays });
      else await logs.deleteRetentionPolicy({ logGroupName });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      const resourceArn = previous.arn;
      if (remove.length > 0) await logs.untagResource({ resourceArn, tagKeys: remove });
      if (Object.keys(set).length > 0) await logs.tagResource({ resourceArn, tags: { ...set } });
    }
  },

  async delete(logGroupName, { skipDestroy }, context) {
    if (skipDestroy) return;
    await unlessGone(client(context).deleteLogGroup({ logGroupName }), "ResourceNotFoundException");
  },
});

async function find(name: string, context: AwsContext): Promise<LogGroup | undefined> {
  const pages = paginateDescribeLogGroups({ client: client(context) }, { logGroupNamePrefix: name });
  for await (const { logGroups } of pages) {
    const found = logGroups?.find(({ logGroupName }) => logGroupName === name);
    if (found !== undefined) return found;
  }
  return undefined;
}
