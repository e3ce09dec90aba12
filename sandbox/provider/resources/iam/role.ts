import { IAM, paginateListAttachedRolePolicies, paginateListRolePolicies } from "@aws-sdk/client-iam";
import type { iam } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(IAM, "iam");

export const role = defineResource<iam.RoleArgs, iam.Role>()({
  token: "aws:iam/role:Role",
  inputs: {
    assumeRolePolicy: { on: "update", compare: "policy" },
    description: "update",
    forceDetachPolicies: { on: "update", local: true, fallback: false },
    inlinePolicies: "unsupported",
    managedPolicyArns: "unsupported",
    maxSessionDuration: { on: "update", fallback: 3600 },
    name: "replace",
    namePrefix: "unsupported",
    path: { on: "replace", fallback: "/" },
    permissionsBoundary: "update",
    tags: "update",
  },
  computed: { arn: "stable", createDate: "stable", uniqueId: "stable" },
  autoName: "name",

  async create(inputs, context) {
    await client(context).createRole({
      RoleName: inputs.name,
      AssumeRolePolicyDocument: asDocument(inputs.assumeRolePolicy),
      Description: inputs.description,
      MaxSessionDuration: inputs.maxSessionDuration,
      Path: inputs.path,
      PermissionsBoundary: inputs.permissionsBoundary,
      Tags: asKeyValues(allTags(inputs.tags, context)),
    });
    return inputs.name ?? "";
  },

  async read(id, _previous, context) {
    const found = await unlessGone(
      client(context).getRole({ RoleName: id }),
      "NoSuchEntityException",
      "NoSuchEntity",
    );
    const live = found?.Role;
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        arn: live.Arn ?? "",
        assumeRolePolicy: decodeURIComponent(live.AssumeRolePolicyDocument ?? ""),
        createDate: live.CreateDate?.toISOString() ?? "",
        description: live.Description,
        maxSessionDuration: live.MaxSessionDuration,
        name: live.RoleName ?? id,
        path: live.Path,
        permissionsBoundary: live.PermissionsBoundary?.PermissionsBoundaryArn,
        tagsAll: fromKeyValues(live.Tags),
        uniqueId: live.RoleId ?? "",
      },
    };
  },

  async update(RoleName, { inputs, previous, changed }, context) {
    const iam = client(context);
    if (changed.has("assumeRolePolicy")) {
      await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: asDocument(inputs.assumeRolePolicy) });
    }
    if (changed.has("description") || changed.has("maxSessionDuration")) {
      const { description = "", maxSessionDuration = 3600 } = inputs;
      await iam.updateRole({ RoleName, Description: description, MaxSessionDuration: maxSessionDuration });
    }
    if (changed.has("permissionsBoundary")) {
      const { permissionsBoundary } = inputs;
      if (permissionsBoundary === undefined) await iam.deleteRolePermissionsBoundary({ RoleName });
      else await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: permissionsBoundary });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await iam.untagRole({ RoleName, TagKeys: remove });
      if (Object.keys(set).length > 0) await iam.tagRole({ RoleName, Tags: asKeyValues(set) });
    }
  },

  async delete(RoleName, { forceDetachPolicies }, context) {
    if (forceDetachPolicies) await detachPolicies(RoleName, context);
    await unlessGone(client(context).deleteRole({ RoleName }), "NoSuchEntityException", "NoSuchEntity");
  },
});

async function detachPolicies(RoleName: string, context: AwsContext): Promise<void> {
  const iam = client(context);
  for await (const { AttachedPolicies } of paginateListAttachedRolePolicies({ client: iam }, { RoleName })) {
    for (const { PolicyArn } of AttachedPolicies ?? []) await iam.detachRolePolicy({ RoleName, PolicyArn });
  }
  for await (const { PolicyNames } of paginateListRolePolicies({ client: iam }, { RoleName })) {
    for (const PolicyName of PolicyNames ?? []) await iam.deleteRolePolicy({ RoleName, PolicyName });
  }
}
