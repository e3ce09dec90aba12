import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inUsePermissions } from "../../../../config/permissions/in-use.ts";
import { permissions, permissionsOf } from "../../../../config/permissions/permissions.ts";
import { kindsOf } from "../../../../config/targets/permission.ts";
import { callsOfTheRunner } from "./runner-calls.ts";

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

/**
 * What IAM cuts to resources, and what Slipway must not: "You can't return information about composite alarms
 * if your cloudwatch:DescribeAlarms permission has a narrower scope" than `*`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
const notToBeCut = ["cloudwatch:DescribeAlarms"];

/**
 * The calls that need an action of another name, as AWS says. Whatever else is called needs the action of
 * its own name.
 */
const otherNames = {
  // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: "requires permission for the
  // lambda:InvokeFunction action".
  Invoke: "lambda:InvokeFunction",
  // API reference of ECR, ListImageReferrers: "The IAM principal invoking this operation must have the
  // ecr:BatchGetImage permission."
  ListImageReferrers: "ecr:BatchGetImage",
};

/** Calls of the SDK in the runner, with the file that makes them and the action that they need. */
const calls = callsOfTheRunner().map(({ service, call, file }) => ({
  call,
  file,
  action: otherNames[call as keyof typeof otherNames] ?? `${service}:${call}`,
}));

test("every call of the runner is in the table of permissions, as the action of its own name", () => {
  const known = new Set(permissions.map(({ action }) => action));
  // The right to take a role (aws:assumeRoles) is that of whoever takes it, before the table's roles begin.
  const takesRoles = calls.filter(({ file }) => file === "aws/credentials.ts");
  expect(takesRoles.map(({ action }) => action)).toEqual(["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]);
  const others = calls.filter(({ file }) => file !== "aws/credentials.ts");
  expect(others.length).toBeGreaterThan(50);
  const missing = others.filter(({ action }) => !known.has(action));
  expect(
    missing.map(({ action, file }) => `${action} in ${file}`),
    "add a line: which action, on what, for which role, why",
  ).toEqual([]);
});

test("a call stands for an action of another name only where AWS says so", () => {
  for (const { action, calls: named = [] } of permissions) {
    for (const call of named) {
      const own = `${action.split(":")[0]}:${call}`;
      expect([call, own === action ? own : otherNames[call as keyof typeof otherNames]]).toEqual([
        call,
        action,
      ]);
    }
  }
});

test("every action is called by the runner, or its line says who calls it", () => {
  const called = new Set(calls.map(({ action }) => action));
  for (const { action, by } of permissions) {
    expect([action, called.has(action) ? undefined : (by ?? "granted, and never called")]).toEqual([
      action,
      called.has(action) && by === undefined ? undefined : by,
    ]);
  }
  const byOthers = permissions.filter(({ action }) => !called.has(action)).map(({ action }) => action);
  expect(byOthers).toEqual([
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecs:TagResource",
    "iam:PassRole",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "kms:Decrypt",
    "kms:Encrypt",
  ]);
});

test("every action of the table is one that IAM knows", () => {
  const known = new Set([...actionsThat("cut"), ...actionsThat("uncut")]);
  expect(permissions.map(({ action }) => action).filter((action) => !known.has(action))).toEqual([]);
});

test("what can be cut to resources is, and nothing else is said to be", () => {
  const cut = actionsThat("cut");
  for (const permission of permissions) {
    const { action } = permission;
    const whole = notToBeCut.includes(action) || !cut.has(action);
    const kinds = kindsOf(permission);
    expect(kinds.includes("any") || kinds.includes("inspector-settings"), action).toBe(whole);
  }
});

test("no action is in the table twice", () => {
  const actions = permissions.map(({ action }) => action);
  expect(actions).toEqual([...new Set(actions)]);
});

test("whoever pushes can read, and whoever deploys can push", () => {
  for (const { action, roles } of permissions) {
    if (!action.startsWith("ecr:")) continue;
    const building = roles.filter((role) => role !== "inspect");
    if (roles.includes("pullRequest")) expect(building, action).toEqual(["pullRequest", "push", "deploy"]);
    if (roles.includes("push")) expect(roles, action).toContain("deploy");
  }
});

test("who only looks has all that finds images in use, and nothing that changes anything", () => {
  const looking = permissionsOf("inspect").map(({ action }) => action);
  for (const { action } of inUsePermissions) expect(looking).toContain(action);
  const changing = looking.filter((action) => !/:(Get|List|Describe|BatchGet|Simulate)/.test(action));
  expect(changing).toEqual([]);
  // What has a name that reads, and is more than a look at images and what runs them.
  expect(looking.filter((action) => /^(s3|kms|ssm|secretsmanager|logs):/.test(action))).toEqual([]);
});
