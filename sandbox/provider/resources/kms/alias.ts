import { type AliasListEntry, KMS, paginateListAliases } from "@aws-sdk/client-kms";
import type { kms } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(KMS, "kms");

export const alias = defineResource<kms.AliasArgs, kms.Alias>()({
  token: "aws:kms/alias:Alias",
  inputs: {
    name: "replace",
    namePrefix: "unsupported",
    region: { on: "replace", computed: true },
    targetKeyId: {
      on: "update",
      // An ARN or the id at its end.
      compare: (value) => (typeof value === "string" ? value.replace(/^arn:.*:key\//, "") : value),
    },
  },
  computed: { arn: "stable", targetKeyArn: "changes" },
  autoName: "name",
  validate: ({ name }) =>
    name?.startsWith("alias/") ? [] : [{ property: "name", reason: `must begin with "alias/": ${name}` }],

  async create({ name = "", targetKeyId }, context) {
    await client(context).createAlias({ AliasName: name, TargetKeyId: targetKeyId });
    return name;
  },

  async read(id, _previous, context) {
    const found = await findAlias(id, context);
    if (found?.TargetKeyId === undefined) return undefined;
    const arn = found.AliasArn ?? "";
    return {
      id,
      outputs: {
        arn,
        name: id,
        targetKeyArn: arn.replace(`:${id}`, `:key/${found.TargetKeyId}`),
        targetKeyId: found.TargetKeyId,
      },
    };
  },

  async update(id, { inputs }, context) {
    await client(context).updateAlias({ AliasName: id, TargetKeyId: inputs.targetKeyId });
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteAlias({ AliasName: id }), "NotFoundException");
  },
});

async function findAlias(name: string, context: AwsContext): Promise<AliasListEntry | undefined> {
  for await (const { Aliases } of paginateListAliases({ client: client(context) }, {})) {
    const found = Aliases?.find(({ AliasName }) => AliasName === name);
    if (found !== undefined) return found;
  }
  return undefined;
}
