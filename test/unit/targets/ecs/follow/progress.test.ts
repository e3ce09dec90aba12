import { describe, expect, it } from "vitest";
import { placementTrouble } from "../../../../../runner/targets/ecs/follow/progress.ts";
import { service } from "../builders.ts";

const since = new Date("2026-01-01T12:00:00Z");
const trouble = (message: string, at = "2026-01-01T12:00:05Z") =>
  placementTrouble(service([], { events: [{ id: "a", createdAt: new Date(at), message }] }), since);

describe("tasks that can't be placed", () => {
  it.each([
    [
      "(service ui) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 1) has insufficient memory available. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
      "tasks can't be placed: no container instance met all of its requirements. The closest matching (container-instance 1) has insufficient memory available",
    ],
    [
      "(service ui) was unable to place a task. Reason: Capacity is unavailable at this time. For more information, see the Troubleshooting section.",
      "tasks can't be placed: Capacity is unavailable at this time",
    ],
  ])("say why: %s", (message, expected) => {
    expect(trouble(message)).toBe(expected);
  });

  it("are none of an earlier deployment's, and none once ECS says something else", () => {
    expect(
      trouble("(service ui) was unable to place a task because x.", "2026-01-01T11:59:59Z"),
    ).toBeUndefined();
    expect(trouble("(service ui) has started 1 tasks: (task 1).")).toBeUndefined();
  });
});
