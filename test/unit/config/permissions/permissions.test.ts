import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { permissions } from "../../../../config/permissions/permissions.ts";
import { kindsOf } from "../../../../config/targets/permission.ts";

const root = join(import.meta.dirname, "../../../..");

/** Service → `cut` or `uncut` → names of actions. */
const reference = readFileSync(join(import.meta.dirname, "authorization-reference.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" "));

function actionsThat(how: "cut" | "uncut"): Set<string> {
  return new Set(
    reference
      .filter(([, kind]) => kind === how)
      .flatMap(([service, , ...actions]) => actions.map((action) => `${service}:${action}`)),
  );
}

/** What it may be said to be for, but which IAM can't cut to what it is asked about. */
const uncuttable = ["cloudwatch:GetMetricData"];

/** Calls of the SDK in the runner, with the file that makes them. */
function callsOfTheRunner(): { call: string; file: string }[] {
  const files = readdirSync(join(root, "runner"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, "runner", file), "utf8");
    if (!text.includes("@aws-sdk/")) return [];
    return [...text.matchAll(/\bnew ([A-Z]\w+)Command\(|\bpaginate([A-Z]\w+)\(/g)].map(
      ([, command, paginated]) => ({ call: command ?? paginated ?? "", file }),
    );
  });
}

test("every call of the runner is in the table of permissions (config/permissions/permissions.ts)", () => {
  const known = new Set(permissions.flatMap(({ action, calls }) => calls ?? [action.split(":")[1] ?? ""]));
  const calls = callsOfTheRunner();
  expect(calls.length).toBeGreaterThan(15);
  const missing = calls.filter(({ call }) => !known.has(call)).map(({ call, file }) => `${call} in ${file}`);
  expect(missing, "add a line: which action, on what, for which role, why").toEqual([]);
});

test("every action of the table is one that IAM knows", () => {
  const known = new Set([...actionsThat("cut"), ...actionsThat("uncut")]);
  expect(permissions.map(({ action }) => action).filter((action) => !known.has(action))).toEqual([]);
});

test("what can be cut to resources is, and nothing else is said to be", () => {
  const cut = actionsThat("cut");
  for (const permission of permissions) {
    const { action } = permission;
    if (uncuttable.includes(action)) continue;
    expect(kindsOf(permission).includes("any"), action).toBe(!cut.has(action));
  }
});

test("no action is in the table twice", () => {
  const actions = permissions.map(({ action }) => action);
  expect(actions).toEqual([...new Set(actions)]);
});

test("whoever pushes can read, and whoever deploys can push", () => {
  for (const { action, roles } of permissions) {
    if (!action.startsWith("ecr:")) continue;
    if (roles.includes("pullRequest")) expect(roles, action).toEqual(["pullRequest", "push", "deploy"]);
    if (roles.includes("push")) expect(roles, action).toContain("deploy");
  }
});
