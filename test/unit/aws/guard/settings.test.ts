import { describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../../config/catalogue/catalogue.ts";
import type { PermissionScope } from "../../../../config/permissions/permission-scope.ts";
import { slipwaySchema } from "../../../../config/settings.ts";
import { type GithubRole, githubRoles, githubSchema } from "../../../../config/stack/github.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { rolePolicies } from "../../../../infra/github/role-policy.ts";
import { roleScope } from "../../../../infra/github/role-scope.ts";
import { needsOf } from "../../../../runner/commands/doctor/permissions.ts";
import { configurationWithAlarms } from "../../../../runner/targets/ecs/alarms.ts";
import { requestOf } from "../../../../runner/targets/ecs/one-off/request.ts";
import { nextRevision } from "../../../../runner/targets/ecs/revisions/task-definition.ts";
import { asksOf } from "../../../aws/guard/asks.ts";
import { type Ask, evaluate, parsePolicy } from "../../../aws/guard/policy.ts";
import { registryAsks } from "../../../aws/guard/registry.ts";
import { deployment, service, target, taskDefinition } from "../../targets/ecs/builders.ts";

// What each optional setting makes a deployment ask for, and whether the roles then have it, and only then.

const [region, account] = ["eu-west-1", "111122223333"];
const place = { partition: "aws", region, account };
const arn = (of: string, name: string) => `arn:aws:${of}:${region}:${account}:${name}`;
const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

const create = { role: roleArn("pay") };
const { services } = resolveCatalogue(
  catalogueSchema.parse({
    services: {
      ui: { context: "ui", targets: [{ kind: "ecs", cluster: "shop", service: "ui" }] },
      pay: { context: "pay", targets: [{ kind: "lambda", function: "pay", create }] },
      ask: { context: "ask", targets: [{ kind: "lambda", function: "ask" }] },
    },
  }),
  "dev",
);

interface Options {
  readonly role?: GithubRole;
  readonly github?: object;
  readonly settings?: object;
  readonly promotesFrom?: readonly string[];
}

/** What a role's policies cover, in a stack with these settings. */
function scopeOf({
  role = "deploy",
  github = {},
  settings = {},
  promotesFrom = [],
}: Options): PermissionScope {
  const own = githubSchema.parse({ repository: "octo-org/octo-repo", ...github });
  const args = {
    name: "slipway-dev",
    github: own,
    settings: { ...slipwaySchema.parse(settings), aws: awsSchema.parse({ region }), stack: "dev" },
    services,
    promotesFrom: promotesFrom.map((one) => ({ stack: "test", region, account, repositories: [one] })),
  };
  return roleScope(role, args, { id: account, ...place });
}

/** What a role of a stack with these settings is refused. */
function refused(asked: readonly Ask[], options: Options = {}) {
  const declared = rolePolicies(options.role ?? "deploy", scopeOf(options));
  const documents = declared.kind === "inline" ? [declared.policy] : declared.policies;
  const policies = { identity: documents.map(parsePolicy) };
  return asked.filter((ask) => evaluate(ask, policies) !== "allowed").map(({ action }) => action);
}

const asks = (of: string, operation: string, input: unknown) => asksOf(of, operation, input, place);
const pull = (repository: string) =>
  ["GET manifests/1", "GET blobs/sha256:1"].flatMap((request) => {
    const [method = "", path = ""] = request.split(" ");
    return registryAsks({ method, url: `/v2/${repository}/${path}` }, place);
  });
const pulls = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

const definition = (more: object) => taskDefinition(1, "image", { family: "ui", ...more });
const register = (more: object, tags: { key: string; value: string }[] = []) =>
  asks("ecs", "RegisterTaskDefinition", nextRevision(definition(more), tags, { ui: "new" }));
const runOnce = (live: Parameters<typeof service>[1], more: object = {}) =>
  asks(
    "ecs",
    "RunTask",
    requestOf(
      {
        task: { container: "ui", command: ["migrate"], timeoutSeconds: 60 },
        service: service([deployment(1, (live?.deployments ?? [])[0])], live),
        revisionArn: arn("ecs", "task-definition/ui:2"),
        taskDefinition: definition(more),
        references: {},
        title: "ui",
      },
      "token",
      1,
    ),
  );

describe("without optional settings", () => {
  test.each([
    ["a revision", register({})],
    ["a revision that copies tags", register({}, [{ key: "team", value: "shop" }])],
    ["a task before the update", runOnce({})],
    ["a task that takes on its definition's tags", runOnce({ propagateTags: "TASK_DEFINITION" })],
    [
      "a task that takes too long",
      asks("ecs", "StopTask", { cluster: "shop", task: arn("ecs", "task/shop/1") }),
    ],
    [
      "an instance behind a load balancer",
      asks("ecs", "DescribeContainerInstances", {
        cluster: arn("ecs", "cluster/shop"),
        containerInstances: [arn("ecs", "container-instance/shop/1")],
      }),
    ],
    [
      "a function that is created",
      asks("lambda", "CreateFunction", { FunctionName: "pay", Role: roleArn("pay") }),
    ],
    ["versions that are too many", asks("lambda", "DeleteFunction", { FunctionName: "pay", Qualifier: "3" })],
    [
      "provisioned concurrency",
      asks("lambda", "PutProvisionedConcurrencyConfig", { FunctionName: "pay", Qualifier: "3" }),
    ],
    ["alarms of a shift", asks("monitoring", "DescribeAlarms", { AlarmNames: ["a"] })],
    ["errors of a shift", asks("monitoring", "GetMetricStatistics", {})],
    ["log lines of a function", asks("logs", "FilterLogEvents", { logGroupName: "/aws/lambda/pay" })],
  ])("the deploy role may do what %s takes", (_, asked) => {
    expect(asked.length).toBeGreaterThan(0);
    expect(refused(asked)).toEqual([]);
  });

  test.each([
    [
      "another family",
      asks("ecs", "RegisterTaskDefinition", { family: "others" }),
      "ecs:RegisterTaskDefinition",
    ],
    [
      "a service of another cluster",
      asks("ecs", "UpdateService", { cluster: "others", service: "ui" }),
      "ecs:UpdateService",
    ],
    [
      "a task in another cluster",
      asks("ecs", "RunTask", { cluster: "others", taskDefinition: "ui:1" }),
      "ecs:RunTask",
    ],
    ["the tasks of another cluster", asks("ecs", "ListTasks", { cluster: "others" }), "ecs:ListTasks"],
    ["a function itself", asks("lambda", "DeleteFunction", { FunctionName: "pay" }), "lambda:DeleteFunction"],
    [
      "another function",
      asks("lambda", "UpdateFunctionCode", { FunctionName: "others" }),
      "lambda:UpdateFunctionCode",
    ],
    [
      "a function with a role that is not its own",
      asks("lambda", "CreateFunction", { FunctionName: "ask", Role: roleArn("admin") }),
      "iam:PassRole",
    ],
    [
      "tags of what is there already",
      [{ action: "ecs:TagResource", resource: arn("ecs", "task-definition/ui:1") }],
      "ecs:TagResource",
    ],
  ])("and has no right to %s", (_, asked, action) => {
    expect(refused(asked)).toEqual([action]);
  });
});

const hook = { hookTargetArn: arn("lambda", "function:h"), roleArn: roleArn("hook"), lifecycleStages: [] };
const hooked = service([deployment(1)], { deploymentConfiguration: { lifecycleHooks: [hook] } });
const withAlarms = { ...target, deploymentAlarms: { alarms: ["errors"], rollback: true } };
const volume = { name: "data", managedEBSVolume: { roleArn: roleArn("disk") } };
const volumes = { volumes: [{ name: "data", configuredAtLaunch: true }] };
const secret = arn("secretsmanager", "secret:token-AbCdEf");

/** Setting, what needs it, the actions that are refused without it. */
const cases: readonly (readonly [string, readonly Ask[], readonly string[], Options])[] = [
  [
    "taskRoles",
    register({ taskRoleArn: roleArn("task"), executionRoleArn: roleArn("start") }),
    ["iam:PassRole", "iam:PassRole"],
    { github: { taskRoles: [roleArn("task"), roleArn("start")] } },
  ],
  [
    "taskRoles, to look at them",
    asks("iam", "GetRole", { RoleName: "task" }),
    ["iam:GetRole"],
    { github: { taskRoles: [roleArn("task")] } },
  ],
  [
    "serviceRoles, for hooks of a service whose deploymentAlarms change",
    asks("ecs", "UpdateService", {
      cluster: hooked.clusterArn,
      service: hooked.serviceName,
      deploymentConfiguration: configurationWithAlarms(withAlarms, hooked),
    }),
    ["iam:PassRole"],
    { github: { serviceRoles: [roleArn("hook")] } },
  ],
  [
    "serviceRoles, for volumes of a task before the update",
    runOnce({ deployments: [deployment(1, { volumeConfigurations: [volume] })] }, volumes),
    ["iam:PassRole"],
    { github: { serviceRoles: [roleArn("disk")] } },
  ],
  [
    "taskFamilies",
    asks("ecs", "RegisterTaskDefinition", { family: "web" }),
    ["ecs:RegisterTaskDefinition"],
    { github: { taskFamilies: ["web"] } },
  ],
  [
    "scanning.rescan",
    asks("inspector2", "GetConfiguration", {}),
    ["inspector2:GetConfiguration"],
    { settings: { scanning: { mode: "enhanced", rescan: { pushDays: 90 } } } },
  ],
  [
    "logGroups",
    [
      ...asks("logs", "GetLogEvents", { logGroupName: "/shop/ui", logStreamName: "ui/ui/1" }),
      ...asks("logs", "DescribeLogStreams", { logGroupName: "/shop/ui" }),
      ...asks("logs", "FilterLogEvents", { logGroupName: "/shop/ui" }),
    ],
    ["logs:GetLogEvents", "logs:DescribeLogStreams", "logs:FilterLogEvents"],
    { github: { logGroups: ["/shop/*"] } },
  ],
  [
    "secrets",
    asks("secretsmanager", "DescribeSecret", { SecretId: secret }),
    ["secretsmanager:DescribeSecret"],
    { github: { secrets: [secret] } },
  ],
  [
    "parameters",
    asks("ssm", "GetParameters", { Names: ["/shop/token"] }),
    ["ssm:GetParameters"],
    { github: { parameters: [arn("ssm", "parameter/shop/token")] } },
  ],
  ["promotesFrom", pull("shop-test/ui"), pulls, { promotesFrom: ["shop-test/ui"] }],
  [
    "baseImages",
    pull("bases/node"),
    pulls,
    { settings: { baseImages: { node: "${registry}/bases/node:24" } } },
  ],
  [
    "baseImages, for pull requests",
    pull("bases/node"),
    pulls,
    { role: "pullRequest", settings: { baseImages: { node: "${registry}/bases/node:24" } } },
  ],
  [
    "stateBucket",
    [
      { action: "s3:ListBucket", resource: "arn:aws:s3:::state" },
      { action: "s3:PutObject", resource: "arn:aws:s3:::state/.pulumi/stacks/slipway/dev.json" },
    ],
    ["s3:ListBucket", "s3:PutObject"],
    { role: "push", github: { stateBucket: "state" } },
  ],
  [
    "stateKey",
    [{ action: "kms:Decrypt", resource: arn("kms", "key/1") }],
    ["kms:Decrypt"],
    { github: { stateKey: arn("kms", "key/1") } },
  ],
];

describe("an optional setting", () => {
  test.each(cases)("%s grants what it is for", (_, asked, _actions, options) => {
    expect(refused(asked, options)).toEqual([]);
  });

  test.each(cases)("%s left out grants nothing of it", (_, asked, actions, { role }) => {
    expect(refused(asked, role === undefined ? {} : { role })).toEqual(actions);
  });

  test("cache: none takes the build cache's repository out of every role", () => {
    const asked = pull("slipway-build-cache");
    expect(refused(asked)).toEqual([]);
    for (const role of ["pullRequest", "push", "deploy", "inspect"] as const)
      expect(refused(asked, { role, settings: { cache: { kind: "none" } } })).toEqual(pulls);
  });
});

test.each(githubRoles)("doctor --ci asks for what the %s role has, with every optional setting", (role) => {
  const github = Object.assign({}, ...cases.map(([, , , options]) => options.github ?? {})) as object;
  const settings = { baseImages: { node: "${registry}/bases/node:24" } };
  const options = { role, github, settings, promotesFrom: ["shop-test/ui"] };
  const needs = needsOf(role, scopeOf(options)).map(({ action, resource, conditions = {} }) => ({
    action,
    resource,
    // One value of each condition is what a request has.
    context: Object.fromEntries(
      Object.values(conditions).flatMap((keys) =>
        Object.entries(keys).map(([key, [value = ""]]) => [key, value] as const),
      ),
    ),
  }));
  expect(needs.length).toBeGreaterThan(10);
  expect(refused(needs, options)).toEqual([]);
});
