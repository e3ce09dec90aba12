import { type AccountState, Inspector2, type ResourceScanType } from "@aws-sdk/client-inspector2";
import type { inspector2 } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(Inspector2, "inspector2");

/** The keys of an account's state, by the names that enabling takes. */
const scans: Readonly<Record<string, keyof NonNullable<AccountState["resourceState"]>>> = {
  EC2: "ec2",
  ECR: "ecr",
  LAMBDA: "lambda",
  LAMBDA_CODE: "lambdaCode",
  CODE_REPOSITORY: "codeRepository",
};

export const enabler = defineResource<inspector2.EnablerArgs, inspector2.Enabler>()({
  token: "aws:inspector2/enabler:Enabler",
  inputs: {
    accountIds: { on: "replace", compare: "set" },
    region: { on: "replace", computed: true },
    resourceTypes: { on: "update", compare: "set" },
  },
  computed: {},
  deleteBeforeReplace: true,

  async create({ accountIds, resourceTypes }, context) {
    await client(context).enable({ accountIds, resourceTypes: resourceTypes as ResourceScanType[] });
    return identity(accountIds, resourceTypes);
  },

  async read(id, _previous, context) {
    const accountIds = (id.split("-")[0] ?? "").split(":");
    const { accounts } = await client(context).batchGetAccountStatus({ accountIds });
    const resourceTypes = Object.keys(scans).filter((type) =>
      // The account's own status says nothing here: in the emulator it's DISABLED always.
      accounts?.some(({ resourceState }) => {
        const status = resourceState?.[scans[type] ?? "ecr"]?.status;
        return status === "ENABLED" || status === "ENABLING";
      }),
    );
    if (resourceTypes.length === 0) return undefined;
    return { id: identity(accountIds, resourceTypes), outputs: { accountIds, resourceTypes } };
  },

  async update(_id, { inputs, previous }, context) {
    const { accountIds, resourceTypes } = inputs;
    const remove = previous.resourceTypes.filter((type) => !resourceTypes.includes(type));
    await client(context).enable({ accountIds, resourceTypes: resourceTypes as ResourceScanType[] });
    if (remove.length > 0) {
      await client(context).disable({ accountIds, resourceTypes: remove as ResourceScanType[] });
    }
  },

  async delete(_id, { accountIds, resourceTypes }, context) {
    await client(context).disable({ accountIds, resourceTypes: resourceTypes as ResourceScanType[] });
  },
});

function identity(accountIds: readonly string[], resourceTypes: readonly string[]): string {
  return `${[...accountIds].sort().join(":")}-${[...resourceTypes].sort().join(":")}`;
}
