import { describe, expect, it } from "vitest";
import { hopeless } from "../../../../../runner/targets/ecs/follow/crash-loop.ts";
import { stoppedTask } from "../builders.ts";

const exited = (exitCode = 1) => stoppedTask("a", 2, { containers: [{ name: "ui", exitCode }] });
const pull = (reason: string) =>
  stoppedTask("p", 2, { stopCode: "TaskFailedToStart", stoppedReason: reason, containers: [{ name: "ui" }] });
const missing = pull("CannotPullContainerError: pull image manifest has been retried 1 time(s): not found");

describe("a deployment without a circuit breaker", () => {
  it("is given up when the image is not there, twice", () => {
    expect(hopeless([missing], 0)).toBeUndefined();
    expect(hopeless([missing, missing], 0)).toMatch(/^its image can't be pulled: CannotPullContainerError/);
  });

  it("is not given up for a registry that is slow", () => {
    const slow = pull("CannotPullContainerError: net/http: request canceled (Client.Timeout exceeded)");
    expect(hopeless([slow, slow, slow], 0)).toBeUndefined();
  });

  it("is given up when five tasks in a row end in the same way", () => {
    expect(
      hopeless(
        Array.from({ length: 4 }, () => exited()),
        0,
      ),
    ).toBeUndefined();
    expect(
      hopeless(
        Array.from({ length: 5 }, () => exited()),
        0,
      ),
    ).toContain("exit code 1");
    expect(hopeless([exited(2), ...Array.from({ length: 4 }, () => exited())], 0)).toBeUndefined();
  });

  it("goes on as long as a task runs", () => {
    expect(hopeless([missing, missing], 1)).toBeUndefined();
  });
});
