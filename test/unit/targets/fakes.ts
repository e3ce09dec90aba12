import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Clients } from "../../../runner/aws/clients.ts";
import type { Image } from "../../../runner/registry/image.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import type { Clock } from "../../../runner/targets/poll.ts";
import type { TargetContext } from "../../../runner/targets/target.ts";

export const sha = (letter: string) => `sha256:${letter.repeat(64)}`;

export const image: Image = {
  service: "ui",
  repository: "shop/ui",
  registry: "localhost:5000",
  digest: sha("1"),
  manifests: { "linux/amd64": sha("a"), "linux/arm64": sha("b") },
};

/** Time that passes only when somebody sleeps. */
export interface FakeClock extends Clock {
  /** Called after each sleep, with the milliseconds since the start. */
  afterSleep: (elapsed: number) => void;
}

export function fakeClock(): FakeClock {
  let elapsed = 0;
  const clock: FakeClock = {
    afterSleep: () => {},
    now: () => 1_700_000_000_000 + elapsed,
    random: () => 0,
    async sleep(milliseconds, signal) {
      elapsed += milliseconds;
      clock.afterSleep(elapsed);
      signal.throwIfAborted();
    },
  };
  return clock;
}

export interface FakeContext extends TargetContext {
  readonly events: RunEvent[];
  readonly controller: AbortController;
  /** The lines that were logged. */
  lines(): string[];
  messages(): string[];
}

/** Clients that aws-sdk-client-mock answers for, and an ear for events. */
export function fakeContext(): FakeContext {
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const region = "eu-west-1";
  const clients: Clients = {
    region,
    ecr: new ECRClient({ region }),
    ecs: new ECSClient({ region }),
    lambda: new LambdaClient({ region }),
    logs: new CloudWatchLogsClient({ region }),
    cloudwatch: new CloudWatchClient({ region }),
    elbv2: new ElasticLoadBalancingV2Client({ region }),
    iam: new IAMClient({ region }),
    kms: new KMSClient({ region }),
    secretsManager: new SecretsManagerClient({ region }),
    ssm: new SSMClient({ region }),
    get uninterruptible() {
      return clients;
    },
  } as unknown as Clients;
  return {
    directory: "/project",
    clients,
    events,
    controller,
    signal: controller.signal,
    step: "target",
    emit: (event) => events.push(event),
    lines: () => events.flatMap((event) => (event.kind === "step-log" ? [event.line] : [])),
    messages: () => events.flatMap((event) => (event.kind === "step-progress" ? [event.message] : [])),
  };
}

export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $fault: "client" });
}
