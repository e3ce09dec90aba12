import { describe, expect, it } from "vitest";
import { ecsHints } from "../../../runner/targets/ecs/hints.ts";
import { hintFor, withHint } from "../../../runner/targets/hints.ts";
import { lambdaHints } from "../../../runner/targets/lambda/hints.ts";

/** What ECS says, as in its guide to stopped tasks and in service events, and a word of the advice. */
const ecs: readonly (readonly [said: string, advice: RegExp])[] = [
  [
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/arm64'",
    /no manifest for the tasks' platform/,
  ],
  ["CannotStartContainerError: exec /start: exec format error", /other CPU|another CPU/],
  [
    "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: write /var/lib/x: no space left on device",
    /disk is full/,
  ],
  ["CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", /limits pulls/],
  [
    "CannotPullECRContainerError: AccessDeniedException: not authorized to perform: ecr:GetAuthorizationToken",
    /let the execution role pull/,
  ],
  [
    "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/ui@sha256:00: not found",
    /no longer in the registry/,
  ],
  [
    "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 52.1.2.3:443: i/o timeout",
    /NAT gateway/,
  ],
  [
    "CannotPullContainerError: Error response from daemon: Get https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    /NAT gateway/,
  ],
  [
    'CannotPullContainerError: failed to do request: Head "https://registry.corp:5000/v2/shop/ui/manifests/sha256:404": dial tcp 10.0.3.17:5000: connect: connection refused',
    /nothing listens/,
  ],
  [
    "CannotPullContainerError: failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/ui@sha256:00: unexpected status from HEAD request: 403 Forbidden",
    /let the execution role pull/,
  ],
  [
    'CannotPullContainerError: 500 Server Error for http+docker://localhost/v1.41/images/create: Internal Server Error ("denied")',
    /let the execution role pull/,
  ],
  [
    "CannotPullContainerError: failed to resolve ref x/ui@sha256:4a403b404c: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
    /pull was not authenticated/,
  ],
  [
    "CannotPullContainerError: failed to do request: dial tcp: lookup registry.corp on 10.0.0.2:53: no such host",
    /can't be resolved/,
  ],
  [
    "CannotPullContainerError: failed to do request: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    /does not trust the registry.s certificate/,
  ],
  ["CannotPullContainerError: something new, of ui@sha256:403e404a", /may pull it/],
  [
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue",
    /let the execution role read the secrets/,
  ],
  [
    "ResourceInitializationError: unable to pull secrets or registry auth: ResourceNotFoundException: Secrets Manager can't find the specified secret",
    /create the secret/,
  ],
  [
    "ResourceInitializationError: unable to pull secrets or registry auth: context deadline exceeded",
    /VPC endpoints/,
  ],
  [
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: The specified log group does not exist",
    /create the log group/,
  ],
  ["ResourceInitializationError: failed to invoke EFS utils commands: mount.nfs4: timed out", /2049/],
  ["ECS was unable to assume the role 'arn:aws:iam::111122223333:role/x'", /ecs-tasks\.amazonaws\.com/],
  [
    'CannotStartContainerError: exec: "/start": executable file not found in $PATH: unknown',
    /ENTRYPOINT or CMD/,
  ],
  [
    "Essential container in task exited (ui: exit code 137, OutOfMemoryError: Container killed)",
    /more memory/,
  ],
  [
    "Essential container in task exited (ui: exit code 137 (killed: out of memory, or it did not stop in time))",
    /stopTimeout/,
  ],
  ["Essential container in task exited (ui: exit code 139 (segmentation fault))", /native code/],
  ["Essential container in task exited (ui: exit code 126)", /executable bit/],
  ["Essential container in task exited (ui: exit code 127)", /was not found/],
  ["Essential container in task exited (ui: exit code 143 (terminated))", /SIGTERM/],
  ["smoke check failed: GET / answered 500", /fail the target.s smoke check/],
  [
    "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x)",
    /load balancer's health check failed/,
  ],
  [
    "Task failed container health checks (ui: exit code 137 (killed: out of memory, or it did not stop in time), health check failed)",
    /startPeriod/,
  ],
  [
    "(service ui) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.",
    /add instances to the cluster/,
  ],
  [
    "(service ui) was unable to place a task. Reason: Capacity is unavailable at this time.",
    /FARGATE beside FARGATE_SPOT/,
  ],
  [
    "(service ui) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 1a2b has insufficient memory available.",
    /request less cpu and memory/,
  ],
  ["(service ui) was unable to place a task: MemberOf placement constraint unsatisfied.", /constraints/],
  ["(service ui) was unable to place a task.", /finds no place/],
  ["InsufficientFreeAddressesInSubnet: the subnet has not enough free addresses", /no free IP addresses/],
  ["Your Spot Task was interrupted. (SpotInterruption)", /Spot capacity/],
  ["deployment failed: alarm detected.", /deployment alarm/],
  ["ui:7 does not run the image that was pushed", /someone else deploys/],
  ["ui:7 was not stable after 900 s (0/1 running); ECS continues the deployment", /longer timeoutSeconds/],
  ["Essential container in task exited (ui: exit code 1)", /ended by itself/],
];

