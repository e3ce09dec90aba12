import { describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue, type Service } from "../../../config/catalogue/catalogue.ts";
import type { PermissionScope } from "../../../config/permissions/permission-scope.ts";
import { slipwaySchema } from "../../../config/settings.ts";
import { type GithubRole, githubRoles, githubSchema } from "../../../config/stack/github.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import { rolePolicies, roleStatements } from "../../../infra/github/role-policy.ts";
import { trustPolicy } from "../../../infra/github/trust.ts";
import { policyDocument } from "../../../infra/policy-document.ts";

/** Services of a catalogue, each with one target. */
function catalogue(targets: Readonly<Record<string, object>>) {
  const services = Object.entries(targets).map(([name, target]) => [
    name,
    { context: name, targets: [target] },
  ]);
  return resolveCatalogue(catalogueSchema.parse({ services: Object.fromEntries(services) }), "dev").services;
}

function scope(services: readonly Service[], github: object = {}, prefix = "shop-dev"): PermissionScope {
  const settings = slipwaySchema.parse({ repositories: { prefix } });
  return {
    partition: "aws",
    region: "eu-central-1",
    account: "111122223333",
    settings: { ...settings, aws: awsSchema.parse({ region: "eu-central-1" }), stack: "dev" },
    github: githubSchema.parse({ repository: "octo-org/octo-repo", ...github }),
    services,
    promotesFrom: [],
    ownRole: "arn:aws:iam::111122223333:role/slipway-dev-deploy",
  };
}

const shop = catalogue({
  ui: { kind: "ecs", cluster: "shop-dev", service: "ui" },
  checkout: { kind: "lambda", function: "checkout" },
});
const statements = (role: GithubRole, github: object = {}) => roleStatements(role, scope(shop, github));
const actionsOn = (role: GithubRole, resource: RegExp, github: object = {}) =>
  statements(role, github)
    .filter(({ resources }) => resources?.some((arn) => resource.test(arn)))
    .flatMap(({ actions }) => actions);

const many = (count: number) =>
  catalogue(
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `service-number-${index}`,
        index % 2 === 0
          ? { kind: "lambda", function: `service-number-${index}-production` }
          : { kind: "ecs", cluster: "shop-dev", service: `service-number-${index}` },
      ]),
    ),
  );

interface Written {
  readonly Action: string | string[];
  readonly Resource: string | string[];
}
const statementsOf = (text: string) => (JSON.parse(text) as { Statement: Written[] }).Statement;
const grants = ({ Action, Resource }: Written) =>
  [Action].flat().flatMap((action) => [Resource].flat().map((arn) => `${action} ${arn}`));

