import { describe, expect, test } from "vitest";
import { type Ask, evaluate, type Policies, parsePolicy } from "../../../aws/guard/policy.ts";

type Statement = Readonly<Record<string, unknown>>;
const policy = (...statements: readonly Statement[]) =>
  parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }));
const allow = (Action: string | string[], Resource: string | string[] = "*", rest: Statement = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...rest,
});
const deny = (Action: string, Resource = "*") => ({ Effect: "Deny", Action, Resource });

const bucket = "arn:aws:s3:::carlossalazar-logs";
const read: Ask = { action: "s3:GetObject", resource: `${bucket}/today` };
const verdict = (ask: Ask, policies: Policies) => evaluate(ask, policies);

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
describe("as AWS evaluates policies", () => {
  test("everything is denied that nothing allows", () => {
    expect(verdict(read, { identity: [] })).toBe("implicitly denied");
    expect(verdict(read, { identity: [policy(allow("s3:PutObject"))] })).toBe("implicitly denied");
  });

  test("one statement of any policy that allows is enough", () => {
    const identity = [policy(allow("s3:PutObject")), policy(allow("ec2:*"), allow("s3:Get*", `${bucket}/*`))];
    expect(verdict(read, { identity })).toBe("allowed");
    expect(verdict({ ...read, resource: "arn:aws:s3:::others/today" }, { identity })).toBe(
      "implicitly denied",
    );
  });

  test("a deny wins over whatever allows, in the same policy and in another", () => {
    expect(verdict(read, { identity: [policy(allow("s3:*"), deny("*", `${bucket}/*`))] })).toBe(
      "explicitly denied",
    );
    const session = [policy(deny("s3:GetObject"))];
    expect(verdict(read, { identity: [policy(allow("*"))], session })).toBe("explicitly denied");
  });

  test("a session has what both its role's policies and its own allow, and no more", () => {
    const identity = [policy(allow("s3:*", `${bucket}/*`))];
    expect(verdict(read, { identity, session: [policy(allow("s3:GetObject"))] })).toBe("allowed");
    expect(verdict(read, { identity, session: [policy(allow("s3:PutObject"))] })).toBe("implicitly denied");
    expect(verdict(read, { identity: [], session: [policy(allow("s3:GetObject"))] })).toBe(
      "implicitly denied",
    );
  });

  test("a permissions boundary is a limit of the same kind, and grants nothing", () => {
    const boundary = [policy(allow("s3:*"), allow("cloudwatch:*"))];
    expect(verdict(read, { identity: [policy(allow("s3:*"))], boundary })).toBe("allowed");
    const user: Ask = { action: "iam:CreateUser", resource: "*" };
    expect(verdict(user, { identity: [policy(allow("iam:CreateUser"))], boundary })).toBe(
      "implicitly denied",
    );
    expect(verdict(read, { identity: [], boundary })).toBe("implicitly denied");
  });

  test("NotAction and NotResource are all others", () => {
    const identity = [policy({ Effect: "Allow", NotAction: "iam:*", NotResource: `${bucket}/secret/*` })];
    expect(verdict(read, { identity })).toBe("allowed");
    expect(verdict({ ...read, resource: `${bucket}/secret/one` }, { identity })).toBe("implicitly denied");
    expect(verdict({ ...read, action: "iam:GetUser" }, { identity })).toBe("implicitly denied");
  });
});

test.each([
  ["ecs:DescribeServices", "ecs:Describe*", true],
  ["ecs:DescribeServices", "ECS:describeservices", true],
  ["ecs:DescribeServices", "ecs:Describe?ervices", true],
  ["ecs:DescribeServices", "ecs:Describe", false],
  ["ecs:DescribeServices", "ecr:*", false],
])("the action %s is one of %s: %s", (action, pattern, is) => {
  const identity = [policy(allow(pattern))];
  expect(evaluate({ action, resource: "*" }, { identity }) === "allowed").toBe(is);
});

