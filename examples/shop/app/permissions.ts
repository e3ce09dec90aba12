import * as pulumi from "@pulumi/pulumi";

type Policy = pulumi.Output<string>;

/** Lets an AWS service take a role on. */
export function assumedBy(service: "ecs-tasks.amazonaws.com" | "lambda.amazonaws.com"): Policy {
  return policy({ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" });
}

/** Pulls from one repository and writes to one log group: what it takes to start a task, and no more. */
export function startsTasks(repositoryArn: pulumi.Input<string>, logGroupArn: pulumi.Input<string>): Policy {
  return policy(
    // The one action of ECR that is not about a repository.
    { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      Resource: repositoryArn,
    },
    writesLogs(logGroupArn),
  );
}

/** Writes to one log group: all that the function may do. */
export function logsOnly(logGroupArn: pulumi.Input<string>): Policy {
  return policy(writesLogs(logGroupArn));
}

function writesLogs(logGroupArn: pulumi.Input<string>) {
  return {
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    // The streams of the group, not the group itself.
    Resource: pulumi.interpolate`${logGroupArn}:*`,
  };
}

function policy(...statements: readonly object[]): Policy {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });
}
