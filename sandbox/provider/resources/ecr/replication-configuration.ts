import { ECR, type ReplicationRule } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { defineResource, type InputsOf } from "../../resource.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");

export const replicationConfiguration = defineResource<
  ecr.ReplicationConfigurationArgs,
  ecr.ReplicationConfiguration
>()({
  token: "aws:ecr/replicationConfiguration:ReplicationConfiguration",
  inputs: {
    region: { on: "replace", computed: true },
    replicationConfiguration: { on: "update", keys: ["rules"] },
  },
  computed: { registryId: "stable" },
  deleteBeforeReplace: true,

  async create(inputs, context) {
    await put(inputs, context);
    return context.account;
  },

  async read(id, _previous, context) {
    const { registryId, replicationConfiguration } = await client(context).describeRegistry({});
    const rules = (replicationConfiguration?.rules ?? []).map(({ destinations, repositoryFilters }) => ({
      destinations: (destinations ?? []).map((to) => ({
        region: to.region ?? "",
        registryId: to.registryId ?? "",
      })),
      repositoryFilters: (repositoryFilters ?? []).map((by) => ({
        filter: by.filter ?? "",
        filterType: by.filterType ?? "",
      })),
    }));
    return {
      id,
      outputs: {
        registryId: registryId ?? context.account,
        replicationConfiguration: rules.length === 0 ? undefined : { rules },
      },
    };
  },

  async update(_id, { inputs }, context) {
    await put(inputs, context);
  },

  async delete(_id, _outputs, context) {
    await client(context).putReplicationConfiguration({ replicationConfiguration: { rules: [] } });
  },

  declared(_inputs, { account }) {
    return { id: account, outputs: { registryId: account } };
  },
});

async function put(inputs: InputsOf<ecr.ReplicationConfigurationArgs>, context: AwsContext): Promise<void> {
  const rules = (inputs.replicationConfiguration?.rules ?? []).map(
    ({ destinations, repositoryFilters }): ReplicationRule => ({
      destinations: destinations.map(({ region, registryId }) => ({ region, registryId })),
      repositoryFilters: repositoryFilters?.map(({ filter }) => ({ filter, filterType: "PREFIX_MATCH" })),
    }),
  );
  await client(context).putReplicationConfiguration({ replicationConfiguration: { rules } });
}
