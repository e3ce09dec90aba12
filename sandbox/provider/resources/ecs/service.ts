import {
  type DeploymentControllerType,
  ECS,
  type LaunchType,
  type PropagateTags,
  type SchedulingStrategy,
  type Service,
  type UpdateServiceCommandInput,
  waitUntilServicesInactive,
  waitUntilServicesStable,
} from "@aws-sdk/client-ecs";
import type { ecs } from "@pulumi/aws";
import { sorted, withDefaults } from "../../compare.ts";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { compact, isBag, isList, type PropertyValue } from "../../property.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags } from "../../tags.ts";
import { asEcsTags, changeEcsTags, fromEcsTags } from "./ecs-tags.ts";

type Inputs = InputsOf<ecs.ServiceArgs>;

const client = (context: AwsContext) => context.client(ECS, "ecs");

export const service = defineResource<ecs.ServiceArgs, ecs.Service>()({
  token: "aws:ecs/service:Service",
  inputs: {
    alarms: { on: "update", keys: ["alarmNames", "enable", "rollback"] },
    availabilityZoneRebalancing: "unsupported",
    capacityProviderStrategies: {
      on: "update",
      computed: true,
      compare: "set",
      keys: ["base", "capacityProvider", "weight"],
    },
    cluster: { on: "replace", computed: true, compare: nameOf("cluster") },
    deploymentCircuitBreaker: {
      on: "update",
      fallback: { enable: false, rollback: false },
      keys: ["enable", "rollback"],
    },
    deploymentConfiguration: "unsupported",
    deploymentController: { on: "replace", fallback: { type: "ECS" }, keys: ["type"] },
    deploymentMaximumPercent: { on: "update", fallback: 200 },
    deploymentMinimumHealthyPercent: { on: "update", fallback: 100 },
    desiredCount: { on: "update", fallback: 0 },
    enableEcsManagedTags: { on: "update", fallback: false },
    enableExecuteCommand: { on: "update", fallback: false },
    forceDelete: { on: "update", local: true },
    forceNewDeployment: { on: "update", local: true },
    healthCheckGracePeriodSeconds: { on: "update", fallback: 0 },
    iamRole: "unsupported",
    launchType: { on: "replace", computed: true },
    loadBalancers: {
      on: "update",
      compare: "set",
      keys: ["containerName", "containerPort", "elbName", "targetGroupArn"],
    },
    name: "replace",
    networkConfiguration: {
      on: "update",
      compare: comparableNetwork,
      keys: ["assignPublicIp", "securityGroups", "subnets"],
    },
    orderedPlacementStrategies: "unsupported",
    placementConstraints: "unsupported",
    platformVersion: { on: "update", computed: true },
    propagateTags: { on: "update", fallback: "NONE" },
    region: { on: "replace", computed: true },
    schedulingStrategy: { on: "replace", fallback: "REPLICA" },
    serviceConnectConfiguration: "unsupported",
    serviceRegistries: "unsupported",
    sigintRollback: "unsupported",
    tags: "update",
    taskDefinition: { on: "update", compare: nameOf("task-definition") },
    triggers: { on: "update", local: true },
    volumeConfiguration: "unsupported",
    vpcLatticeConfigurations: "unsupported",
    waitForSteadyState: { on: "update", local: true, fallback: false },
  },
  computed: { arn: "stable" },
  autoName: "name",

  async create(inputs, context) {
    const tags = asEcsTags(allTags(inputs.tags, context));
    const { service } = await client(context).createService({
      serviceName: inputs.name,
      cluster: inputs.cluster,
      launchType: inputs.launchType as LaunchType | undefined,
      schedulingStrategy: inputs.schedulingStrategy as SchedulingStrategy | undefined,
      deploymentController: inputs.deploymentController && {
        type: inputs.deploymentController.type as DeploymentControllerType,
      },
      ...settingsOf(inputs),
      desiredCount: inputs.schedulingStrategy === "DAEMON" ? undefined : (inputs.desiredCount ?? 0),
      ...(tags.length === 0 ? {} : { tags }),
    });
    return service?.serviceArn ?? "";
  },

  async settle(id, { waitForSteadyState, cluster }, context) {
    if (!waitForSteadyState) return;
    const waiter = {
      client: client(context),
      maxWaitTime: 600,
      minDelay: 2,
      maxDelay: 10,
      abortSignal: context.signal,
    };
    await waitUntilServicesStable(waiter, { cluster, services: [id] });
  },

  async read(id, previous, context) {
    const { cluster, service } = partsOf(id, previous.cluster);
    const answer = await unlessGone(
      client(context).describeServices({ cluster, services: [service], include: ["TAGS"] }),
      "ClusterNotFoundException",
      "ServiceNotFoundException",
    );
    const live = answer?.services?.[0];
    if (live === undefined || live.status !== "ACTIVE") return undefined;
    return { id: live.serviceArn ?? id, outputs: outputsOf(live) };
  },

  async update(id, { inputs, previous, changed }, context) {
    const settings = settingsOf(inputs);
    const wanted: UpdateServiceCommandInput = {
      cluster: previous.cluster,
      service: id,
      forceNewDeployment: inputs.forceNewDeployment,
    };
    // Sends only what changed. The task definition, for example, belongs to someone else if changes to it
    // are ignored.
    if (changed.has("taskDefinition")) wanted.taskDefinition = settings.taskDefinition;
    if (changed.has("desiredCount")) wanted.desiredCount = inputs.desiredCount ?? 0;
    if (changed.has("networkConfiguration")) wanted.networkConfiguration = settings.networkConfiguration;
    if (changed.has("loadBalancers")) wanted.loadBalancers = settings.loadBalancers ?? [];
    if (changed.has("platformVersion")) wanted.platformVersion = settings.platformVersion;
    if (changed.has("propagateTags")) wanted.propagateTags = settings.propagateTags ?? "NONE";
    if (changed.has("enableExecuteCommand"))
      wanted.enableExecuteCommand = settings.enableExecuteCommand ?? false;
    if (changed.has("enableEcsManagedTags"))
      wanted.enableECSManagedTags = settings.enableECSManagedTags ?? false;
    if (changed.has("healthCheckGracePeriodSeconds")) {
      wanted.healthCheckGracePeriodSeconds = settings.healthCheckGracePeriodSeconds ?? 0;
    }
    if (changed.has("capacityProviderStrategies")) {
      wanted.capacityProviderStrategy = settings.capacityProviderStrategy ?? [];
    }
    const ofDeployments = [
      "alarms",
      "deploymentCircuitBreaker",
      "deploymentMaximumPercent",
      "deploymentMinimumHealthyPercent",
    ] as const;
    if (ofDeployments.some((each) => changed.has(each))) {
      wanted.deploymentConfiguration = settings.deploymentConfiguration;
    }
    if ([...changed].some((each) => each !== "tags")) await client(context).updateService(wanted);
    if (changed.has("tags")) {
      await changeEcsTags(client(context), id, previous.tagsAll, allTags(inputs.tags, context));
    }
  },

  /** Scales to nothing, takes it away, and waits until it is gone, so that the cluster can go next. */
  async delete(id, { cluster, schedulingStrategy, forceDelete }, context) {
    const ecs = client(context);
    const gone = ["ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"];
    if (schedulingStrategy !== "DAEMON") {
      await unlessGone(ecs.updateService({ cluster, service: id, desiredCount: 0 }), ...gone);
    }
    const deleted = await unlessGone(
      ecs.deleteService({ cluster, service: id, force: forceDelete ?? true }),
      ...gone,
    );
    if (deleted === undefined) return;
    const waiter = { client: ecs, maxWaitTime: 300, minDelay: 1, maxDelay: 5, abortSignal: context.signal };
    await unlessGone(waitUntilServicesInactive(waiter, { cluster, services: [id] }), ...gone);
  },
});

