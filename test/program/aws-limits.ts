/**
 * What the program gives each type of resource, and the shape that it is in AWS's API models: service and
 * name. Where AWS's documents have less room than the model, or the model says nothing, `most` has it.
 */
export const texts: Readonly<Record<string, Readonly<Record<string, Text>>>> = {
  "aws:cloudwatch/eventRule:EventRule": {
    name: { shape: "events RuleName" },
    description: { shape: "events RuleDescription" },
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    eventPattern: { shape: "events EventPattern", most: 2048 },
  },
  "aws:cloudwatch/eventTarget:EventTarget": { targetId: { shape: "events TargetId" } },
  "aws:cloudwatch/logGroup:LogGroup": { name: { shape: "logs LogGroupName" } },
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": {
    name: { shape: "logs FilterName" },
    pattern: { shape: "logs FilterPattern" },
    "metricTransformation.name": { shape: "logs MetricName" },
    "metricTransformation.namespace": { shape: "logs MetricNamespace" },
  },
  // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {
    policyName: { shape: "logs PolicyName" },
    policyDocument: { shape: "logs PolicyDocument", most: 5120 },
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    name: { shape: "cloudwatch AlarmName" },
    alarmDescription: { shape: "cloudwatch AlarmDescription" },
    metricName: { shape: "cloudwatch MetricName" },
    namespace: { shape: "cloudwatch Namespace" },
  },
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
  "aws:cloudwatch/dashboard:Dashboard": {
    dashboardName: { shape: "cloudwatch DashboardName", most: 255, pattern: "[A-Za-z0-9_-]+" },
  },
  // https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
  "aws:sns/topic:Topic": {
    name: { shape: "sns topicName", most: 256, pattern: "[A-Za-z0-9_-]+" },
    displayName: { shape: "sns attributeValue", most: 100 },
  },
  "aws:sns/topicPolicy:TopicPolicy": { policy: { shape: "sns attributeValue", most: 30_720 } },
  // https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
  "aws:kms/key:Key": {
    description: { shape: "kms DescriptionType" },
    policy: { shape: "kms PolicyType", most: 32_768 },
  },
  "aws:kms/alias:Alias": { name: { shape: "kms AliasNameType", pattern: "alias/[a-zA-Z0-9/_-]+" } },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  "aws:iam/role:Role": {
    name: { shape: "iam roleNameType" },
    description: { shape: "iam roleDescriptionType" },
    assumeRolePolicy: { shape: "iam policyDocumentType", most: 2048 },
  },
  "aws:iam/rolePolicy:RolePolicy": {
    name: { shape: "iam policyNameType" },
    policy: { shape: "iam policyDocumentType", most: 10_240 },
  },
  "aws:iam/policy:Policy": {
    name: { shape: "iam policyNameType" },
    policy: { shape: "iam policyDocumentType", most: 6144 },
  },
  "awsx:ecr:Repository": { name: { shape: "ecr RepositoryName" } },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": { policy: { shape: "ecr LifecyclePolicyText" } },
  "aws:ecr/repositoryPolicy:RepositoryPolicy": { policy: { shape: "ecr RepositoryPolicyText" } },
};

export interface Text {
  readonly shape: string;
  readonly most?: number;
  readonly pattern?: string;
}

/** Types of which AWS takes so many in one place. */
export const counts: Readonly<Record<string, number>> = {
  // Of an event bus: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  "aws:cloudwatch/eventRule:EventRule": 300,
  // Of a log group: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": 100,
  // Of a region: the same page.
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": 10,
};

/** Types that are given no text of ours but ARNs and names of others. */
export const withoutTexts = [
  "aws:ecr/pullTimeUpdateExclusion:PullTimeUpdateExclusion",
  "aws:ecr/replicationConfiguration:ReplicationConfiguration",
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
];
