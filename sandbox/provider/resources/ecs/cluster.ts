import { type ClusterSettingName, ECS } from "@aws-sdk/client-ecs";
import type { ecs } from "@pulumi/aws";
import pRetry from "p-retry";
import type { AwsContext } from "../../context.ts";
import { isError, unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";
import { allTags } from "../../tags.ts";
import { asEcsTags, changeEcsTags, fromEcsTags } from "./ecs-tags.ts";

const client = (context: AwsContext) => context.client(ECS, "ecs");

export const cluster = defineResource<ecs.ClusterArgs, ecs.Cluster>()({
  token: "aws:ecs/cluster:Cluster",
  inputs: {
    configuration: "unsupported",
    name: "replace",
    region: { on: "replace", computed: true },
    serviceConnectDefaults: "unsupported",
    settings: { on: "update", computed: true, compare: "set", keys: ["name", "value"] },
    tags: "update",
  },
  computed: { arn: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const { cluster } = await client(context).createCluster({
      clusterName: inputs.name,
      settings: settingsOf(inputs.settings),
      tags: asEcsTags(allTags(inputs.tags, context)),
    });
    return cluster?.clusterArn ?? "";
  },

  async read(id, _previous, context) {
    const answer = await unlessGone(
      client(context).describeClusters({ clusters: [id], include: ["SETTINGS", "TAGS"] }),
      "ClusterNotFoundException",
    );
    const live = answer?.clusters?.[0];
    if (live === undefined || live.status === "INACTIVE") return undefined;
    const arn = live.clusterArn ?? id;
    return {
      id: arn,
      outputs: {
        arn,
        name: live.clusterName ?? "",
        settings: (live.settings ?? []).map(({ name = "", value = "" }) => ({ name, value })),
        tagsAll: fromEcsTags(live.tags),
      },
    };
  },

  async update(id, { inputs, previous, changed }, context) {
    if (changed.has("settings")) {
      await client(context).updateCluster({ cluster: id, settings: settingsOf(inputs.settings) });
    }
    if (changed.has("tags")) {
      await changeEcsTags(client(context), id, previous.tagsAll, allTags(inputs.tags, context));
    }
  },

  /** Services that were just taken away still count for a moment. */
  async delete(id, _outputs, context) {
    await pRetry(
      () => unlessGone(client(context).deleteCluster({ cluster: id }), "ClusterNotFoundException"),
      {
        retries: 20,
        minTimeout: 500,
        maxTimeout: 3_000,
        signal: context.signal,
        shouldRetry: ({ error }) =>
          isError(
            error,
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "UpdateInProgressException",
          ),
      },
    );
  },
});

function settingsOf(settings: readonly { readonly name: string; readonly value: string }[] | undefined) {
  return settings?.map(({ name, value }) => ({ name: name as ClusterSettingName, value }));
}
