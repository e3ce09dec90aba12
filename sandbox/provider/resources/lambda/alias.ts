import { Lambda } from "@aws-sdk/client-lambda";
import type { lambda } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource, type InputsOf } from "../../resource.ts";

const client = (context: AwsContext) => context.client(Lambda, "lambda");

export const alias = defineResource<lambda.AliasArgs, lambda.Alias>()({
  token: "aws:lambda/alias:Alias",
  inputs: {
    description: "update",
    functionName: {
      on: "replace",
      // A name, or the ARN that ends with it.
      compare: (value) => (typeof value === "string" ? value.replace(/^arn:.*:function:/, "") : value),
    },
    functionVersion: "update",
    name: "replace",
    region: { on: "replace", computed: true },
    routingConfig: { on: "update", keys: ["additionalVersionWeights"] },
  },
  computed: { arn: "stable", invokeArn: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const { AliasArn } = await client(context).createAlias(requestOf(inputs));
    return AliasArn ?? "";
  },

  async read(id, _previous, context) {
    const { FunctionName, Name } = partsOf(id);
    const live = await unlessGone(
      client(context).getAlias({ FunctionName, Name }),
      "ResourceNotFoundException",
    );
    if (live === undefined) return undefined;
    const arn = live.AliasArn ?? id;
    const { AdditionalVersionWeights: weights = {} } = live.RoutingConfig ?? {};
    return {
      id: arn,
      outputs: {
        arn,
        description: live.Description,
        functionName: FunctionName,
        functionVersion: live.FunctionVersion ?? "",
        invokeArn: `arn:${context.partition}:apigateway:${context.region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
        name: live.Name ?? Name,
        routingConfig:
          Object.keys(weights).length === 0 ? undefined : { additionalVersionWeights: { ...weights } },
      },
    };
  },

  async update(_id, { inputs, changed }, context) {
    const { FunctionName, Name, ...request } = requestOf(inputs);
    await client(context).updateAlias({
      FunctionName,
      Name,
      // Sends only what changed: someone else may own version and weights.
      ...(changed.has("description") ? { Description: request.Description } : {}),
      ...(changed.has("functionVersion") ? { FunctionVersion: request.FunctionVersion } : {}),
      ...(changed.has("routingConfig") ? { RoutingConfig: request.RoutingConfig } : {}),
    });
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteAlias(partsOf(id)), "ResourceNotFoundException");
  },
});

function requestOf(inputs: InputsOf<lambda.AliasArgs>) {
  return {
    FunctionName: inputs.functionName,
    Name: inputs.name,
    FunctionVersion: inputs.functionVersion,
    Description: inputs.description ?? "",
    RoutingConfig: { AdditionalVersionWeights: { ...inputs.routingConfig?.additionalVersionWeights } },
  };
}

/** The alias's ARN, or `function/alias` in an import. */
function partsOf(id: string): { FunctionName: string; Name: string } {
  const [FunctionName, Name] = id.startsWith("arn:") ? id.split(":").slice(-2) : id.split("/");
  if (FunctionName === undefined || Name === undefined) {
    throw new Error(`${id}: import an alias as function/alias`);
  }
  return { FunctionName, Name };
}
