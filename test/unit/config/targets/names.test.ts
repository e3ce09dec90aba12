import { expect, test } from "vitest";
import { ecsProblems } from "../../../../config/targets/ecs/problems.ts";
import { ecsTargetSchema, resolveEcsTarget } from "../../../../config/targets/ecs/target.ts";
import { lambdaProblems } from "../../../../config/targets/lambda/problems.ts";
import { lambdaTargetSchema } from "../../../../config/targets/lambda/target.ts";

const place = {
  service: "ui",
  key: "services.ui.targets[0]",
  services: new Set(["ui"]),
  stack: "dev",
  stackFile: "Pulumi.dev.yaml",
  region: "eu-west-1",
  accounts: ["111122223333"],
  alarms: { ecs: { enabled: false } },
} as unknown as Parameters<typeof ecsProblems>[1];

const account = "111122223333";

test.each([
  ["start", undefined],
  [`arn:aws:lambda:eu-west-1:${account}:function:start`, "write function: start"],
  [`arn:aws:lambda:eu-west-1:${account}:function:start:beta`, "write function: start and alias: beta"],
  [`arn:aws-cn:lambda:cn-north-1:${account}:function:start:7`, "write function: start"],
  [`${account}:function:start`, "write function: start"],
  ["start:beta", "write function: start and alias: beta"],
  ["start:$LATEST", "write function: start"],
  ["a start", "use the name only; the alias has its own key"],
  ["a".repeat(65), "use the name only; the alias has its own key"],
])("function %s", (name, fix) => {
  const target = lambdaTargetSchema.parse({ kind: "lambda", function: name });
  expect(lambdaProblems(target, place)).toMatchObject(
    fix === undefined
      ? []
      : [{ code: "not-a-name", key: "services.ui.targets[0].function", value: name, fix }],
  );
});

test.each([
  ["shop", "ui", undefined, undefined],
  [`arn:aws:ecs:eu-west-1:${account}:cluster/shop`, "ui", undefined, undefined],
  [`arn:aws:ecs:eu-west-2:${account}:cluster/shop`, "ui", "elsewhere", "cluster"],
  ["arn:aws:ecs:eu-west-1:444455556666:cluster/shop", "ui", "elsewhere", "cluster"],
  [`arn:aws:ecs:eu-west-1:${account}:service/shop/ui`, "ui", "not-a-name", "cluster"],
  ["shop/ui", "ui", "not-a-name", "cluster"],
  ["shop", `arn:aws:ecs:eu-west-1:${account}:service/shop/ui`, "not-a-name", "service"],
  ["shop", "shop/ui", "not-a-name", "service"],
])("cluster %s, service %s", (cluster, service, code, key) => {
  const written = ecsTargetSchema.parse({ kind: "ecs", cluster, service });
  const problems = ecsProblems(
    resolveEcsTarget(written, "ui", (text) => text),
    place,
  );
  expect(problems).toMatchObject(code === undefined ? [] : [{ code, key: `services.ui.targets[0].${key}` }]);
});

test("the ARN of a service is taken apart in the fix", () => {
  const service = `arn:aws:ecs:eu-west-1:${account}:service/shop/ui`;
  const written = ecsTargetSchema.parse({ kind: "ecs", cluster: "shop", service });
  const [problem] = ecsProblems(
    resolveEcsTarget(written, "ui", (text) => text),
    place,
  );
  expect(problem?.fix).toBe("write service: ui and cluster: shop");
});
