import {
  type AskMaker,
  arnOf,
  type Input,
  inputOf,
  inputsOf,
  isFull,
  passRole,
  textOf,
  textsOf,
} from "./input.ts";
import type { Ask, Place } from "./policy.ts";

/** The cluster of a request; ECS has one called `default`. */
const clusterOf = (input: Input): string => textOf(input.cluster).split("/").at(-1) || "default";

/** ARN of the cluster, the condition key that all actions in a cluster have. */
const inCluster = (input: Input, place: Place) => ({
  "ecs:cluster": arnOf(place, "ecs", "cluster/", clusterOf(input)),
});

/** The cluster in an ARN of something below it: `service-deployment/<cluster>/<service>/<id>`. */
const clusterIn = (arn: string): string => arn.split("/")[1] ?? "";

const onServices =
  (action: string, names: (input: Input) => readonly string[]): AskMaker =>
  (input, place) =>
    names(input).map((name) => ({
      action,
      resource: arnOf(place, "ecs", `service/${clusterOf(input)}/`, name),
      context: inCluster(input, place),
    }));

/** On what deployments and revisions are of, and on themselves: the reference requires both. */
const onParts =
  (action: string, member: string): AskMaker =>
  (input, place) =>
    textsOf(input[member]).flatMap((arn) => {
      const [, cluster = "", service = ""] = arn.split("/");
      const context = inCluster({ cluster: clusterIn(arn) }, place);
      return [
        { action, resource: arn, context },
        { action, resource: arnOf(place, "ecs", `service/${cluster}/`, service), context },
      ];
    });

const onTasks =
  (action: string, kind: string, names: (input: Input) => readonly string[]): AskMaker =>
  (input, place) =>
    names(input).map((name) => ({
      action,
      resource: arnOf(place, "ecs", `${kind}/${clusterOf(input)}/`, name),
      context: inCluster(input, place),
    }));

/** The family of a revision, as its ARN, its name or `family:revision`. */
const definitionOf = (input: Input, place: Place): string => {
  const arn = arnOf(place, "ecs", "task-definition/", textOf(input.taskDefinition));
  // IAM sees the revision that is run; a family alone is its newest.
  return /\/[^:]+:\d+$/.test(arn) ? arn : `${arn}:1`;
};

/**
 * Tags at creation are a right of their own.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
 */
const tagging = (input: Input, resource: string, call: string): Ask[] =>
  isFull(input.tags) || textOf(input.propagateTags).startsWith("TASK")
    ? [{ action: "ecs:TagResource", resource, context: { "ecs:CreateAction": call } }]
    : [];

/** Roles that ECS itself takes on for a service or a task: hooks, volumes, load balancers, certificates. */
function rolesOfEcs(input: Input): Ask[] {
  const { deploymentConfiguration, volumeConfigurations, loadBalancers, vpcLatticeConfigurations } = input;
  const hooks = inputsOf(inputOf(deploymentConfiguration).lifecycleHooks).map(({ roleArn }) => roleArn);
  const volumes = inputsOf(volumeConfigurations).map(
    ({ managedEBSVolume }) => inputOf(managedEBSVolume).roleArn,
  );
  const balancers = inputsOf(loadBalancers).map(
    ({ advancedConfiguration }) => inputOf(advancedConfiguration).roleArn,
  );
  const lattices = inputsOf(vpcLatticeConfigurations).map(({ roleArn }) => roleArn);
  return [...hooks, ...volumes, ...balancers, ...lattices].flatMap((role) =>
    passRole(role, "ecs.amazonaws.com"),
  );
}

export const ecsAsks: Readonly<Record<string, AskMaker>> = {
  DescribeServices: onServices("ecs:DescribeServices", ({ services }) => textsOf(services)),
  DescribeTaskDefinition: () => [{ action: "ecs:DescribeTaskDefinition", resource: "*" }],
  RegisterTaskDefinition: (input, place) => {
    const resource = arnOf(place, "ecs", "task-definition/", `${textOf(input.family)}:*`);
    return [
      { action: "ecs:RegisterTaskDefinition", resource },
      ...tagging(input, resource, "RegisterTaskDefinition"),
      ...[input.taskRoleArn, input.executionRoleArn].flatMap((role) =>
        passRole(role, "ecs-tasks.amazonaws.com"),
      ),
    ];
  },
  UpdateService: (input, place) => [
    ...onServices("ecs:UpdateService", ({ service }) => [textOf(service)])(input, place),
    ...rolesOfEcs(input),
  ],
  ListServiceDeployments: onServices("ecs:ListServiceDeployments", ({ service }) => [textOf(service)]),
  DescribeServiceDeployments: onParts("ecs:DescribeServiceDeployments", "serviceDeploymentArns"),
  DescribeServiceRevisions: onParts("ecs:DescribeServiceRevisions", "serviceRevisionArns"),
  ListTasks: (input, place) => [
    {
      action: "ecs:ListTasks",
      // The reference's resource is a container instance, and no request names one.
      resource: arnOf(place, "ecs", "container-instance/", `${clusterOf(input)}/*`),
      context: inCluster(input, place),
    },
  ],
  DescribeTasks: onTasks("ecs:DescribeTasks", "task", ({ tasks }) => textsOf(tasks)),
  DescribeContainerInstances: onTasks(
    "ecs:DescribeContainerInstances",
    "container-instance",
    ({ containerInstances }) => textsOf(containerInstances),
  ),
  RunTask: (input, place) => {
    const made = arnOf(place, "ecs", "task/", `${clusterOf(input)}/*`);
    const overrides = inputOf(input.overrides);
    return [
      { action: "ecs:RunTask", resource: definitionOf(input, place), context: inCluster(input, place) },
      ...tagging(input, made, "RunTask"),
      ...[overrides.taskRoleArn, overrides.executionRoleArn].flatMap((role) =>
        passRole(role, "ecs-tasks.amazonaws.com"),
      ),
      ...rolesOfEcs(input),
    ];
  },
  StopTask: onTasks("ecs:StopTask", "task", ({ task }) => [textOf(task)]),
  ListClusters: () => [{ action: "ecs:ListClusters", resource: "*" }],
  ListServices: () => [{ action: "ecs:ListServices", resource: "*" }],
  ListTaskDefinitions: () => [{ action: "ecs:ListTaskDefinitions", resource: "*" }],
};
