import { checkRole } from "../../roles.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import type { ExistingService } from "../state.ts";
import { secretsOf } from "./secrets.ts";

/** Checks the execution role, which starts tasks, and the task role. */
export async function checkRoles(
  { service, taskDefinition }: ExistingService,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const account = service.serviceArn?.split(":")[4];
  const principal = "ecs-tasks.amazonaws.com";
  const { executionRoleArn, taskRoleArn } = taskDefinition;
  const roles = [
    { arn: executionRoleArn, purpose: "execution role" },
    { arn: taskRoleArn, purpose: "task role" },
  ];
  const checks = await Promise.all(
    roles.flatMap(({ arn, purpose }) =>
      typeof arn === "string" && arn !== ""
        ? [checkRole(clients, { arn, purpose, principal, account }, signal)]
        : [],
    ),
  );
  if (typeof executionRoleArn === "string" || secretsOf(taskDefinition).length === 0) return checks;
  const missing: TargetCheck = {
    name: "execution role",
    state: "fail",
    message: "there is none, and the task has secrets that only an execution role can read",
    fix: "give the task definition an executionRoleArn",
  };
  return [missing, ...checks];
}
