import type { ProviderFunction } from "./function.ts";
import type { ResourceType } from "./resource.ts";

/** Every resource type that is covered; its file, and the SDK client in it, is loaded when first needed. */
export const resources: Readonly<Record<string, () => Promise<ResourceType>>> = {
  "aws:cloudwatch/dashboard:Dashboard": async () =>
    (await import("./resources/cloudwatch/dashboard.ts")).dashboard,
  "aws:cloudwatch/eventRule:EventRule": async () =>
    (await import("./resources/cloudwatch/event-rule.ts")).eventRule,
  "aws:cloudwatch/eventTarget:EventTarget": async () =>
    (await import("./resources/cloudwatch/event-target.ts")).eventTarget,
  "aws:cloudwatch/logGroup:LogGroup": async () =>
    (await import("./resources/cloudwatch/log-group.ts")).logGroup,
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": async () =>
    (await import("./resources/cloudwatch/log-metric-filter.ts")).logMetricFilter,
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": async () =>
    (await import("./resources/cloudwatch/log-resource-policy.ts")).logResourcePolicy,
  "aws:cloudwatch/metricAlarm:MetricAlarm": async () =>
    (await import("./resources/cloudwatch/metric-alarm.ts")).metricAlarm,
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": async () =>
    (await import("./resources/ecr/lifecycle-policy.ts")).lifecyclePolicy,
  "aws:ecr/pullTimeUpdateExclusion:PullTimeUpdateExclusion": async () =>
    (await import("./resources/ecr/pull-time-update-exclusion.ts")).pullTimeUpdateExclusion,
  "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": async () =>
    (await import("./resources/ecr/registry-scanning-configuration.ts")).registryScanningConfiguration,
  "aws:ecr/replicationConfiguration:ReplicationConfiguration": async () =>
    (await import("./resources/ecr/replication-configuration.ts")).replicationConfiguration,
  "aws:ecr/repository:Repository": async () => (await import("./resources/ecr/repository.ts")).repository,
  "aws:ecr/repositoryPolicy:RepositoryPolicy": async () =>
    (await import("./resources/ecr/repository-policy.ts")).repositoryPolicy,
  "aws:inspector2/enabler:Enabler": async () => (await import("./resources/inspector2/enabler.ts")).enabler,
  "aws:kms/alias:Alias": async () => (await import("./resources/kms/alias.ts")).alias,
  "aws:kms/key:Key": async () => (await import("./resources/kms/key.ts")).key,
  "aws:sns/topic:Topic": async () => (await import("./resources/sns/topic.ts")).topic,
  "aws:sns/topicPolicy:TopicPolicy": async () =>
    (await import("./resources/sns/topic-policy.ts")).topicPolicy,
  "aws:sns/topicSubscription:TopicSubscription": async () =>
    (await import("./resources/sns/topic-subscription.ts")).topicSubscription,
  "aws:ec2/securityGroup:SecurityGroup": async () =>
    (await import("./resources/ec2/security-group.ts")).securityGroup,
  "aws:ecs/cluster:Cluster": async () => (await import("./resources/ecs/cluster.ts")).cluster,
  "aws:ecs/service:Service": async () => (await import("./resources/ecs/service.ts")).service,
  "aws:ecs/taskDefinition:TaskDefinition": async () =>
    (await import("./resources/ecs/task-definition.ts")).taskDefinition,
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": async () =>
    (await import("./resources/iam/open-id-connect-provider.ts")).openIdConnectProvider,
  "aws:iam/policy:Policy": async () => (await import("./resources/iam/policy.ts")).policy,
  "aws:iam/role:Role": async () => (await import("./resources/iam/role.ts")).role,
  "aws:iam/rolePolicy:RolePolicy": async () => (await import("./resources/iam/role-policy.ts")).rolePolicy,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": async () =>
    (await import("./resources/iam/role-policy-attachment.ts")).rolePolicyAttachment,
  "aws:lambda/alias:Alias": async () => (await import("./resources/lambda/alias.ts")).alias,
  "aws:lambda/function:Function": async () => (await import("./resources/lambda/function.ts")).lambdaFunction,
  "aws:lambda/permission:Permission": async () =>
    (await import("./resources/lambda/permission.ts")).permission,
  "aws:sqs/queue:Queue": async () => (await import("./resources/sqs/queue.ts")).queue,
  "aws:sqs/queuePolicy:QueuePolicy": async () =>
    (await import("./resources/sqs/queue-policy.ts")).queuePolicy,
};

/** Every function that is covered. */
export const functions: Readonly<Record<string, () => Promise<ProviderFunction>>> = {
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": async () =>
    (await import("./functions/authorization-token.ts")).getAuthorizationToken,
  "aws:ecr/getRepository:getRepository": async () =>
    (await import("./functions/repository.ts")).getRepository,
  "aws:index/getCallerIdentity:getCallerIdentity": async () =>
    (await import("./functions/caller-identity.ts")).getCallerIdentity,
  "aws:index/getPartition:getPartition": async () => (await import("./functions/partition.ts")).getPartition,
  "aws:index/getRegion:getRegion": async () => (await import("./functions/region.ts")).getRegion,
  "aws:ec2/getSubnets:getSubnets": async () => (await import("./functions/subnets.ts")).getSubnets,
  "aws:ec2/getVpc:getVpc": async () => (await import("./functions/vpc.ts")).getVpc,
  "aws:iam/getPolicyDocument:getPolicyDocument": async () =>
    (await import("./functions/policy-document.ts")).getPolicyDocument,
};
