import { ECR, type RegistryScanningRule, type ScanFrequency, type ScanType } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { defineResource, type InputsOf } from "../../resource.ts";

const client = (context: AwsContext) => context.client(ECR, "ecr");

export const registryScanningConfiguration = defineResource<
  ecr.RegistryScanningConfigurationArgs,
  ecr.RegistryScanningConfiguration
>()({
  token: "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
  inputs: {
    region: { on: "replace", computed: true },
    rules: { on: "update", compare: "set", keys: ["repositoryFilters", "scanFrequency"] },
    scanType: "update",
  },
  computed: { registryId: "stable" },
  // A registry has exactly one.
  deleteBeforeReplace: true,

  async create(inputs, context) {
    await put(inputs, context);
    return context.account;
  },

  async read(id, _previous, context) {
    const { registryId, scanningConfiguration } = await client(context).getRegistryScanningConfiguration({});
    return {
      id,
      outputs: {
        registryId: registryId ?? context.account,
        rules: scanningConfiguration?.rules?.map(({ repositoryFilters, scanFrequency }) => ({
          scanFrequency: scanFrequency ?? "",
          repositoryFilters: (repositoryFilters ?? []).map(({ filter = "", filterType = "WILDCARD" }) => ({
            filter,
            filterType,
          })),
        })),
        scanType: scanningConfiguration?.scanType ?? "BASIC",
      },
    };
  },

  async update(_id, { inputs }, context) {
    await put(inputs, context);
  },

  /** The default of a registry: basic, on request. */
  async delete(_id, _outputs, context) {
    await client(context).putRegistryScanningConfiguration({ scanType: "BASIC", rules: [] });
  },

  declared(_inputs, { account }) {
    return { id: account, outputs: { registryId: account } };
  },
});

async function put(
  inputs: InputsOf<ecr.RegistryScanningConfigurationArgs>,
  context: AwsContext,
): Promise<void> {
  await client(context).putRegistryScanningConfiguration({
    scanType: inputs.scanType as ScanType,
    rules: (inputs.rules ?? []).map(
      ({ scanFrequency, repositoryFilters }): RegistryScanningRule => ({
        scanFrequency: scanFrequency as ScanFrequency,
        repositoryFilters: repositoryFilters.map(({ filter }) => ({ filter, filterType: "WILDCARD" })),
      }),
    ),
  });
}
