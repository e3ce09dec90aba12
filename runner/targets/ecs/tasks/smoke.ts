import type { Problem } from "../../../../config/problems/errors.ts";
import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import type { Clock } from "../../poll.ts";
import { type SmokeResult, smokeCheck } from "../../smoke/smoke.ts";
import type { TargetContext } from "../../target.ts";
import { type ExistingService, nameOf, type TaskDefinition } from "../state.ts";
import { addressOf, firstPort } from "./addresses.ts";
import { listTasks, type TaskQuery } from "./tasks.ts";

/** Why a target's smoke check could not ask its tasks; none when it can, or asks a URL. */
export function smokeProblems(target: EcsTarget, { taskDefinition }: ExistingService): Problem[] {
  const { smoke } = target;
  if (smoke === undefined || smoke.url !== undefined) return [];
  const where = `ECS service ${nameOf(target.cluster)}/${target.service}`;
  const code = "smoke-check-without-address";
  if (taskDefinition.networkMode !== "awsvpc") {
    return [
      {
        code,
        where,
        value: taskDefinition.networkMode ?? "bridge",
        message:
          "the smoke check can't reach the tasks: in this network mode they have no IP address of their own",
        fix: "give smoke a url (of the load balancer), or use network mode awsvpc",
      },
    ];
  }
  if (smoke.port !== undefined || firstPort(taskDefinition, target.container) !== undefined) return [];
  return [
    {
      code,
      where,
      value: target.container,
      message: "the smoke check has no port: the container maps none",
      fix: "give smoke a port or a url",
    },
  ];
}

/** Requests the check's URL, or each running task of a revision at its own IP address. */
export async function smokeCheckService(
  target: EcsTarget,
  query: TaskQuery,
  taskDefinition: TaskDefinition,
  { clients, emit, signal, step }: TargetContext,
  clock: Clock,
): Promise<SmokeResult | undefined> {
  const { smoke } = target;
  if (smoke === undefined) return undefined;
  emit({ kind: "step-progress", id: step, message: "smoke check" });
  const tasks = smoke.url === undefined ? await listTasks(clients, query, "RUNNING", signal) : [];
  const urls = smoke.url === undefined ? taskUrls(target, taskDefinition, tasks.map(addressOf)) : [smoke.url];
  if (urls.length === 0) return { passed: false, lines: ["no running task has an address"] };
  const onFailure = (line: string) => emit({ kind: "step-log", id: step, line });
  return smokeCheck(urls, smoke, { clock, signal, onFailure });
}

function taskUrls(
  { smoke, container }: EcsTarget,
  taskDefinition: TaskDefinition,
  addresses: readonly (string | undefined)[],
): string[] {
  const port = smoke?.port ?? firstPort(taskDefinition, container);
  return addresses.flatMap((address) =>
    address === undefined || port === undefined ? [] : [`http://${address}:${port}${smoke?.path ?? "/"}`],
  );
}