/** What Lambda says, and a word of the advice. */
const lambda: readonly (readonly [said: string, advice: RegExp])[] = [
  [
    "the update failed: ImageAccessDenied: Lambda does not have permission to access the ECR image",
    /repository policy/,
  ],
  ["the update failed: ImageDeleted: The image was deleted", /no longer in the registry/],
  [
    "AWS refused the call: Source image x does not exist. (InvalidParameterValueException)",
    /no longer in the registry/,
  ],
  ["the update failed: InvalidImage: The image is not valid", /one platform's manifest/],
  ["version 5 answered with an error (Unhandled): fork/exec /start: exec format error", /another CPU/],
  [
    "version 5 answered with an error (Unhandled): Runtime.InvalidEntrypoint: no entry point",
    /ENTRYPOINT and CMD/,
  ],
  ["the update failed: FunctionError.InvalidWorkingDirectory", /WORKDIR/],
  ["the function is in state Failed: FunctionError.InitTimeout", /ten seconds/],
  ["the function is in state Failed: FunctionError.InitResourceExhausted", /more memory/],
  ["the function is in state Failed: FunctionError.ExtensionInitError", /extension/],
  ["the function is in state Failed: FunctionError.PermissionDenied", /755/],
  [
    "version 5 answered with an error (Unhandled): Sandbox.Timedout: Task timed out after 3.00 seconds",
    /function's timeout/,
  ],
  ["version 5 did not answer within 30 s; live stays on version 4", /check's timeoutSeconds/],
  [
    "version 5 answered with an error (Unhandled): Runtime.ImportModuleError: no module",
    /handler that CMD names/,
  ],
  [
    "version 5 answered with an error (Unhandled): Runtime.ExitError: exit status 1",
    /crashes when it starts/,
  ],
  ["provisioned concurrency of version 5 failed: FUNCTION_ERROR_INIT_FAILURE", /crashes when it starts/],
  ["version 5 answered with an error (Unhandled): Checkout.Refused: no product", /payload/],
  ['the answer of version 5 does not match /"ok"/: {}', /check\.matches/],
  ["alarm pay-errors is in ALARM: Threshold Crossed", /since the shift began/],
  ["version 5 had 3 errors, and 2 are allowed", /errorsAllowed/],
  ["AWS refused the call: The role defined for the function cannot be assumed by Lambda.", /trust policy/],
  ["the update failed: InsufficientRolePermissions: no ec2", /AWSLambdaVPCAccessExecutionRole/],
  ["the update failed: DisabledKMSKey: the key is disabled", /kms:Decrypt/],
  ["the update failed: EniLimitExceeded: too many", /network interfaces/],
  ["the update failed: InvalidSubnet: gone", /VPC configuration/],
  ["the update failed: EFSMountTimeout: no answer", /2049/],
  [
    "AWS refused the call: Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    /higher limit/,
  ],
  ["AWS refused the call: CodeStorageExceededException: Code storage limit exceeded", /keepVersions/],
  ["the update failed: InsufficientCapacity: try again", /AWS's side/],
  [
    "waited 60 s for another update of the function to end; Lambda says: An update is in progress",
    /CloudTrail/,
  ],
];

describe("hints", () => {
  it.each(ecs)("ecs: %s", (message, advice) => {
    expect(hintFor({ message }, ecsHints)).toMatch(advice);
  });

  it.each(lambda)("lambda: %s", (message, advice) => {
    expect(hintFor({ message }, lambdaHints)).toMatch(advice);
  });

  it("has a sentence of AWS for every entry, so that none is shadowed by another", () => {
    for (const [table, said] of [
      [ecsHints, ecs],
      [lambdaHints, lambda],
    ] as const) {
      const reached = new Set(said.map(([message]) => hintFor({ message }, table)));
      expect(table.map(({ advice }) => advice).filter((advice) => !reached.has(advice))).toEqual([]);
    }
  });

  it("reads the evidence, and prefers what is certain to what is a guess", () => {
    const evidence = [
      "2 tasks stopped (last 1a2b3c4d): Essential container in task exited (ui: exit code 1)",
    ];
    expect(hintFor({ message: "ui:7 failed", evidence }, ecsHints)).toMatch(/ended by itself/);
    const log = [...evidence, "last log lines of ui:", "  exec /start: exec format error"];
    expect(hintFor({ message: "ui:7 failed", evidence: log }, ecsHints)).toMatch(/CPU architecture/);
  });

  it("does not take what a program logs for what AWS says", () => {
    const evidence = ["last log lines of ui:", "  parameter secret-page not found", "  GET / alarm 403"];
    expect(hintFor({ message: "ui:7 failed", evidence }, ecsHints)).toBeUndefined();
  });

  it("is on failures only, and leaves one that is there", () => {
    const outcome = { service: "ui", title: "ecs ui", kind: "ecs", milliseconds: 1 } as const;
    const message = "exit code 137";
    expect(withHint({ ...outcome, outcome: "failed", message }, ecsHints).hint).toMatch(/stopTimeout/);
    expect(withHint({ ...outcome, outcome: "rolled back", message }, ecsHints).hint).toBeDefined();
    expect(withHint({ ...outcome, outcome: "done", message }, ecsHints).hint).toBeUndefined();
    expect(withHint({ ...outcome, outcome: "failed", message, hint: "ours" }, ecsHints).hint).toBe("ours");
    expect(withHint({ ...outcome, outcome: "failed", message: "who knows" }, ecsHints)).not.toHaveProperty(
      "hint",
    );
  });
});
