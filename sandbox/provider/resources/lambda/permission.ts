import { randomUUID } from "node:crypto";
import { Lambda } from "@aws-sdk/client-lambda";
import type { lambda } from "@pulumi/aws";
import { z } from "zod";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(Lambda, "lambda");

const conditionValue = z.union([z.string(), z.array(z.string()).transform((values) => values.join(","))]);
const statementSchema = z.object({
  Sid: z.string(),
  Action: z.string(),
  Principal: z.union([z.string(), z.record(z.string(), z.string())]),
  Condition: z.record(z.string(), z.record(z.string(), conditionValue)).default({}),
});
const policySchema = z.object({ Statement: z.array(statementSchema) });

/** Every change replaces it, as Lambda can't change a statement. */
export const permission = defineResource<lambda.PermissionArgs, lambda.Permission>()({
  token: "aws:lambda/permission:Permission",
  inputs: {
    action: "replace",
    eventSourceToken: "unsupported",
    function: {
      on: "replace",
      compare: (value) => (typeof value === "string" ? value.replace(/^arn:.*:function:/, "") : value),
    },
    functionUrlAuthType: "unsupported",
    invokedViaFunctionUrl: "unsupported",
    principal: "replace",
    principalOrgId: "unsupported",
    qualifier: "replace",
    region: { on: "replace", computed: true },
    sourceAccount: "replace",
    sourceArn: "replace",
    statementId: { on: "replace", computed: true },
    statementIdPrefix: "unsupported",
  },
  computed: {},

  async create(inputs, context) {
    const StatementId = inputs.statementId ?? `pulumi-${randomUUID()}`;
    await client(context).addPermission({
      FunctionName: String(inputs.function),
      StatementId,
      Action: inputs.action,
      Principal: inputs.principal,
      Qualifier: inputs.qualifier,
      SourceAccount: inputs.sourceAccount,
      SourceArn: inputs.sourceArn,
    });
    return StatementId;
  },

  async read(id, previous, context) {
    const { FunctionName, Qualifier, sid } = partsOf(id, previous);
    const found = await unlessGone(
      client(context).getPolicy({ FunctionName, Qualifier }),
      "ResourceNotFoundException",
    );
    if (found?.Policy === undefined) return undefined;
    const live = policySchema.parse(JSON.parse(found.Policy)).Statement.find(({ Sid }) => Sid === sid);
    if (live === undefined) return undefined;
    const conditions: Record<string, string> = Object.assign({}, ...Object.values(live.Condition));
    const { Principal } = live;
    return {
      id: sid,
      outputs: {
        action: live.Action,
        function: FunctionName,
        principal: typeof Principal === "string" ? Principal : (Principal.Service ?? Principal.AWS ?? ""),
        qualifier: Qualifier,
        sourceAccount: conditions["AWS:SourceAccount"] ?? conditions["aws:SourceAccount"],
        sourceArn: conditions["AWS:SourceArn"] ?? conditions["aws:SourceArn"],
        statementId: sid,
      },
    };
  },

  async delete(id, outputs, context) {
    await unlessGone(
      client(context).removePermission({
        FunctionName: outputs.function,
        StatementId: id,
        Qualifier: outputs.qualifier,
      }),
      "ResourceNotFoundException",
    );
  },
});

/** The statement's id says nothing of the function; an import says `function[:qualifier]/statement`. */
function partsOf(id: string, previous: { function?: string; qualifier?: string | undefined }) {
  if (previous.function !== undefined) {
    return { FunctionName: previous.function, Qualifier: previous.qualifier, sid: id };
  }
  const at = id.lastIndexOf("/");
  if (at < 0) throw new Error(`${id}: import a permission as function/statement`);
  const [FunctionName = "", Qualifier] = id.slice(0, at).split(":");
  return { FunctionName, Qualifier, sid: id.slice(at + 1) };
}
