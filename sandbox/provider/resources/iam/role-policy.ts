import { IAM } from "@aws-sdk/client-iam";
import type { iam } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(IAM, "iam");
const gone = ["NoSuchEntityException", "NoSuchEntity"];

export const rolePolicy = defineResource<iam.RolePolicyArgs, iam.RolePolicy>()({
  token: "aws:iam/rolePolicy:RolePolicy",
  inputs: {
    name: "replace",
    namePrefix: "unsupported",
    policy: { on: "update", compare: "policy" },
    role: "replace",
  },
  computed: {},
  autoName: "name",

  async create({ name = "", role, policy }, context) {
    const RoleName = String(role);
    await client(context).putRolePolicy({ RoleName, PolicyName: name, PolicyDocument: asDocument(policy) });
    return `${RoleName}:${name}`;
  },

  async read(id, _previous, context) {
    const [RoleName, PolicyName] = partsOf(id);
    const live = await unlessGone(client(context).getRolePolicy({ RoleName, PolicyName }), ...gone);
    if (live === undefined) return undefined;
    const policy = decodeURIComponent(live.PolicyDocument ?? "");
    return { id, outputs: { name: PolicyName, policy, role: RoleName } };
  },

  async update(id, { inputs }, context) {
    const [RoleName, PolicyName] = partsOf(id);
    const PolicyDocument = asDocument(inputs.policy);
    await client(context).putRolePolicy({ RoleName, PolicyName, PolicyDocument });
  },

  async delete(id, _outputs, context) {
    const [RoleName, PolicyName] = partsOf(id);
    await unlessGone(client(context).deleteRolePolicy({ RoleName, PolicyName }), ...gone);
  },
});

function partsOf(id: string): [role: string, name: string] {
  const at = id.indexOf(":");
  if (at < 0) throw new Error(`${id}: a role's policy is called role:policy`);
  return [id.slice(0, at), id.slice(at + 1)];
}
