import type { Hint } from "../hint.ts";

/**
 * Reason codes and errors of Lambda.
 * https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html (StateReasonCode)
 */
export const lambdaHints: readonly Hint[] = [
  {
    when: [/ImageAccessDenied|does not have permission to access the ECR image/i],
    advice:
      "let lambda.amazonaws.com pull in the repository policy (ecr:BatchGetImage, ecr:GetDownloadUrlForLayer); the stack sets that for services with a Lambda target: pulumi up",
  },
  {
    when: [/ImageDeleted|source image .*(does not exist|not found)|ImageNotFound/i],
    advice:
      "the image is no longer in the registry: deploy again to build it, and check that the retention rules keep running images (slipway images)",
  },
  {
    when: [
      /InvalidImage|image manifest|media type|layer.*not supported|source image .* is not (valid|supported)/i,
    ],
    advice:
      "Lambda accepts only one platform's manifest without attestations, at most 10 GB: build it with this stack, for the function's architecture",
  },
  {
    when: [/exec format error/i],
    inLogs: true,
    advice:
      "the program is for another CPU architecture than the function's: add that platform to the service's platforms",
  },
  {
    when: [/InvalidEntry ?point|entry ?point|executable file not found|no such file or directory/i],
    inLogs: true,
    advice:
      "correct the image's ENTRYPOINT and CMD, or the function's image configuration: the file that it names does not exist or is not executable",
  },
  {
    when: [/InvalidWorkingDirectory/i],
    advice: "correct WORKDIR in the image, or the working directory of the function's image configuration",
  },
  {
    when: [/InitTimeout|timed out during init|Init Duration.*timeout/i],
    advice:
      "starting takes more than ten seconds: do less before the first invocation, or give the function more memory (and so CPU)",
  },
  {
    when: [/InitResourceExhausted|OutOfMemory|out of memory|signal: killed/i],
    inLogs: true,
    advice: "give the function more memory",
  },
  {
    when: [/ExtensionInitError|TooManyExtensions|extension\.(crash|init)/i],
    advice: "an extension in the image (/opt/extensions) fails, or there are too many: try without it",
  },
  {
    when: [/FunctionError\.PermissionDenied/i],
    advice: "Lambda's user can't read or execute the program: set modes 755 and 644 in the image",
  },
  {
    when: [/Task timed out after|Sandbox\.Timedout/i],
    advice:
      "the invocation took longer than the function's timeout: look at what it waits for (a database, a VPC without a route to the internet), or raise the timeout",
  },
  {
    when: [/did not answer within/i],
    advice:
      "look at what it waits for with slipway logs; if it only takes long, raise the check's timeoutSeconds",
  },
  {
    when: [/ImportModuleError|HandlerNotFound|MalformedHandlerName|UserCodeSyntaxError/i],
    advice:
      "the handler that CMD names can't be loaded: check that the file and its dependencies are in the image",
  },
  {
    when: [/FUNCTION_ERROR_INIT_FAILURE|RuntimeInitError|Runtime\.ExitError|Runtime exited|FunctionError\b/i],
    advice:
      "the function crashes when it starts: its last log lines say why; slipway logs shows more of them",
  },
  {
    when: [/answered with an error/i],
    advice:
      "the function answers the check's payload with an error: see the log lines, or correct check.payload",
  },
  {
    when: [/the answer of version \S+ does not match/i],
    advice: "see whether the answer or the pattern is wrong: check.matches of the target",
  },
  {
    when: [/alarm .* is in ALARM/i],
    advice:
      "look at the alarm's metric since the shift began; an alarm that fired for another reason must be OK first",
  },
  {
    when: [/errors, and \d+ are allowed/i],
    advice:
      "callers got errors from the new version: slipway logs shows them; shift.errorsAllowed says how many are tolerated",
  },
  {
    when: [/cannot be assumed|assume.*role/i],
    advice: "let lambda.amazonaws.com assume the role (its trust policy), and check that the role exists",
  },
  {
    when: [/InsufficientRolePermissions|execution role does not have permissions/i],
    advice: "give the execution role what the function needs: for a VPC, AWSLambdaVPCAccessExecutionRole",
  },
  {
    when: [/KMS/i],
    advice:
      "check that the KMS key exists and is enabled, and that the execution role may use it (kms:Decrypt)",
  },
  {
    when: [/EniLimitExceeded|SubnetOutOfIPAddresses/i],
    advice: "the VPC has no room for the function's network interfaces: add subnets, or raise the limit",
  },
  {
    when: [/InvalidSubnet|InvalidSecurityGroup/i],
    advice: "correct the function's VPC configuration: a subnet or security group no longer exists",
  },
  {
    when: [/EFS(IO|Mount)/],
    advice:
      "check that the file system has mount targets in the function's subnets and lets it in on port 2049",
  },
  {
    when: [
      /UnreservedConcurrentExecution|reserved concurrency|concurrency limit|ReservedFunctionConcurrent/i,
    ],
    advice: "the account's concurrency limit is too low: ask for a higher limit, or provision less",
  },
  {
    when: [/CodeStorageExceeded|code storage/i],
    advice: "the account's code storage is full: keep fewer versions (keepVersions of the target)",
  },
  {
    when: [/InsufficientCapacity|InternalError|EC2RequestLimitExceeded/i],
    advice: "the fault is on AWS's side: deploy again in a while; nothing was moved",
  },
  {
    when: [/another update of the function to end/i],
    advice:
      "something else keeps updating the function (another pipeline, Pulumi, an autoscaler): find it in CloudTrail, by UpdateFunctionCode and UpdateFunctionConfiguration",
  },
];
