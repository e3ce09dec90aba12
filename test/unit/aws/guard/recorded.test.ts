import { describe, expect, test } from "vitest";
import { permissions, permissionsOf } from "../../../../config/permissions/permissions.ts";
import { githubRoles } from "../../../../config/stack/github.ts";
import { readRecordedCalls } from "../../../../docs/generate/calls.ts";

const recorded = readRecordedCalls();
const calledBy = Object.fromEntries(
  githubRoles.map((role) => [role, new Set(Object.values(recorded[role] ?? {}).flat())]),
);

describe.each(githubRoles)("the %s role", (role) => {
  const granted = permissionsOf(role);

  test("has every action that its commands called", () => {
    const names = new Set(granted.map(({ action }) => action));
    expect([...(calledBy[role] ?? [])].filter((action) => !names.has(action))).toEqual([]);
  });

  test("has no action that its commands never call, unless the action's line says who calls it, or when", () => {
    const unexplained = granted.filter(
      ({ action, by, when }) =>
        calledBy[role]?.has(action) !== true && by === undefined && when === undefined,
    );
    expect(unexplained.map(({ action }) => action)).toEqual([]);
  });
});

test("what is called anyway needs no line that says when", () => {
  const called = permissions.filter(
    ({ action, when, roles }) => when !== undefined && roles.every((role) => calledBy[role]?.has(action)),
  );
  expect(called.map(({ action }) => action)).toEqual([]);
});
