import * as pulumi from "@pulumi/pulumi";

type Policy = pulumi.Output<string>;

/** Lets an AWS service assume a role. */
export function assumedBy(service: "ecs-tasks.amazonaws.com" | "lambda.amazonaws.com"): Policy {
  return policy({ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" });
}

/** Pulls from one repository and writes to one log group: exactly what starting a task takes. */
export function startsTasks(repositoryArn: pulumi.Input<string>, logGroupArn: pulumi.Input<string>): Policy {
  return policy(
    // The only action of ECR that names no repository.
    { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      Resource: repositoryArn,
    },
    writesLogs(logGroupArn),
  );
}

/** Writes to one log group: the function's only permission. */
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
