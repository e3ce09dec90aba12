import { ECR } from "@aws-sdk/client-ecr";
import { ECS } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../config/catalogue/catalogue.ts";
import { slipwaySchema } from "../../config/settings.ts";
import { type GithubRole, githubIssuer, githubRoles, githubSchema } from "../../config/stack/github.ts";
import { awsSchema } from "../../config/stack/provider.ts";
import { rolePolicies } from "../../infra/github/role-policy.ts";
import { trustPolicy } from "../../infra/github/trust.ts";
import { createClients } from "../../runner/aws/clients.ts";
import { checkPermissions } from "../../runner/commands/doctor/permissions.ts";
import { type OwnAws, startStrictAws } from "./own-aws.ts";

const region = "eu-central-1";
const account = "000000000000";
const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;

const written = catalogueSchema.parse({
  services: {
    ui: { context: "ui", targets: [{ kind: "ecs", cluster: "shop-dev", service: "ui" }] },
    checkout: { context: "checkout", targets: [{ kind: "lambda", function: "shop-checkout" }] },
  },
});
const { services } = resolveCatalogue(written, "dev");
const github = githubSchema.parse({
  repository: "octo-org/octo-repo",
  ownerId: "123456",
  repositoryId: "456789",
  environment: "dev",
  tags: ["v*"],
  stateBucket: "acme-pulumi",
});
const settings = {
  ...slipwaySchema.parse({ repositories: { prefix: "shop-dev" } }),
  aws: awsSchema.parse({ region }),
  stack: "dev",
};
/** The stack that `promotesFrom` would name. */
const promoted = { stack: "test", region, account: undefined, repositories: ["shop-test/ui"] };
const roleArn = (role: GithubRole) => `arn:aws:iam::${account}:role/${role}`;

let strict: OwnAws;
const clientOptions = () => ({ endpoint: strict.endpoint, region, maxAttempts: 1 });

beforeAll(async () => {
  strict = await startStrictAws();
  const iam = new IAM({ ...clientOptions(), credentials: strict.root });
  const { OpenIDConnectProviderArn: provider = "" } = await iam.createOpenIDConnectProvider({
    Url: `https://${githubIssuer}`,
    ClientIDList: ["sts.amazonaws.com"],
  });
  for (const role of githubRoles) {
    await iam.createRole({
      RoleName: role,
      AssumeRolePolicyDocument: trustPolicy(github, role, provider),
    });
    const ownRole = roleArn(role);
    const policies = rolePolicies(role, {
      partition: "aws",
      region,
      account,
      settings,
      github,
      services,
      // As infra/github/role.ts: only who deploys promotes.
      promotesFrom: role === "deploy" ? [promoted] : [],
      isOfWholeAccount: role === "inspect",
      ownRole,
    });
    if (policies.kind !== "inline") throw new Error("two services fit into one policy");
    await iam.putRolePolicy({ RoleName: role, PolicyName: "slipway", PolicyDocument: policies.policy });
  }
  const ecr = new ECR({ ...clientOptions(), credentials: strict.root });
  for (const repositoryName of ["shop-dev/ui", "shop-prod/ui", "shop-test/ui"])
    await ecr.createRepository({ repositoryName });
  const ecs = new ECS({ ...clientOptions(), credentials: strict.root });
  await ecs.createCluster({ clusterName: "shop-dev" });
});

afterAll(() => strict?.stop());

/** A token as GitHub sends it; the emulator reads its claims and does not check its signature. */
function token(claims: Readonly<Record<string, string>>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const all = { iss: `https://${githubIssuer}`, aud: "sts.amazonaws.com", ...claims };
  return [part({ alg: "RS256", typ: "JWT" }), part(all), "signature"].join(".");
}

