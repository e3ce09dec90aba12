import { IAM, paginateListAttachedRolePolicies } from "@aws-sdk/client-iam";
import type { iam } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(IAM, "iam");
const gone = ["NoSuchEntityException", "NoSuchEntity"];

export const rolePolicyAttachment = defineResource<iam.RolePolicyAttachmentArgs, iam.RolePolicyAttachment>()({
  token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  inputs: { policyArn: "replace", role: "replace" },
  computed: {},

  async create({ policyArn, role }, context) {
    const RoleName = String(role);
    await client(context).attachRolePolicy({ RoleName, PolicyArn: policyArn });
    return `${RoleName}/${policyArn}`;
  },

  async read(id, _previous, context) {
    const [RoleName, PolicyArn] = partsOf(id);
    const attached = await unlessGone(isAttached(RoleName, PolicyArn, context), ...gone);
    return attached ? { id, outputs: { policyArn: PolicyArn, role: RoleName } } : undefined;
  },

  async delete(id, _outputs, context) {
    const [RoleName, PolicyArn] = partsOf(id);
    await unlessGone(client(context).detachRolePolicy({ RoleName, PolicyArn }), ...gone);
  },
});

async function isAttached(RoleName: string, arn: string, context: AwsContext): Promise<boolean> {
  for await (const page of paginateListAttachedRolePolicies({ client: client(context) }, { RoleName })) {
    if (page.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === arn)) return true;
  }
  return false;
}

function partsOf(id: string): [role: string, policyArn: string] {
  const at = id.indexOf("/");
  if (at < 0) throw new Error(`${id}: an attachment is called role/policy-arn`);
  return [id.slice(0, at), id.slice(at + 1)];
}
