import { DescribeTasksCommand, type ECSClient, ListTasksCommand, type Task } from "@aws-sdk/client-ecs";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** What a service or a function answered. */
export interface Answer {
  readonly service: string;
  /** Where it was asked: a URL, or a function and its alias. */
  readonly from: string;
  /** The answer on one line, cut to what a terminal takes. */
  readonly text: string;
}

/** Port that all services of the shop listen on. */
const shopPort = 8080;

/**
 * Asks each running task of an ECS service over HTTP, at the address that ECS reports for it.
 *
 * @throws when no task is running, or one does not answer with 200 within three seconds
 */
export async function askService(
  ecs: ECSClient,
  cluster: string,
  service: string,
  signal?: AbortSignal,
): Promise<Answer[]> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const { taskArns } = await ecs.send(
    new ListTasksCommand({ cluster, serviceName: service, desiredStatus: "RUNNING" }),
    options,
  );
  if (taskArns === undefined || taskArns.length === 0) {
    throw new Error(`no task of ${cluster}/${service} is running`);
  }
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }), options);
  // The emulator still lists tasks that stopped when it went down, with addresses that other tasks now have.
  const running = (tasks ?? []).filter(({ lastStatus }) => lastStatus === "RUNNING");
  if (running.length === 0) throw new Error(`no task of ${cluster}/${service} is running`);
  return Promise.all(
    running.map(async (task) => {
      const url = `http://${taskAddress(task)}:${shopPort}/`;
      const timeout = AbortSignal.timeout(3_000);
      const response = await fetch(url, {
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      const body = await response.text();
      if (!response.ok) throw new Error(`${url} of ${service} answered ${response.status}: ${oneLine(body)}`);
      return { service, from: url, text: oneLine(body) };
    }),
  );
}

/** Invokes the function through its alias, as its callers do. */
export async function askFunction(
  lambda: LambdaClient,
  functionName: string,
  alias: string,
  event: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const answer = await lambda.send(
    new InvokeCommand({
      FunctionName: functionName,
      Qualifier: alias,
      Payload: new TextEncoder().encode(JSON.stringify(event)),
    }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const body = new TextDecoder().decode(answer.Payload);
  if (answer.FunctionError !== undefined)
    throw new Error(`${functionName}:${alias} failed: ${oneLine(body)}`);
  return { service: functionName, from: `${functionName}:${alias}`, text: oneLine(body) };
}

/** The task's own address, as its network interface has it. */
function taskAddress(task: Task): string {
  const address = task.attachments
    ?.flatMap((attachment) => attachment.details ?? [])
    .find((detail) => detail.name === "privateIPv4Address")?.value;
  if (address === undefined) throw new Error(`task ${task.taskArn ?? "?"} has no address yet`);
  return address;
}

/**
 * Markup left out, white space folded; of a long answer the beginning and the end, where pages say their
 * version.
 */
export function oneLine(body: string): string {
  const text = body
    .replace(/<(style|script|head)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return text.length <= 100 ? text : `${text.slice(0, 80)} … ${text.slice(-16)}`;
}