async function assume(role: GithubRole, claims: Readonly<Record<string, string>>) {
  const sts = new STS({ ...clientOptions(), credentials: strict.root });
  const { Credentials } = await sts.assumeRoleWithWebIdentity({
    RoleArn: roleArn(role),
    RoleSessionName: "test",
    WebIdentityToken: token(claims),
  });
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

const named = "repo:octo-org/octo-repo";
const numbered = "repo:octo-org@123456/octo-repo@456789";
const trusted: Readonly<Record<GithubRole, readonly string[]>> = {
  pullRequest: [`${named}:pull_request`, `${numbered}:pull_request`],
  push: [
    `${named}:ref:refs/heads/main`,
    `${numbered}:ref:refs/heads/main`,
    `${named}:ref:refs/tags/v1.2.3`,
    `${named}:environment:dev`,
    `${numbered}:environment:dev`,
  ],
  deploy: [`${named}:environment:dev`, `${numbered}:environment:dev`],
  inspect: [
    `${named}:ref:refs/heads/main`,
    `${numbered}:ref:refs/heads/main`,
    `${named}:environment:dev`,
    `${numbered}:environment:dev`,
  ],
};
const strangers = [
  "repo:octo-org/octo-repo-2:ref:refs/heads/main",
  "repo:octo-org/other:environment:dev",
  "repo:someone/octo-repo:environment:dev",
  "repo:octo-org@999999/octo-repo@456789:environment:dev",
  `${named}:ref:refs/heads/main2`,
  `${named}:ref:refs/heads/feature`,
  `${named}:ref:refs/tags/1.2.3`,
  `${named}:environment:prod`,
  `${named}:environment:dev:ref:refs/heads/main`,
];

describe.each(githubRoles)("the %s role", (role) => {
  test("is taken on with each subject that it trusts", async () => {
    for (const sub of trusted[role]) await assume(role, { sub });
  });

  test("is refused to every other", async () => {
    const others = githubRoles
      .flatMap((other) => trusted[other])
      .filter((sub) => !trusted[role].includes(sub));
    for (const sub of [...strangers, ...others]) {
      await expect(assume(role, { sub }), sub).rejects.toThrow(/Not authorized/);
    }
  });

  test("is refused to a token that is for somebody else, or from somebody else", async () => {
    const sub = trusted[role][0] ?? "";
    await expect(assume(role, { sub, aud: "https://github.com/octo-org" })).rejects.toThrow(/Not authorized/);
    await expect(assume(role, { sub, iss: "https://token.example.com" })).rejects.toThrow(/Not authorized/);
  });

  test("can and cannot do what docs/how-to/ci.md says", async () => {
    const iam = new IAM({ ...clientOptions(), credentials: strict.root });
    for (const [action, resource, ...who] of decisions) {
      const { EvaluationResults } = await iam.simulatePrincipalPolicy({
        PolicySourceArn: roleArn(role),
        ActionNames: [action],
        ResourceArns: [resource],
      });
      const allowed = EvaluationResults?.[0]?.EvalDecision === "allowed";
      expect(allowed, `${role}: ${action} on ${resource}`).toBe(who.includes(role));
    }
  });
});

/** Action, resource, and the roles that may. */
const decisions: readonly (readonly [action: string, resource: string, ...who: GithubRole[]])[] = [
  ["ecr:GetAuthorizationToken", "*", "pullRequest", "push", "deploy", "inspect"],
  ["ecr:BatchGetImage", arn("ecr", "repository/shop-dev/ui"), "pullRequest", "push", "deploy", "inspect"],
  [
    "ecr:BatchGetImage",
    arn("ecr", "repository/shop-dev/slipway-build-cache"),
    "pullRequest",
    "push",
    "deploy",
    "inspect",
  ],
  ["ecr:BatchGetImage", arn("ecr", "repository/shop-prod/ui")],
  ["ecr:DescribeImages", arn("ecr", "repository/shop-dev/ui"), "pullRequest", "push", "deploy", "inspect"],
  ["ecr:PutImage", arn("ecr", "repository/shop-dev/ui"), "push", "deploy"],
  ["ecr:PutImage", arn("ecr", "repository/shop-dev/slipway-build-cache"), "push", "deploy"],
  ["ecr:PutImage", arn("ecr", "repository/shop-dev/other")],
  ["ecr:UploadLayerPart", arn("ecr", "repository/shop-prod/ui")],
  ["ecr:BatchGetImage", arn("ecr", "repository/shop-test/ui"), "deploy"],
  ["ecr:GetDownloadUrlForLayer", arn("ecr", "repository/shop-test/ui"), "deploy"],
  ["ecr:PutImage", arn("ecr", "repository/shop-test/ui")],
  ["ecr:BatchDeleteImage", arn("ecr", "repository/shop-dev/ui")],
  ["ecr:DeleteRepository", arn("ecr", "repository/shop-dev/ui")],
  ["ecr:SetRepositoryPolicy", arn("ecr", "repository/shop-dev/ui")],
  ["ecr:GetLifecyclePolicy", arn("ecr", "repository/shop-dev/ui"), "inspect"],
  ["ecr:GetRepositoryPolicy", arn("ecr", "repository/shop-dev/ui"), "deploy", "inspect"],
  ["ecs:DescribeServices", arn("ecs", "service/shop-dev/ui"), "pullRequest", "deploy", "inspect"],
  ["ecs:DescribeServices", arn("ecs", "service/others/job"), "inspect"],
  ["events:ListRules", "*", "inspect"],
  ["ecs:UpdateService", arn("ecs", "service/shop-dev/ui"), "deploy"],
  ["ecs:UpdateService", arn("ecs", "service/shop-dev/billing")],
  ["ecs:UpdateService", arn("ecs", "service/shop-prod/ui")],
  ["ecs:DeleteService", arn("ecs", "service/shop-dev/ui")],
  ["ecs:RegisterTaskDefinition", arn("ecs", "task-definition/shop-dev-ui:7"), "deploy"],
  ["ecs:RegisterTaskDefinition", arn("ecs", "task-definition/billing:7")],
  ["lambda:GetFunction", arn("lambda", "function:shop-checkout"), "pullRequest", "deploy", "inspect"],
  ["lambda:UpdateFunctionCode", arn("lambda", "function:shop-checkout"), "deploy"],
  ["lambda:GetFunction", arn("lambda", "function:billing"), "inspect"],
  ["lambda:UpdateFunctionCode", arn("lambda", "function:billing")],
  ["lambda:DeleteFunction", arn("lambda", "function:shop-checkout")],
  ["lambda:DeleteFunction", arn("lambda", "function:shop-checkout:3"), "deploy"],
  ["logs:GetLogEvents", arn("logs", "log-group:/aws/lambda/shop-checkout:log-stream:x"), "deploy"],
  ["logs:GetLogEvents", arn("logs", "log-group:/secret:log-stream:x")],
  ["s3:PutObject", "arn:aws:s3:::acme-pulumi/.pulumi/stacks/slipway/dev.json", "push", "deploy"],
  ["s3:PutObject", "arn:aws:s3:::acme-pulumi/else"],
  ["iam:PassRole", "arn:aws:iam::000000000000:role/admin"],
  ["iam:CreateRole", "arn:aws:iam::000000000000:role/admin"],
  ["iam:PutRolePolicy", "arn:aws:iam::000000000000:role/deploy"],
  ["secretsmanager:GetSecretValue", arn("secretsmanager", "secret:db")],
];

test("a role for many services, in policies beside it, may what one inside of it would let it", async () => {
  const names = Array.from({ length: 70 }, (_, index) => `service-number-${index}`);
  const targets = (service: string) => [{ kind: "ecs", cluster: "shop-dev", service }];
  const large = catalogueSchema.parse({
    services: Object.fromEntries(names.map((name) => [name, { context: name, targets: targets(name) }])),
  });
  const scope = { partition: "aws", region, account, settings, github, promotesFrom: [promoted] };
  const ownRole = roleArn("deploy");
  const found = rolePolicies("deploy", {
    ...scope,
    ownRole,
    services: resolveCatalogue(large, "dev").services,
  });
  if (found.kind !== "managed") throw new Error("seventy services fit into one policy");
  const iam = new IAM({ ...clientOptions(), credentials: strict.root });
  await iam.createRole({
    RoleName: "large",
    AssumeRolePolicyDocument: trustPolicy(github, "deploy", "arn:aws:iam::000000000000:oidc-provider/x"),
  });
  for (const [index, PolicyDocument] of found.policies.entries()) {
    const { Policy } = await iam.createPolicy({ PolicyName: `large-${index + 1}`, PolicyDocument });
    await iam.attachRolePolicy({ RoleName: "large", PolicyArn: Policy?.Arn });
  }
  const allowed = async (action: string, resource: string) => {
    const { EvaluationResults } = await iam.simulatePrincipalPolicy({
      PolicySourceArn: `arn:aws:iam::${account}:role/large`,
      ActionNames: [action],
      ResourceArns: [resource],
    });
    return EvaluationResults?.[0]?.EvalDecision === "allowed";
  };
  for (const name of [names[0], names[35], names[69]]) {
    expect(await allowed("ecr:PutImage", arn("ecr", `repository/shop-dev/${name}`)), name).toBe(true);
    expect(await allowed("ecs:UpdateService", arn("ecs", `service/shop-dev/${name}`)), name).toBe(true);
  }
  expect(await allowed("ecr:BatchGetImage", arn("ecr", "repository/shop-test/ui"))).toBe(true);
  expect(await allowed("ecr:PutImage", arn("ecr", "repository/shop-dev/ui"))).toBe(false);
  expect(await allowed("ecs:UpdateService", arn("ecs", "service/shop-prod/service-number-0"))).toBe(false);
});

describe("with the credentials of a role, the emulator", () => {
  test("lets a pull request read its own repository, and push to none", async () => {
    const credentials = await assume("pullRequest", { sub: `${named}:pull_request` });
    const ecr = new ECR({ ...clientOptions(), credentials });
    const imageIds = [{ imageTag: "x" }];
    const { failures } = await ecr.batchGetImage({ repositoryName: "shop-dev/ui", imageIds });
    expect(failures?.[0]?.failureCode).toBe("ImageNotFound");
    const push = { repositoryName: "shop-dev/ui", imageManifest: "{}", imageTag: "x" };
    await expect(ecr.putImage(push)).rejects.toThrow(/not authorized to perform: ecr:PutImage/);
    await expect(ecr.batchGetImage({ repositoryName: "shop-prod/ui", imageIds })).rejects.toThrow(
      /not authorized/,
    );
  });

  test("lets who pushes move nothing", async () => {
    const credentials = await assume("push", { sub: `${named}:ref:refs/heads/main` });
    const ecs = new ECS({ ...clientOptions(), credentials });
    await expect(ecs.updateService({ cluster: "shop-dev", service: "ui" })).rejects.toThrow(
      /not authorized to perform: ecs:UpdateService/,
    );
  });

  test("lets who deploys read what it promotes, and push nothing there", async () => {
    const credentials = await assume("deploy", { sub: `${named}:environment:dev` });
    const ecr = new ECR({ ...clientOptions(), credentials });
    const repositoryName = "shop-test/ui";
    const { failures } = await ecr.batchGetImage({ repositoryName, imageIds: [{ imageTag: "x" }] });
    expect(failures?.[0]?.failureCode).toBe("ImageNotFound");
    await expect(ecr.putImage({ repositoryName, imageManifest: "{}", imageTag: "x" })).rejects.toThrow(
      /not authorized to perform: ecr:PutImage/,
    );
  });

  test("lets who deploys change its own function, and no other", async () => {
    const credentials = await assume("deploy", { sub: `${named}:environment:dev` });
    const lambda = new Lambda({ ...clientOptions(), credentials });
    const change = (FunctionName: string) => lambda.updateFunctionCode({ FunctionName, ImageUri: "x" });
    await expect(change("shop-checkout")).rejects.toThrow(/not found/i);
    await expect(change("billing")).rejects.toThrow(/not authorized to perform: lambda:UpdateFunctionCode/);
  });
});

describe("slipway doctor --ci", () => {
  /** Asked by the root: the emulator lets nobody else simulate, whatever the policy says. */
  const check = async (role: GithubRole) => {
    const endpoints = [{ iam: strict.endpoint }];
    const description = {
      directory: "/",
      catalogue: { services },
      settings: { ...settings, github, aws: awsSchema.parse({ region, endpoints }) },
    };
    vi.stubEnv("AWS_ACCESS_KEY_ID", strict.root.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", strict.root.secretAccessKey);
    vi.stubEnv("AWS_SESSION_TOKEN", undefined);
    const clients = createClients(description.settings);
    const caller = { account, arn: `arn:aws:sts::${account}:assumed-role/${role}/session` };
    try {
      return await checkPermissions(description, { clients, caller, signal: AbortSignal.timeout(60_000) });
    } finally {
      clients.destroy();
      vi.unstubAllEnvs();
    }
  };

  test("finds everything allowed that the role needs, and then what was taken away", async () => {
    const [found, ...others] = await check("deploy");
    expect(others).toEqual([]);
    expect(found).toMatchObject({ state: "ok", message: expect.stringContaining("role/deploy has all") });

    const iam = new IAM({ ...clientOptions(), credentials: strict.root });
    const { PolicyDocument = "" } = await iam.getRolePolicy({ RoleName: "deploy", PolicyName: "slipway" });
    const without = decodeURIComponent(PolicyDocument).replaceAll('"ecs:UpdateService",', "");
    await iam.putRolePolicy({ RoleName: "deploy", PolicyName: "slipway", PolicyDocument: without });
    expect(await check("deploy")).toEqual([
      expect.objectContaining({
        state: "fail",
        message: expect.stringContaining(
          `ecs:UpdateService is missing on ${arn("ecs", "service/shop-dev/ui")}`,
        ),
      }),
    ]);
  });
});