test.each([
  ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "arn:aws:ecs:eu-west-1:111122223333:task/shop/*", true],
  ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "arn:aws:ecs:*:*:task/*", true],
  ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "arn:aws:ecs:*:task/shop/1", false],
  ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "arn:aws:ecs:eu-west-1:111122223333:task/Shop/*", false],
  [
    "arn:aws:lambda:eu-west-1:111122223333:function:pay:3",
    "arn:aws:lambda:eu-west-1:111122223333:function:pay:*",
    true,
  ],
  [
    "arn:aws:lambda:eu-west-1:111122223333:function:pay",
    "arn:aws:lambda:eu-west-1:111122223333:function:pay:*",
    false,
  ],
  [
    "arn:aws:logs:eu-west-1:111122223333:log-group:/a:log-stream:b",
    "arn:aws:logs:eu-west-1:111122223333:log-group:/a:*",
    true,
  ],
  ["*", "arn:aws:ecs:eu-west-1:111122223333:task/shop/*", false],
  ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "*", true],
])("the resource %s is one of %s: %s", (resource, pattern, is) => {
  const identity = [policy(allow("x:y", pattern))];
  expect(evaluate({ action: "x:y", resource }, { identity }) === "allowed").toBe(is);
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
test.each([
  ["StringEquals", "a", { key: "a" }, true],
  ["StringEquals", ["a", "b"], { KEY: "b" }, true],
  ["StringEquals", "a", { key: "A" }, false],
  ["StringEquals", "a", {}, false],
  ["StringEqualsIfExists", "a", {}, true],
  ["StringEqualsIgnoreCase", "a", { key: "A" }, true],
  ["StringNotEquals", "a", { key: "b" }, true],
  ["StringNotEquals", ["a", "b"], { key: "b" }, false],
  ["StringNotEquals", "a", {}, true],
  ["StringLike", "v*", { key: "v1" }, true],
  ["StringLike", "v*", { key: "1v" }, false],
  ["ArnEquals", "arn:aws:ecs:*:1:cluster/a", { key: "arn:aws:ecs:x:1:cluster/a" }, true],
  ["ArnLike", "arn:aws:ecs:*:1:cluster/a*", { key: "arn:aws:ecs:x:1:cluster/b" }, false],
  ["Bool", "true", { key: "true" }, true],
  ["Null", "true", {}, true],
  ["Null", "true", { key: "a" }, false],
  ["ForAnyValue:StringEquals", ["a", "b"], { key: ["x", "b"] }, true],
  ["ForAnyValue:StringEquals", "a", {}, false],
  ["ForAllValues:StringEquals", ["a", "b"], { key: ["a", "x"] }, false],
  ["ForAllValues:StringEquals", ["a", "b"], {}, true],
])("the condition %s %j holds for %j: %s", (operator, values, context, is) => {
  const identity = [policy(allow("x:y", "*", { Condition: { [operator]: { key: values } } }))];
  expect(evaluate({ action: "x:y", resource: "*", context }, { identity }) === "allowed").toBe(is);
});

test("every condition of a statement must hold", () => {
  const Condition = { StringEquals: { a: "1", b: "2" }, StringLike: { c: "*" } };
  const identity = [policy(allow("x:y", "*", { Condition }))];
  const ask = { action: "x:y", resource: "*" };
  expect(evaluate({ ...ask, context: { a: "1", b: "2", c: "3" } }, { identity })).toBe("allowed");
  expect(evaluate({ ...ask, context: { a: "1", b: "2" } }, { identity })).toBe("implicitly denied");
});

test("what is not known is no silent yes or no", () => {
  const unknown = [policy(allow("x:y", "*", { Condition: { NumericLessThan: { a: "1" } } }))];
  expect(() => evaluate({ action: "x:y", resource: "*" }, { identity: unknown })).toThrow(/NumericLessThan/);
  expect(() => policy(allow("x:y", "arn:aws:s3:::${aws:username}"))).toThrow(/variables/);
  expect(() => policy(allow("x:y", "*", { Princpal: "*" }))).toThrow();
});
