import {
  type Compatibility,
  type ContainerDefinition,
  type CPUArchitecture,
  ECS,
  type IpcMode,
  type NetworkMode,
  type OSFamily,
  type PidMode,
} from "@aws-sdk/client-ecs";
import type { ecs } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { isError, unlessGone } from "../../missing-operation.ts";
import { compact } from "../../property.ts";
import { defineResource } from "../../resource.ts";
import { allTags } from "../../tags.ts";
import { comparableContainers } from "./container-definitions.ts";
import { asEcsTags, changeEcsTags, fromEcsTags } from "./ecs-tags.ts";

const client = (context: AwsContext) => context.client(ECS, "ecs");

export const taskDefinition = defineResource<ecs.TaskDefinitionArgs, ecs.TaskDefinition>()({
  token: "aws:ecs/taskDefinition:TaskDefinition",
  inputs: {
    containerDefinitions: { on: "replace", compare: comparableContainers },
    cpu: "replace",
    enableFaultInjection: "unsupported",
    ephemeralStorage: { on: "replace", keys: ["sizeInGib"] },
    executionRoleArn: "replace",
    family: "replace",
    ipcMode: "replace",
    memory: "replace",
    networkMode: { on: "replace", computed: true },
    pidMode: "replace",
    placementConstraints: "unsupported",
    proxyConfiguration: "unsupported",
    region: { on: "replace", computed: true },
    requiresCompatibilities: { on: "replace", compare: "set" },
    runtimePlatform: { on: "replace", keys: ["cpuArchitecture", "operatingSystemFamily"] },
    skipDestroy: { on: "update", local: true, fallback: false },
    tags: "update",
    taskRoleArn: "replace",
    trackLatest: { on: "update", local: true, fallback: false },
    volumes: { on: "replace", compare: "set", keys: ["hostPath", "name"] },
  },
  computed: { arn: "changes", arnWithoutRevision: "stable", revision: "changes" },

  async create(inputs, context) {
    const tags = asEcsTags(allTags(inputs.tags, context));
    const { taskDefinition } = await client(context).registerTaskDefinition({
      family: inputs.family,
      containerDefinitions: JSON.parse(inputs.containerDefinitions) as ContainerDefinition[],
      cpu: inputs.cpu,
      memory: inputs.memory,
      networkMode: inputs.networkMode as NetworkMode | undefined,
      executionRoleArn: inputs.executionRoleArn,
      taskRoleArn: inputs.taskRoleArn,
      ipcMode: inputs.ipcMode as IpcMode | undefined,
      pidMode: inputs.pidMode as PidMode | undefined,
      requiresCompatibilities: inputs.requiresCompatibilities as Compatibility[] | undefined,
      ephemeralStorage: inputs.ephemeralStorage && { sizeInGiB: inputs.ephemeralStorage.sizeInGib },
      runtimePlatform: inputs.runtimePlatform && {
        cpuArchitecture: inputs.runtimePlatform.cpuArchitecture as CPUArchitecture | undefined,
        operatingSystemFamily: inputs.runtimePlatform.operatingSystemFamily as OSFamily | undefined,
      },
      volumes: inputs.volumes?.map(({ name, hostPath }) => ({
        name,
        ...(hostPath === undefined ? {} : { host: { sourcePath: hostPath } }),
      })),
      // ECS refuses an empty list.
      ...(tags.length === 0 ? {} : { tags }),
    });
    return taskDefinition?.taskDefinitionArn ?? "";
  },

  async read(id, previous, context) {
    // The id is the family, as in the real provider; the revision is in the ARN.
    const reference = id.startsWith("arn:") || previous.trackLatest ? id : (previous.arn ?? id);
    const answer = await unlessUnknown(
      client(context).describeTaskDefinition({ taskDefinition: reference, include: ["TAGS"] }),
    );
    const live = answer?.taskDefinition;
    if (live === undefined || live.status === "INACTIVE") return undefined;
    const arn = live.taskDefinitionArn ?? "";
    return {
      id: live.family ?? id,
      outputs: {
        arn,
        arnWithoutRevision: arn.replace(/:\d+$/, ""),
        containerDefinitions: JSON.stringify(live.containerDefinitions ?? []),
        cpu: live.cpu,
        ephemeralStorage: live.ephemeralStorage && { sizeInGib: live.ephemeralStorage.sizeInGiB ?? 0 },
        executionRoleArn: live.executionRoleArn,
        family: live.family ?? id,
        ipcMode: live.ipcMode,
        memory: live.memory,
        networkMode: live.networkMode ?? "",
        pidMode: live.pidMode,
        requiresCompatibilities: live.requiresCompatibilities,
        revision: live.revision ?? 0,
        runtimePlatform:
          live.runtimePlatform &&
          compact({
            cpuArchitecture: live.runtimePlatform.cpuArchitecture,
            operatingSystemFamily: live.runtimePlatform.operatingSystemFamily,
          }),
        tagsAll: fromEcsTags(answer?.tags),
        taskRoleArn: live.taskRoleArn,
        volumes: live.volumes?.map(({ name = "", host }) =>
          compact({ name, hostPath: host?.sourcePath, configureAtLaunch: false }),
        ),
      },
    };
  },

  async update(_id, { inputs, previous, changed }, context) {
    if (!changed.has("tags")) return;
    await changeEcsTags(client(context), previous.arn, previous.tagsAll, allTags(inputs.tags, context));
  },

  async delete(_id, { arn, skipDestroy }, context) {
    if (skipDestroy) return;
    await unlessUnknown(client(context).deregisterTaskDefinition({ taskDefinition: arn }));
  },
});

/** ECS has no error of its own for a task definition that isn't there. */
async function unlessUnknown<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await unlessGone(call);
  } catch (error) {
    if (isError(error, "ClientException") && /unable to (describe|find)/i.test(String(error)))
      return undefined;
    throw error;
  }
}
