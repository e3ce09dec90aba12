import type { Hint } from "../hint.ts";

const network =
  "give the tasks' subnets a way out: a NAT gateway, or VPC endpoints for ecr.api, ecr.dkr, s3 and logs (and for secretsmanager, ssm where used), and let their security group use it on port 443";

const pulling = /CannotPull|failed to (pull|resolve)/i;

/**
 * Stopped reasons, exit codes and events of ECS.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
export const ecsHints: readonly Hint[] = [
  {
    when: [/exec format error/i],
    inLogs: true,
    advice:
      "the program is for another CPU architecture: build for the tasks' platform (platforms in services.yaml), or set the runtimePlatform of the task definition",
  },
  {
    when: [/no matching manifest|does not contain descriptor matching platform|no match for platform/i],
    advice:
      "the image has no manifest for the tasks' platform: add it to the service's platforms, or set the runtimePlatform of the task definition",
  },
  {
    when: [/CannotPull(Container|ECRContainer|Image)|pull image|failed to (pull|resolve)/i, /no space left/i],
    advice: "the instance's disk is full: give it or the tasks' ephemeral storage more room",
  },
  {
    when: [pulling, /toomanyrequests|rate limit/i],
    advice: "the registry limits pulls: pull through ECR (a pull-through cache), or sign in to it",
  },
  {
    when: [pulling, /connection refused/i],
    advice:
      "nothing listens at the address of the registry: check that it runs, and that the host in the image's name resolves to it from where the tasks run (localhost is that machine itself)",
  },
  {
    when: [pulling, /no such host|server misbehaving|host not found/i],
    advice:
      "the registry's name can't be resolved: check slipway:registry of the stack, and that the VPC has DNS (enableDnsSupport, enableDnsHostnames, private DNS of its endpoints)",
  },
  {
    when: [pulling, /x509|certificate|HTTP response to HTTPS client/i],
    advice:
      "the machine that runs the tasks does not trust the registry's certificate: install one that it trusts",
  },
  {
    when: [pulling, /no basic auth/i],
    advice:
      "the pull was not authenticated: let the execution role call ecr:GetAuthorizationToken; a registry that is not ECR needs repositoryCredentials in the task definition",
  },
  {
    when: [pulling, /\bdenied\b|accessdenied|not authorized|unauthorized|forbidden|\b403\b/i],
    advice:
      "let the execution role pull: ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer; for a registry in another account, its repository policy must allow the pull as well (slipway:repositories.pullPrincipals)",
  },
  {
    when: [
      /CannotPull|failed to (pull|resolve)|ImageNotFound/i,
      /not ?found|manifest unknown|does not exist|\b404\b/i,
    ],
    advice:
      "the image is no longer in the registry: deploy again to build it, and check that the retention rules keep running images (slipway images)",
  },
  {
    when: [
      pulling,
      /time ?out|deadline|canceled while waiting|dial tcp|no route|unreachable|connection|\bi\/o\b/i,
    ],
    advice: network,
  },
  {
    when: [/CannotPull/i],
    advice:
      "check that the image exists, that the execution role may pull it, and that the tasks' subnets reach the registry",
  },
  {
    when: [/secret|ssm|parameter|ResourceInitializationError/i, /access ?denied|not authorized/i],
    advice:
      "let the execution role read the secrets: secretsmanager:GetSecretValue or ssm:GetParameters on them, and kms:Decrypt on their key",
  },
  {
    when: [
      /secret|ssm|parameter/i,
      /not ?found|can't find|invalid ssm parameters|does not exist|marked for deletion/i,
    ],
    advice: "create the secret or parameter that the task definition names, or correct its valueFrom",
  },
  {
    when: [/ResourceInitializationError/i, /log ?group|log ?stream|logging driver|logger/i],
    advice:
      "create the log group that the task definition names (or set awslogs-create-group with logs:CreateLogGroup), and let the execution role write to it",
  },
  {
    when: [/ResourceInitializationError|CannotCreateVolume/i, /efs|mount/i],
    advice:
      "check that the file system has a mount target in each subnet, and lets the tasks in on port 2049",
  },
  {
    when: [/ResourceInitializationError/i, /time ?out|deadline|connection|dial tcp|retr/i],
    advice: network,
  },
  {
    when: [/unable to assume|assume the role|could not be assumed/i],
    advice:
      "check that the role exists and that its trust policy names ecs-tasks.amazonaws.com; IAM takes some seconds to propagate a new role",
  },
  {
    when: [/executable file not found|no such file or directory|exec: ".*": permission denied/i],
    inLogs: true,
    advice:
      "correct the image's ENTRYPOINT or CMD (or the task definition's command): the file that it names does not exist or is not executable",
  },
  {
    when: [/smoke check/i],
    advice:
      "the tasks run but fail the target's smoke check: look at the log lines, the check's path and port, and the security group",
  },
  {
    when: [
      /ELB health check|Target\.(FailedHealthChecks|ResponseCodeMismatch|Timeout|NotInUse)|target.*unhealthy|load balancer.*unhealthy/i,
    ],
    advice:
      "the load balancer's health check failed: check that the path answers on the container's port, that the security group lets the load balancer in, and that healthCheckGracePeriodSeconds covers the start",
  },
  {
    when: [/health check/i],
    advice:
      "the container's health check failed: run its command in the image (is curl there?), and give it a startPeriod that covers the start",
  },
  {
    when: [/OutOfMemory|(?<!killed: )out of memory|\boom\b/i],
    advice: "give the container more memory (memory of the task definition), or let the program use less",
  },
  {
    when: [/exit code 137/],
    advice:
      "it was killed: usually it ran out of memory (raise it in the task definition), or it did not end within stopTimeout after SIGTERM",
  },
  {
    when: [/exit code 139/],
    advice:
      "the program crashed in native code: look for a library built for another system (musl or glibc) or architecture",
  },
  {
    when: [/exit code 126/],
    advice:
      "the command can't be executed: set its executable bit in the image, and check that the image's user may run it",
  },
  {
    when: [/exit code 127/],
    advice:
      "the command was not found: correct ENTRYPOINT, CMD or PATH, and check that the image's shell exists",
  },
  {
    when: [/exit code 143/],
    advice:
      "it stopped on request (SIGTERM): look for what stopped it, such as a health check or a scaling event",
  },
  {
    when: [/unable to place/i, /no container instances|no Container Instances were found/i],
    advice: "add instances to the cluster, or use a capacity provider that does (or FARGATE)",
  },
  {
    when: [
      /unable to place|unable to start/i,
      /capacity is unavailable|capacity.*(not available|unavailable)/i,
    ],
    advice:
      "AWS has no capacity there now: allow more subnets (Availability Zones), or FARGATE beside FARGATE_SPOT",
  },
  {
    when: [/unable to place/i, /memory|cpu units|RESOURCE:|ports?|ENI|gpu/i],
    advice:
      "no instance has the resources that the task needs: add instances, request less cpu and memory, or free the fixed host port",
  },
  {
    when: [/unable to place/i, /constraint|memberOf|attribute/i],
    advice:
      "no instance meets the placement constraints or has the attributes the task needs: correct them, or add one that does",
  },
  {
    when: [/unable to place/i],
    advice: "the scheduler finds no place for the task: see the cluster's instances and capacity providers",
  },
  {
    when: [/InsufficientFreeAddresses|free (private )?(ip )?addresses|not enough (free )?IP/i],
    advice: "the subnet has no free IP addresses: add subnets to the service's network configuration",
  },
  {
    when: [/spot ?interruption|SpotInterruption/i],
    advice: "AWS took the Spot capacity back: keep a base of FARGATE in the capacity provider strategy",
  },
  {
    when: [/alarm/i],
    advice: "a deployment alarm fired: look at its metric since the deployment began, and at the log lines",
  },
  {
    when: [/does not run the image that was pushed/i],
    advice:
      "someone else deploys this service, or the task definition names a tag that has moved: see slipway status",
  },
  {
    when: [/was not stable after|not steady after/i],
    advice:
      "see the events above; if the deployment only takes long, give the target a longer timeoutSeconds",
  },
  {
    when: [/exit code [1-9]\d*|Essential container in task exited/i],
    advice: "the program ended by itself: its last log lines say why; slipway logs shows more of them",
  },
];