describe("the policy", () => {
  test("names the stack's own repositories, services and functions, and no others", () => {
    const cut = githubRoles.filter((role) => role !== "inspect");
    const named = cut.flatMap((role) => statements(role)).flatMap(({ resources }) => resources ?? []);
    const specific = [...new Set(named)].filter((arn) => arn !== "*");
    for (const arn of specific) {
      expect(arn).toMatch(
        /shop-dev|:function:checkout|:log-group:\/aws\/lambda\/checkout|task-definition\/ui:\*|role\/slipway-dev-deploy/,
      );
    }
    expect(specific).toContain("arn:aws:ecr:eu-central-1:111122223333:repository/shop-dev/ui");
    expect(specific).toContain("arn:aws:ecs:eu-central-1:111122223333:service/shop-dev/ui");
  });

  test("of pull requests changes nothing anywhere", () => {
    const actions = statements("pullRequest").flatMap((statement) => statement.actions);
    const changing = actions.filter(
      (action) => !/:(Get|List|Describe|BatchGet|BatchCheck|Simulate)/.test(action),
    );
    expect(changing).toEqual([]);
    expect(actions).not.toContain("ssm:GetParameters");
  });

  test("of who only looks reads what runs in the whole account, and images of the stack alone", () => {
    const whole = { ...scope(shop), isOfWholeAccount: true };
    const found = roleStatements("inspect", whole);
    const on = (action: string) =>
      found.flatMap(({ actions, resources = [] }) => (actions.includes(action) ? resources : []));
    const arn = (service: string, name: string) => `arn:aws:${service}:eu-central-1:111122223333:${name}`;
    expect(on("ecs:DescribeServices")).toEqual([arn("ecs", "service/*")]);
    expect(on("ecs:DescribeTasks")).toEqual([arn("ecs", "task/*")]);
    expect(on("ecs:ListTasks")).toEqual(["*"]);
    expect(on("lambda:GetFunction")).toEqual([arn("lambda", "function:*")]);
    const repositories = ["shop-dev/ui", "shop-dev/checkout"].map((name) => arn("ecr", `repository/${name}`));
    expect(on("ecr:GetRepositoryPolicy")).toEqual(repositories);
    expect(on("ecr:DescribeImages")).toEqual([
      ...repositories,
      arn("ecr", "repository/shop-dev/slipway-build-cache"),
    ]);
    expect(found.every(({ conditions }) => conditions === undefined)).toBe(true);
  });

  test("of who pushes moves nothing", () => {
    const actions = statements("push").flatMap((statement) => statement.actions);
    expect(actions).toContain("ecr:PutImage");
    expect(actions.filter((action) => /^(ecs|lambda|iam:Pass)/.test(action))).toEqual([]);
  });

  test("deletes no image, no repository and no function, whoever it is", () => {
    for (const role of githubRoles) {
      const actions = statements(role).flatMap((statement) => statement.actions);
      expect(
        actions.filter((action) => /^(ecr:(Batch)?Delete|iam:(?!PassRole|GetRole|Simulate))/.test(action)),
      ).toEqual([]);
    }
    expect(actionsOn("deploy", /:function:checkout$/)).not.toContain("lambda:DeleteFunction");
    expect(actionsOn("deploy", /:function:checkout:\*$/)).toContain("lambda:DeleteFunction");
  });

  test("passes the roles that are named, to ECS and Lambda, and none where none is named", () => {
    expect(statements("deploy").flatMap(({ actions }) => actions)).not.toContain("iam:PassRole");
    const role = "arn:aws:iam::111122223333:role/ui-task";
    const passing = statements("deploy", { taskRoles: [role] }).filter(({ actions }) =>
      actions.includes("iam:PassRole"),
    );
    expect(passing).toEqual([
      {
        sid: "TaskRole",
        actions: ["iam:PassRole"],
        resources: [role],
        conditions: { StringEquals: { "iam:PassedToService": ["ecs-tasks.amazonaws.com"] } },
      },
    ]);
  });

  test("passes the roles that ECS takes on itself to ECS, and to nobody else", () => {
    const hook = "arn:aws:iam::111122223333:role/hook";
    const passing = statements("deploy", { serviceRoles: [hook] }).filter(({ actions }) =>
      actions.includes("iam:PassRole"),
    );
    expect(passing).toEqual([
      {
        sid: "ServiceRole",
        actions: ["iam:PassRole"],
        resources: [hook],
        conditions: { StringEquals: { "iam:PassedToService": ["ecs.amazonaws.com"] } },
      },
    ]);
    expect(statements("push", { serviceRoles: [hook] }).flatMap(({ resources }) => resources)).not.toContain(
      hook,
    );
  });

  /**
   * What each call makes that takes tags: the resource that IAM is asked about, and not the one that the call
   * itself is on.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
   */
  const makes = { RegisterTaskDefinition: "task-definition/ui:*", RunTask: "task/shop-dev/*" };

  test("tags what a call makes, on ARNs of what it makes", () => {
    const tagging = statements("deploy").filter(({ actions }) => actions.includes("ecs:TagResource"));
    const found = tagging.map(({ resources, conditions }) => [
      conditions?.StringEquals?.["ecs:CreateAction"]?.join(),
      resources?.[0]?.split(":").slice(5).join(":"),
    ]);
    expect(Object.fromEntries(found)).toEqual(makes);
  });

  test("sees composite alarms, which AWS shows only to who may see all, also from a pull request", () => {
    for (const role of ["pullRequest", "deploy"] as const) {
      expect(actionsOn(role, /^\*$/)).toContain("cloudwatch:DescribeAlarms");
    }
  });

  test("reads what it promotes, in the account where that is, and changes nothing there", () => {
    const source = { stack: "test", region: "eu-west-1", repositories: ["shop-test/ui"] };
    const promotesFrom = [
      { ...source, account: undefined },
      { ...source, account: "444455556666", repositories: ["far/ui"] },
    ];
    const found = roleStatements("deploy", { ...scope(shop), promotesFrom }).filter(({ resources }) =>
      resources?.some((arn) => arn.includes("eu-west-1")),
    );
    expect(found).toEqual([
      {
        sid: "PromotedRepository",
        actions: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: [
          "arn:aws:ecr:eu-west-1:111122223333:repository/shop-test/ui",
          "arn:aws:ecr:eu-west-1:444455556666:repository/far/ui",
        ],
      },
    ]);
  });

  test("reads the base images that the settings put into ECR, in whichever account, and pushes none", () => {
    const baseImages = {
      node: "${registry}/bases/node:24",
      php: "444455556666.dkr.ecr.eu-west-1.amazonaws.com/php@sha256:1",
      nginx: "public.ecr.aws/nginx/nginx:1",
      alpine: "registry.example.com/alpine:3",
    };
    const whole = scope(shop);
    const settings = { ...whole.settings, baseImages };
    for (const role of githubRoles) {
      const found = roleStatements(role, { ...whole, settings }).filter(
        ({ sid }) => sid === "BaseRepository",
      );
      expect(found).toEqual([
        {
          sid: "BaseRepository",
          // Who only looks compares manifests, and reads no layer.
          actions: ["ecr:BatchGetImage", ...(role === "inspect" ? [] : ["ecr:GetDownloadUrlForLayer"])],
          resources: [
            "arn:aws:ecr:eu-central-1:111122223333:repository/bases/node",
            "arn:aws:ecr:eu-west-1:444455556666:repository/php",
          ],
        },
      ]);
    }
  });

  test.each([
    ["without gates", undefined, false],
    ["with gates", {}, true],
    ["whose gates ask for no findings", { findings: { enabled: false } }, false],
    ["whose gates use a scanner", { findings: { source: "grype" } }, false],
  ])("of a stack %s reads scans of its own repositories only if it asks for them", (_, gates, reads) => {
    const whole = scope(shop);
    const settings = { ...whole.settings, ...(gates === undefined ? {} : slipwaySchema.parse({ gates })) };
    const found = githubRoles.map((role) =>
      roleStatements(role, { ...whole, settings: { ...settings, aws: whole.settings.aws, stack: "dev" } })
        .filter(({ sid }) => sid === "GatedRepository")
        .map(({ actions, resources = [] }) => [actions, resources.length]),
    );
    const read = "ecr:DescribeImageScanFindings";
    const repositories = shop.length;
    const granted = [
      [[[read], repositories]],
      [[[read], repositories]],
      [[[read, "ecr:StartImageScan"], repositories]],
      [],
    ];
    expect(found).toEqual(reads ? granted : [[], [], [], []]);
  });

  test("reaches Pulumi's state only from who builds", () => {
    const state = { stateBucket: "acme-pulumi" };
    expect(actionsOn("pullRequest", /acme-pulumi/, state)).toEqual([]);
    expect(actionsOn("push", /acme-pulumi\/\.pulumi\/\*$/, state)).toEqual([
      "s3:GetObject",
      "s3:PutObject",
      "s3:DeleteObject",
    ]);
  });

  test("is inside of the role, and beside it in parts that IAM takes for fifty services and more", () => {
    expect(rolePolicies("deploy", scope(shop)).kind).toBe("inline");
    const found = rolePolicies("deploy", scope(many(70)));
    if (found.kind !== "managed") throw new Error("seventy services fit into one policy");
    expect(found.policies.length).toBeLessThanOrEqual(10);
    for (const policy of found.policies) expect(policy.length).toBeLessThanOrEqual(6_144);
    const pairs = (texts: readonly string[]) =>
      new Set(texts.flatMap((text) => statementsOf(text)).flatMap(grants));
    const whole = policyDocument(roleStatements("deploy", scope(many(70))));
    expect(pairs(found.policies)).toEqual(pairs([whole]));
    expect(() => rolePolicies("deploy", scope(many(2000)))).toThrow(/IAM allows 10/);
  });
});

describe("the trust", () => {
  const provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
  const { github } = scope(shop, { tags: ["v*"] });

  test("compares exactly, and by pattern in a statement of its own", () => {
    const { Statement: found } = JSON.parse(trustPolicy(github, "push", provider)) as {
      Statement: Record<string, unknown>[];
    };
    const issuer = "token.actions.githubusercontent.com";
    expect(found).toEqual([
      {
        Sid: "Exact",
        Effect: "Allow",
        Principal: { Federated: provider },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: "sts.amazonaws.com",
            [`${issuer}:sub`]: "repo:octo-org/octo-repo:ref:refs/heads/main",
          },
        },
      },
      {
        Sid: "TagPatterns",
        Effect: "Allow",
        Principal: { Federated: provider },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com" },
          StringLike: { [`${issuer}:sub`]: "repo:octo-org/octo-repo:ref:refs/tags/v*" },
        },
      },
    ]);
  });
});
