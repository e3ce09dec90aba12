import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from "@aws-sdk/client-ecs";
import { beforeEach, describe, expect, it } from "vitest";
import { collectEvidence, culpritOf, logPlace } from "../../../../../runner/targets/ecs/tasks/evidence.ts";
import { describeStop, failedTasks } from "../../../../../runner/targets/ecs/tasks/stops.ts";
import { proveImages } from "../../../../../runner/targets/ecs/tasks/tasks.ts";
import { mockClient } from "../../../../aws/mock-client.ts";
import { awsError, fakeContext, image, sha } from "../../fakes.ts";
import { oldReference, revision, stoppedTask, task, taskDefinition } from "../builders.ts";

const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);
const definition = taskDefinition(2, oldReference);
const query = { cluster: "shop", service: "ui", revisionArn: revision(2) };

beforeEach(() => {
  ecs.reset();
  logs.reset();
});

function collect(stopped: Task[]) {
  ecs.on(ListTasksCommand).resolves({ taskArns: stopped.map((one) => one.taskArn ?? "") });
  ecs.on(DescribeTasksCommand).resolves({ tasks: stopped });
  const { clients, signal } = fakeContext();
  return collectEvidence(clients, query, definition, "ui", signal);
}

describe("why tasks stopped", () => {
  it.each([
    ["its exit code", { exitCode: 3 }, "(ui: exit code 3)"],
    ["a kill", { exitCode: 137 }, "(ui: exit code 137 (killed: out of memory, or it did not stop in time))"],
    [
      "its own reason",
      { reason: "CannotPullContainerError: not found" },
      "(ui: CannotPullContainerError: not found)",
    ],
    ["its health", { healthStatus: "UNHEALTHY" as const }, "(ui: health check failed)"],
    ["an end that was no failure", { exitCode: 0 }, "(ui: exit code 0)"],
  ])("tells %s", (_, container, said) => {
    const stopped = stoppedTask("t", 2, { containers: [{ name: "ui", ...container }] });
    expect(describeStop(stopped)).toBe(`Essential container in task exited ${said}`);
  });

  it("tells failures from tasks that made room, and counts failed health checks as failures", () => {
    const room = stoppedTask("a", 2, {
      stopCode: "ServiceSchedulerInitiated",
      stoppedReason: "Scaling activity",
    });
    const sick = stoppedTask("b", 2, {
      stopCode: "ServiceSchedulerInitiated",
      stoppedReason: "Task failed ELB health checks in (target-group ui)",
    });
    const placed = stoppedTask("c", 2, { stopCode: "TaskFailedToStart" });
    expect(failedTasks([room, sick, placed])).toEqual([sick, placed]);
  });

  it("reads the log of the container that failed, ours first", () => {
    const both = stoppedTask("t", 2, {
      containers: [
        { name: "proxy", exitCode: 1 },
        { name: "ui", exitCode: 1 },
      ],
    });
    expect(culpritOf(both, "ui")).toBe("ui");
    const other = stoppedTask("t", 2, {
      containers: [
        { name: "proxy", exitCode: 1 },
        { name: "ui", exitCode: 0 },
      ],
    });
    expect(culpritOf(other, "ui")).toBe("proxy");
  });

  it("finds the log stream with a prefix, without one, and says where else logs go", () => {
    const stopped = stoppedTask("t1", 2, { containers: [{ name: "ui", runtimeId: "0a1b2c" }] });
    expect(logPlace(definition, stopped, "ui")).toMatchObject({ stream: "ui/ui/t1" });
    const withConfiguration = (logConfiguration: object) =>
      taskDefinition(2, oldReference, { containerDefinitions: [{ name: "ui", logConfiguration }] });
    const bare = withConfiguration({ logDriver: "awslogs", options: { "awslogs-group": "g" } });
    expect(logPlace(bare, stopped, "ui")).toMatchObject({ group: "g", stream: "0a1b2c" });
    expect(logPlace(withConfiguration({ logDriver: "splunk" }), stopped, "ui")).toMatchObject({
      description: "sent to the log driver splunk",
    });
    expect(logPlace(definition, stopped, "proxy")).toBeUndefined();
  });

  it("says that a container never got to log", async () => {
    logs.on(GetLogEventsCommand).rejects(awsError("ResourceNotFoundException"));
    expect((await collect([stoppedTask("t1", 2)])).at(-1)).toBe(
      "ui logged nothing: it never started (/shop/ui ui/ui/t1)",
    );
  });

  it("does not hide the failure behind logs, or tasks, that can't be read", async () => {
    logs.on(GetLogEventsCommand).rejects(new Error("may not"));
    expect((await collect([stoppedTask("t1", 2)])).join("\n")).toContain("could not be read: may not");
    ecs.on(ListTasksCommand).rejects(new Error("may not either"));
    const { clients, signal } = fakeContext();
    expect(await collectEvidence(clients, query, definition, "ui", signal)).toEqual([
      "stopped tasks could not be read: may not either",
    ]);
  });
});

describe("what running tasks prove", () => {
  it("counts what matches, what is silent and what is wrong", () => {
    const containers = (imageDigest?: string) => ({ containers: [{ name: "ui", imageDigest }] });
    const tasks = [
      task("a", 2, containers(sha("1"))),
      task("b", 2, containers(sha("b"))),
      task("c", 2, containers()),
      task("d", 2, containers(sha("9"))),
      task("e", 2, { ...containers(sha("9")), lastStatus: "PENDING" }),
    ];
    expect(proveImages(tasks, { ui: image })).toEqual({
      matching: 2,
      unreported: 1,
      wrong: [`task d runs ${sha("9")}`],
    });
  });
});
