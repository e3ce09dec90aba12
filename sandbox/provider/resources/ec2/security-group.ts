import { EC2, type SecurityGroup } from "@aws-sdk/client-ec2";
import type { ec2 } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";
import {
  comparableRules,
  permissionOf,
  ruleKeys,
  rulesOf,
  type SingleRule,
  singleRules,
  without,
} from "./security-group-rules.ts";

const client = (context: AwsContext) => context.client(EC2, "ec2");

export const securityGroup = defineResource<ec2.SecurityGroupArgs, ec2.SecurityGroup>()({
  token: "aws:ec2/securityGroup:SecurityGroup",
  inputs: {
    description: { on: "replace", fallback: "Managed by Pulumi" },
    egress: { on: "update", computed: true, compare: comparableRules, keys: ruleKeys },
    ingress: { on: "update", computed: true, compare: comparableRules, keys: ruleKeys },
    name: "replace",
    namePrefix: "unsupported",
    region: { on: "replace", computed: true },
    revokeRulesOnDelete: { on: "update", local: true, fallback: false },
    tags: "update",
    vpcId: { on: "replace", computed: true },
  },
  computed: { arn: "stable", ownerId: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const Tags = asKeyValues(allTags(inputs.tags, context));
    const { GroupId = "" } = await client(context).createSecurityGroup({
      GroupName: inputs.name,
      Description: inputs.description ?? "Managed by Pulumi",
      VpcId: inputs.vpcId,
      ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: "security-group", Tags }] }),
    });
    // EC2 lets everything out of a new group; the real provider takes that away, and so does this one.
    if (inputs.egress === undefined) {
      const live = await find(GroupId, context);
      if (live !== undefined) await setRules("egress", live, [], context);
    }
    return GroupId;
  },

  /** Rules are set here, so that a group whose rules are refused is kept in the state. */
  async settle(id, { ingress, egress }, context) {
    const live = await find(id, context);
    if (live === undefined) return;
    await setRules("ingress", live, ingress, context);
    await setRules("egress", live, egress, context);
  },

  async read(id, _previous, context) {
    const live = await find(id, context);
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        arn: live.SecurityGroupArn ?? `arn:aws:ec2:${context.region}:${live.OwnerId}:security-group/${id}`,
        description: live.Description ?? "",
        egress: rulesOf(live.IpPermissionsEgress, id),
        ingress: rulesOf(live.IpPermissions, id),
        name: live.GroupName ?? "",
        ownerId: live.OwnerId ?? context.account,
        tagsAll: fromKeyValues(live.Tags),
        vpcId: live.VpcId ?? "",
      },
    };
  },

  async update(id, { inputs, previous, changed }, context) {
    if (!changed.has("tags")) return;
    const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
    if (remove.length > 0) {
      await client(context).deleteTags({ Resources: [id], Tags: remove.map((Key) => ({ Key })) });
    }
    if (Object.keys(set).length > 0) {
      await client(context).createTags({ Resources: [id], Tags: asKeyValues(set) });
    }
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteSecurityGroup({ GroupId: id }), "InvalidGroup.NotFound");
  },
});

async function find(id: string, context: AwsContext): Promise<SecurityGroup | undefined> {
  const found = await unlessGone(
    client(context).describeSecurityGroups({ GroupIds: [id] }),
    "InvalidGroup.NotFound",
    "InvalidGroupId.NotFound",
  );
  return found?.SecurityGroups?.[0];
}

type Rules = InputsOf<ec2.SecurityGroupArgs>["ingress"];

/** Makes the rules of one direction those that are wanted; not wanting any in particular changes nothing. */
async function setRules(
  direction: "ingress" | "egress",
  live: SecurityGroup,
  wanted: Rules,
  context: AwsContext,
) {
  if (wanted === undefined) return;
  const ec2 = client(context);
  const GroupId = live.GroupId ?? "";
  const ingoing = direction === "ingress";
  const now = singleRules(rulesOf(ingoing ? live.IpPermissions : live.IpPermissionsEgress, GroupId));
  const requestFor = (rules: readonly SingleRule[]) => ({
    GroupId,
    IpPermissions: rules.map((rule) => permissionOf(rule, GroupId)),
  });
  const superfluous = without(now, singleRules(wanted));
  if (superfluous.length > 0) {
    const request = requestFor(superfluous);
    await (ingoing ? ec2.revokeSecurityGroupIngress(request) : ec2.revokeSecurityGroupEgress(request));
  }
  const missing = without(singleRules(wanted), now);
  if (missing.length > 0) {
    const request = requestFor(missing);
    await (ingoing ? ec2.authorizeSecurityGroupIngress(request) : ec2.authorizeSecurityGroupEgress(request));
  }
}