/** What creating and updating a service say the same way. */
function settingsOf(inputs: Inputs) {
  const network = inputs.networkConfiguration;
  return {
    taskDefinition: inputs.taskDefinition,
    deploymentConfiguration: {
      maximumPercent: inputs.deploymentMaximumPercent ?? 200,
      minimumHealthyPercent: inputs.deploymentMinimumHealthyPercent ?? 100,
      deploymentCircuitBreaker: inputs.deploymentCircuitBreaker ?? { enable: false, rollback: false },
      ...(inputs.alarms === undefined ? {} : { alarms: inputs.alarms }),
    },
    enableECSManagedTags: inputs.enableEcsManagedTags,
    enableExecuteCommand: inputs.enableExecuteCommand,
    healthCheckGracePeriodSeconds: inputs.healthCheckGracePeriodSeconds,
    loadBalancers: inputs.loadBalancers?.map(({ containerName, containerPort, elbName, targetGroupArn }) => ({
      containerName,
      containerPort,
      targetGroupArn,
      loadBalancerName: elbName,
    })),
    networkConfiguration: network && {
      awsvpcConfiguration: {
        subnets: network.subnets,
        securityGroups: network.securityGroups,
        assignPublicIp: network.assignPublicIp ? ("ENABLED" as const) : ("DISABLED" as const),
      },
    },
    platformVersion: inputs.platformVersion,
    propagateTags: inputs.propagateTags as PropagateTags | undefined,
    capacityProviderStrategy: inputs.capacityProviderStrategies,
  };
}

