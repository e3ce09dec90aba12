import { CloudWatchLogs, type ResourcePolicy } from "@aws-sdk/client-cloudwatch-logs";
import type { cloudwatch } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) =>
  context.client(CloudWatchLogs, "logs", "cloudwatchlogs", "cloudwatchlog");

export const logResourcePolicy = defineResource<
  cloudwatch.LogResourcePolicyArgs,
  cloudwatch.LogResourcePolicy
>()({
  token: "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
  inputs: {
    policyDocument: { on: "update", compare: "policy" },
    policyName: "replace",
    region: { on: "replace", computed: true },
    resourceArn: "unsupported",
  },
  computed: { policyScope: "stable", revisionId: "changes" },
  deleteBeforeReplace: true,
  validate: ({ policyName }) =>
    policyName ? [] : [{ property: "policyName", reason: "must be given (resourceArn is not covered)" }],

  async create({ policyName = "", policyDocument }, context) {
    await client(context).putResourcePolicy({ policyName, policyDocument: asDocument(policyDocument) });
    return policyName;
  },

  async read(id, _previous, context) {
    const live = await find(id, context);
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        policyDocument: live.policyDocument ?? "",
        policyName: id,
        policyScope: live.policyScope ?? "ACCOUNT",
        revisionId: live.revisionId ?? "",
      },
    };
  },

  async update(policyName, { inputs }, context) {
    await client(context).putResourcePolicy({
      policyName,
      policyDocument: asDocument(inputs.policyDocument),
    });
  },

  async delete(policyName, _outputs, context) {
    await unlessGone(client(context).deleteResourcePolicy({ policyName }), "ResourceNotFoundException");
  },
});

async function find(name: string, context: AwsContext): Promise<ResourcePolicy | undefined> {
  let nextToken: string | undefined;
  do {
    const page = await client(context).describeResourcePolicies({ nextToken });
    const found = page.resourcePolicies?.find(({ policyName }) => policyName === name);
    if (found !== undefined) return found;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return undefined;
}
