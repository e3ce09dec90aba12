import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceImage } from "./images.ts";
import { type Network, servicePort } from "./network.ts";
import { assumedBy, startsTasks } from "./permissions.ts";
import type { Settings } from "./settings.ts";

export interface WebServiceArgs {
  readonly cluster: aws.ecs.Cluster;
  readonly network: Network;
  readonly image: pulumi.Output<ServiceImage>;
  readonly settings: Settings;
  /** What the names of everything begin with: `shop-dev`. */
  readonly prefix: string;
}

/**
 * One HTTP service on Fargate: log group, role to start tasks with, task definition and service.
 *
 * Each task costs a quarter of a vCPU and half a GiB, plus logs. The services call no AWS API, so the tasks
 * have no role.
 */
export class WebService extends pulumi.ComponentResource {
  readonly serviceName: pulumi.Output<string>;

  constructor(name: string, args: WebServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("shop:index:WebService", name, {}, options);
    const { settings } = args;
    const own = { parent: this };
    const family = `${args.prefix}-${name}`;

    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: `/${args.prefix}/${name}`, retentionInDays: settings.logRetentionDays },
      own,
    );

    const startRole = new aws.iam.Role(
      name,
      { name: `${family}-start`, assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com") },
      own,
    );
    const startPolicy = new aws.iam.RolePolicy(
      name,
      {
        name: "start-tasks",
        role: startRole.name,
        policy: startsTasks(args.image.repositoryArn, logGroup.arn),
      },
      own,
    );

    const taskDefinition = new aws.ecs.TaskDefinition(
      name,
      {
        family,
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        cpu: "256",
        memory: "512",
        runtimePlatform: {
          operatingSystemFamily: "LINUX",
          cpuArchitecture: settings.architecture.ecs,
        },
        executionRoleArn: startRole.arn,
        // An earlier revision may be running, or be the target of a rollback.
        skipDestroy: true,
        containerDefinitions: pulumi.jsonStringify([
          {
            name,
            image: args.image.index,
            essential: true,
            portMappings: [{ containerPort: servicePort, protocol: "tcp" }],
            readonlyRootFilesystem: true,
            linuxParameters: { capabilities: { drop: ["ALL"] } },
            healthCheck: {
              command: ["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${servicePort}/health`],
              interval: 10,
              timeout: 2,
              retries: 3,
              startPeriod: 5,
            },
            logConfiguration: {
              logDriver: "awslogs",
              options: {
                "awslogs-group": logGroup.name,
                "awslogs-region": aws.config.requireRegion(),
                "awslogs-stream-prefix": name,
              },
            },
          },
        ]),
      },
      own,
    );

    const service = new aws.ecs.Service(
      name,
      {
        name,
        cluster: args.cluster.arn,
        launchType: "FARGATE",
        taskDefinition: taskDefinition.arn,
        desiredCount: settings.desiredCount,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        // ECS stops no task before its replacement is healthy.
        deploymentMinimumHealthyPercent: 100,
        deploymentMaximumPercent: 200,
        propagateTags: "SERVICE",
        networkConfiguration: {
          subnets: args.network.subnetIds,
          securityGroups: [args.network.securityGroupId],
          // The default network has no NAT gateway. Tasks reach the registry this way.
          assignPublicIp: true,
        },
      },
      {
        ...own,
        // Others change both: `slipway deploy` registers a revision for each image, and scaling sets the
        // count. Without this, `up` would put the first ones back.
        ignoreChanges: ["taskDefinition", "desiredCount"],
        // Tasks that start before their role may pull count as failed tasks of the deployment.
        dependsOn: [startPolicy],
      },
    );

    this.serviceName = service.name;
    this.registerOutputs({ serviceName: service.name });
  }
}