function outputsOf(live: Service) {
  const { deploymentConfiguration: deployments } = live;
  const network = live.networkConfiguration?.awsvpcConfiguration;
  const { enable = false, rollback = false } = deployments?.deploymentCircuitBreaker ?? {};
  return {
    alarms: deployments?.alarms && {
      alarmNames: deployments.alarms.alarmNames ?? [],
      enable: deployments.alarms.enable ?? false,
      rollback: deployments.alarms.rollback ?? false,
    },
    arn: live.serviceArn ?? "",
    capacityProviderStrategies: live.capacityProviderStrategy?.map(
      ({ base, capacityProvider = "", weight }) => compact({ base, capacityProvider, weight }),
    ),
    cluster: live.clusterArn ?? "",
    deploymentCircuitBreaker: { enable, rollback },
    deploymentController: { type: live.deploymentController?.type ?? "ECS" },
    deploymentMaximumPercent: deployments?.maximumPercent,
    deploymentMinimumHealthyPercent: deployments?.minimumHealthyPercent,
    desiredCount: live.desiredCount,
    enableEcsManagedTags: live.enableECSManagedTags,
    enableExecuteCommand: live.enableExecuteCommand,
    healthCheckGracePeriodSeconds: live.healthCheckGracePeriodSeconds,
    launchType: live.launchType ?? "",
    loadBalancers: live.loadBalancers?.map((each) =>
      compact({
        containerName: each.containerName ?? "",
        containerPort: each.containerPort ?? 0,
        elbName: each.loadBalancerName,
        targetGroupArn: each.targetGroupArn,
      }),
    ),
    name: live.serviceName ?? "",
    networkConfiguration: network && {
      assignPublicIp: network.assignPublicIp === "ENABLED",
      securityGroups: network.securityGroups ?? [],
      subnets: network.subnets ?? [],
    },
    platformVersion: live.platformVersion ?? "",
    propagateTags: live.propagateTags ?? "NONE",
    schedulingStrategy: live.schedulingStrategy,
    tagsAll: fromEcsTags(live.tags),
    taskDefinition: live.taskDefinition,
  };
}

/** `cluster/service` in an import, otherwise the ARN, which has both since 2018. */
function partsOf(id: string, cluster: string | undefined): { cluster: string; service: string } {
  const parts = id.split("/");
  const service = parts.at(-1) ?? "";
  if (cluster !== undefined) return { cluster, service };
  if (parts.length < 2) throw new Error(`${id}: import an ECS service as cluster/service`);
  return { cluster: parts.at(-2) ?? "", service };
}

/** What an ARN ends with, as ECS takes names and ARNs alike. */
function nameOf(kind: "cluster" | "task-definition") {
  const beginning = new RegExp(`^arn:.*:${kind}/`);
  return (value: PropertyValue) => (typeof value === "string" ? value.replace(beginning, "") : value);
}

function comparableNetwork(value: PropertyValue): PropertyValue {
  const filled = withDefaults({ assignPublicIp: false })(value);
  if (!isBag(filled)) return filled;
  const { subnets, securityGroups } = filled;
  return {
    ...filled,
    ...(isList(subnets) ? { subnets: sorted(subnets) } : {}),
    ...(isList(securityGroups) ? { securityGroups: sorted(securityGroups) } : {}),
  };
}
