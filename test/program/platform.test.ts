import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as inspector2 from "@pulumi/aws/inspector2/index.js";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { outputsSchema } from "../../config/stack/outputs.ts";
import { account, configurationOf, failingProgram, type Plan, planProgram } from "./plan.ts";

const services = ["ui", "catalog", "cart", "orders", "checkout"];
const imageType = "docker-build:index:Image";
const indexType = "docker-build:index:Index";
const awsxRepository = "awsx:ecr:Repository";
const registry = `${account}.dkr.ecr.eu-central-1.amazonaws.com`;

const plans: Record<string, Plan> = {};
const plan = (stack: string): Plan => {
  const found = plans[stack];
  if (found === undefined) throw new Error(`${stack} was not planned`);
  return found;
};

beforeAll(async () => {
  for (const stack of ["dev", "prod"]) plans[stack] = await planProgram(stack, configurationOf(stack));
});

const temporary: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true });
});

describe.each(["dev", "prod"])("the %s stack", (stack) => {
  test("has a repository with a lifecycle policy for each service, and one for the build cache", () => {
    const names = plan(stack)
      .all(awsxRepository)
      .map(({ inputs }) => inputs.name);
    expect(names.sort()).toEqual(
      [...services, "slipway-build-cache"].map((name) => `shop-${stack}/${name}`).sort(),
    );
    expect(plan(stack).all("aws:ecr/lifecyclePolicy:LifecyclePolicy")).toHaveLength(6);
    for (const { inputs } of plan(stack).all(awsxRepository)) {
      expect(inputs.lifecyclePolicy).toEqual({ skip: true });
    }
  });

  test("changes a lifecycle policy without a moment in which the repository has none", () => {
    const policies = plan(stack).all("aws:ecr/lifecyclePolicy:LifecyclePolicy");
    for (const { options } of policies) {
      // The provider replaces it. Deleted after the new one was put, it would take the new one along.
      expect(options).toMatchObject({ deleteBeforeReplace: true, retainOnDelete: true, protect: false });
    }
  });

  test("has an image for each platform and an index for each service, none of which deletes what it pushed", () => {
    expect(
      plan(stack)
        .all(imageType)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(services.flatMap((service) => [`${service}-linux-amd64`, `${service}-linux-arm64`]).sort());
    expect(
      plan(stack)
        .all(indexType)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...services].sort());
    for (const { options } of [...plan(stack).all(imageType), ...plan(stack).all(indexType)]) {
      expect(options.retainOnDelete).toBe(true);
    }
  });

  test("pushes platforms by digest, then the index under the source hash", () => {
    const { inputs } = plan(stack).one(imageType, "ui-linux-arm64");
    expect(inputs).toMatchObject({
      platforms: ["linux/arm64"],
      buildOnPreview: false,
      pull: false,
      push: false,
      context: { location: ".slipway/contexts/ui/context" },
      exports: [{ registry: { names: [`${registry}/shop-${stack}/ui`], pushByDigest: true, push: true } }],
    });
    expect(inputs.tags).toBeUndefined();
    expect(plan(stack).one(indexType, "ui").inputs.tag).toMatch(
      new RegExp(`^${registry}/shop-${stack}/ui:src-[0-9a-f]{32}$`),
    );
  });

  test("puts nothing into a build that changes by itself", () => {
    for (const { inputs } of plan(stack).all(imageType)) {
      const { labels: _labels, registries: _registries, secrets: _secrets, ...rest } = inputs;
      expect(JSON.stringify(rest)).not.toMatch(/\d{4}-\d\d-\d\d|\d{14}|[0-9a-f]{40}/);
      expect(Object.keys(inputs.labels as object).sort()).toEqual([
        "dev.slipway.source-hash",
        "org.opencontainers.image.description",
        "org.opencontainers.image.title",
      ]);
      expect(inputs.buildArgs).toEqual({ SOURCE_DATE_EPOCH: "315532800" });
    }
  });

  test("keeps a cache for each platform apart from the images, and can lose it", () => {
    const ref = `${registry}/shop-${stack}/slipway-build-cache:cart-linux-amd64`;
    const { inputs } = plan(stack).one(imageType, "cart-linux-amd64");
    expect(inputs.cacheFrom).toEqual([{ registry: { ref } }]);
    expect(inputs.cacheTo).toEqual([
      {
        registry: { ref, mode: "max", imageManifest: true, ociMediaTypes: true, ignoreError: true },
      },
    ]);
  });

  test("lets Lambda pull for the one function of this account, and nobody else", () => {
    const policies = plan(stack).all("aws:ecr/repositoryPolicy:RepositoryPolicy");
    expect(policies.map(({ name }) => name)).toEqual(["checkout"]);
    const [statement] = (
      JSON.parse(policies[0]?.inputs.policy as string) as { Statement: Record<string, unknown>[] }
    ).Statement;
    const arn = `arn:aws:lambda:eu-central-1:${account}:function:shop-checkout-${stack}`;
    expect(statement).toEqual({
      Sid: "LambdaPull",
      Effect: "Allow",
      Principal: { Service: "lambda.amazonaws.com" },
      Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      Condition: {
        ArnLike: { "aws:SourceArn": [arn, `${arn}:*`] },
      },
    });
  });

  test("rotates its key, and encrypts the topic with it", () => {
    const [key] = plan(stack).all("aws:kms/key:Key");
    expect(key?.inputs.enableKeyRotation).toBe(true);
    const [topic] = plan(stack).all("aws:sns/topic:Topic");
    expect(topic?.inputs.kmsMasterKeyId).toMatch(/^arn:aws:mock:.*:Key\/key$/);
    expect(JSON.stringify(key?.inputs.policy)).toContain("cloudwatch.amazonaws.com");
  });

  test("tells every alarm to the topic", () => {
    const alarms = plan(stack).all("aws:cloudwatch/metricAlarm:MetricAlarm");
    expect(alarms.length).toBeGreaterThan(10);
    for (const { inputs } of alarms) {
      expect(inputs.alarmActions).toEqual([expect.stringContaining("Topic/alerts")]);
      expect(inputs.okActions).toEqual(inputs.alarmActions);
    }
    expect(Object.keys(plan(stack).outputs.alarmArns as object)).toHaveLength(alarms.length);
  });

  test("puts out what other stacks and the runner read", () => {
    const outputs = outputsSchema.parse(plan(stack).outputs);
    expect(Object.keys(plan(stack).outputs).sort()).toEqual(Object.keys(outputsSchema.shape).sort());
    expect(Object.keys(outputs.services)).toEqual(services);
    const url = `${registry}/shop-${stack}/ui`;
    expect(outputs.services.ui?.repository).toMatchObject({ name: `shop-${stack}/ui`, url });
    expect(outputs.services.ui?.image?.ref).toBe(`${url}@${outputs.services.ui?.image?.digest}`);
    expect(Object.keys(outputs.services.ui?.image?.manifests ?? {})).toEqual(["linux/amd64", "linux/arm64"]);
  });
});

describe("dev", () => {
  test("lets tags move, scans on push, and deletes repositories with their images", () => {
    const { inputs, options } = plan("dev").one(awsxRepository, "ui");
    expect(inputs).toMatchObject({
      imageTagMutability: "MUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: true,
    });
    expect(inputs.imageTagMutabilityExclusionFilters).toBeUndefined();
    expect(options.protect).toBeUndefined();
    const [scanning] = plan("dev").all("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration");
    expect(scanning?.inputs.scanType).toBe("BASIC");
    expect(plan("dev").all("aws:inspector2/enabler:Enabler")).toEqual([]);
  });
});

describe("prod", () => {
  test("holds tags still, but for the few that move", () => {
    const { inputs } = plan("prod").one(awsxRepository, "ui");
    expect(inputs.imageTagMutability).toBe("IMMUTABLE_WITH_EXCLUSION");
    expect(inputs.imageTagMutabilityExclusionFilters).toEqual(
      ["*latest", "inuse-*", "lastgood-*", "src-*"].map((filter) => ({ filter, filterType: "WILDCARD" })),
    );
  });

  test("encrypts images with its own key, and keeps repositories and key when it is destroyed", () => {
    const { inputs } = plan("prod").one(awsxRepository, "ui");
    expect(inputs.encryptionConfigurations).toEqual([
      { encryptionType: "KMS", kmsKey: expect.stringContaining("Key/key") },
    ]);
    for (const type of ["slipway:index:ImageRepository", "slipway:index:EncryptionKey"]) {
      for (const { options } of plan("prod").all(type)) {
        expect(options).toMatchObject({ protect: true, retainOnDelete: true });
      }
    }
  });

  test("is scanned by Inspector, functions too", () => {
    const [enabler] = plan("prod").all("aws:inspector2/enabler:Enabler");
    expect(enabler?.inputs).toMatchObject({ accountIds: [account], resourceTypes: ["ECR", "LAMBDA"] });
    const [scanning] = plan("prod").all(
      "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
    );
    expect(scanning?.inputs.scanType).toBe("ENHANCED");
    expect(plan("prod").one(awsxRepository, "ui").inputs.imageScanningConfiguration).toEqual({
      scanOnPush: false,
    });
  });
});

describe("a stack's settings", () => {
  test("leave the registry's scanning alone when another stack owns it", async () => {
    const found = await planProgram("dev", {
      ...configurationOf("dev"),
      "slipway:scanning": { manageRegistry: false },
    });
    expect(found.all("slipway:index:Scanning")).toEqual([]);
  });

  test("choose what the registry scans, and whose pulls do not count", async () => {
    const scanner = "arn:aws:iam::111122223333:role/scanner";
    const found = await planProgram("prod", {
      ...configurationOf("prod"),
      "slipway:scanning": {
        mode: "enhanced",
        filters: { onPush: ["shop-prod/*", "tools/*"], continuous: ["shop-prod/ui"] },
        pullTimeExclusions: [scanner],
      },
    });
    const [scanning] = found.all("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration");
    const filters = (...names: readonly string[]) =>
      names.map((filter) => ({ filter, filterType: "WILDCARD" }));
    expect(scanning?.inputs).toMatchObject({
      scanType: "ENHANCED",
      rules: [
        { scanFrequency: "CONTINUOUS_SCAN", repositoryFilters: filters("shop-prod/ui") },
        { scanFrequency: "SCAN_ON_PUSH", repositoryFilters: filters("shop-prod/*", "tools/*") },
      ],
    });
    const [exclusion] = found.all("aws:ecr/pullTimeUpdateExclusion:PullTimeUpdateExclusion");
    expect(exclusion?.inputs).toMatchObject({ principalArn: scanner });
  });

  test("name the command for the re-scan duration, which Pulumi has no resource for", async () => {
    const said = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    const own = configurationOf("prod");
    const scanning = { mode: "enhanced", rescan: { pushDays: 90, pullDays: 14 } };
    await planProgram("prod", { ...own, "slipway:scanning": scanning });
    const messages = said.mock.calls.map(([message]) => message).filter((one) => one.startsWith("slipway:"));
    said.mockRestore();
    expect(messages).toEqual([
      expect.stringMatching(
        /^slipway:scanning\.rescan is not set by this run: .* aws inspector2 update-configuration --ecr-configuration rescanDuration=DAYS_90,pullDateRescanDuration=DAYS_14 --region /,
      ),
    ]);
    // Once the provider has a resource for it, infra/scanning.ts declares it instead.
    const resources = Object.keys(inspector2).filter((name) => /^[A-Z]/.test(name));
    expect(resources.sort()).toEqual([
      "DelegatedAdminAccount",
      "Enabler",
      "Filter",
      "MemberAssociation",
      "OrganizationConfiguration",
    ]);
  });

  test("select the services that it declares anything for", async () => {
    const found = await planProgram("dev", {
      ...configurationOf("dev"),
      "slipway:services": ["c*", "!catalog"],
    });
    const names = found.all(awsxRepository).map(({ inputs }) => inputs.name);
    expect(names.sort()).toEqual(
      ["cart", "checkout", "slipway-build-cache"].map((name) => `shop-dev/${name}`),
    );
    expect(found.all(indexType).map(({ name }) => name)).toEqual(["cart", "checkout"]);
    expect(Object.keys(outputsSchema.parse(found.outputs).services)).toEqual(["cart", "checkout"]);
    const alarms = found.all("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ name }) => name);
    expect(alarms.some((name) => name.startsWith("cart"))).toBe(true);
    expect(alarms.filter((name) => /^(ui|catalog|orders)/.test(name))).toEqual([]);
  });

  test("switch the cache off, name another registry, and replace base images", async () => {
    const found = await planProgram("dev", {
      ...configurationOf("dev"),
      "slipway:cache": { kind: "none" },
      "slipway:registry": "localhost:5000",
      "slipway:baseImages": { "busybox:1.37": "${registry}/base/busybox:1" },
    });
    expect(found.all("slipway:index:BuildCache")).toEqual([]);
    const { inputs } = found.one(imageType, "ui-linux-amd64");
    expect(inputs.cacheTo).toBeUndefined();
    expect(inputs.context).toMatchObject({
      named: { "busybox:1.37": { location: "docker-image://localhost:5000/base/busybox:1" } },
    });
    expect(outputsSchema.parse(found.outputs).services.ui?.repository.url).toBe("localhost:5000/shop-dev/ui");
  });

  test("replicate to other regions, by the stack's prefix", async () => {
    const found = await planProgram("dev", {
      ...configurationOf("dev"),
      "slipway:repositories": { prefix: "shop-dev", replication: [{ region: "eu-west-1" }] },
    });
    const [replication] = found.all("aws:ecr/replicationConfiguration:ReplicationConfiguration");
    expect(replication?.inputs.replicationConfiguration).toEqual({
      rules: [
        {
          destinations: [{ region: "eu-west-1", registryId: account }],
          repositoryFilters: [{ filter: "shop-dev/", filterType: "PREFIX_MATCH" }],
        },
      ],
    });
  });

  test("that are wrong are all reported at once, before the first resource, without a stack trace", async () => {
    const { error, resources } = await failingProgram("dev", {
      "aws:region": "frankfurt",
      "slipway:repositories": { prefix: "shop", tagMutabilty: "immutable" },
      "slipway:retention": { rules: [{ images: { patterns: ["a*b*c*d*e*"] }, keepLast: 3 }] },
      "slipway:alarm": {},
    });
    expect(resources).toEqual([]);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    const { message } = error;
    expect(message).toContain("Pulumi.dev.yaml: aws:region: is not a region");
    expect(message).toContain('value: "frankfurt"');
    expect(message).toContain("Pulumi.dev.yaml: slipway:repositories.tagMutabilty");
    expect(message).toContain('did you mean "tagMutability"?');
    expect(message).toContain("slipway:retention.rules[0].images.patterns[0]: has more than the 4 wildcards");
    expect(message).toContain('did you mean "alarms"?');
  });
});

describe("build secrets and credentials", () => {
  test("are secret where they are handed over, and nowhere else", async () => {
    projectWithSecret();
    vi.stubEnv("SHOP_NPM_TOKEN", "a-token-for-packages");
    const found = await planProgram("dev", configurationOf("dev"));
    const { registries, secrets, ...rest } = found.one(imageType, "api-linux-amd64").inputs;
    expect(pulumi.runtime.isRpcSecret(secrets)).toBe(true);
    expect(pulumi.runtime.unwrapRpcSecret(secrets)).toEqual({ npm: "a-token-for-packages" });
    expect(pulumi.runtime.isRpcSecret(registries)).toBe(true);
    expect(pulumi.runtime.unwrapRpcSecret(registries)).toEqual([
      { address: registry, username: "AWS", password: "a-registry-token" },
    ]);
    expect(rest.ignoreSecretsInDiffCalculation).toEqual(["npm"]);
    const others = found.resources.filter(({ type }) => type !== imageType && type !== indexType);
    expect(JSON.stringify([rest, others, found.outputs])).not.toMatch(
      /a-token-for-packages|a-registry-token/,
    );
  });

  test("that are missing are named, unless the run leaves their service out", async () => {
    projectWithSecret();
    const { error, resources } = await failingProgram("dev", configurationOf("dev"));
    expect(resources).toEqual([]);
    expect(error.message).toContain(
      "services.api.secrets.npm: the environment variable SHOP_NPM_TOKEN is not set",
    );
    vi.stubEnv("SLIPWAY_SERVICES", "ui,cart");
    const found = await planProgram("dev", configurationOf("dev"));
    expect(found.all("slipway:index:ServiceImage").map(({ name }) => name)).toEqual(["api"]);
    // Left to the state, whatever it has: an excluded resource need not be declared.
    expect(found.all(indexType)).toEqual([]);
  });
});

/** A project of one service that needs a secret to be built; the program runs in it. */
function projectWithSecret(): void {
  const directory = mkdtempSync(join(tmpdir(), "slipway-program-"));
  temporary.push(directory);
  mkdirSync(join(directory, "api"));
  writeFileSync(join(directory, "api/Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
  writeFileSync(join(directory, "Pulumi.yaml"), "name: slipway\nruntime: nodejs\n");
  writeFileSync(
    join(directory, "services.yaml"),
    "services:\n  api:\n    context: api\n    secrets: { npm: { environment: SHOP_NPM_TOKEN } }\n",
  );
  vi.spyOn(process, "cwd").mockReturnValue(directory);
}

describe("roles for GitHub Actions", () => {
  const github = { repository: "octo-org/octo-repo", environment: "prod" };
  const withGithub = (more: object = {}) =>
    planProgram("prod", { ...configurationOf("prod"), "slipway:github": { ...github, ...more } });
  const roleType = "aws:iam/role:Role";
  const providerType = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";

  test("are there when the stack's settings name a repository, and not otherwise", async () => {
    expect(plan("prod").all(roleType)).toEqual([]);
    expect(plan("prod").outputs.roleArns).toEqual({});
    const found = await withGithub();
    expect(found.all(roleType).map(({ inputs }) => inputs.name)).toEqual([
      "slipway-prod-pull-request",
      "slipway-prod-push",
      "slipway-prod-deploy",
    ]);
    expect(Object.keys(outputsSchema.parse(found.outputs).roleArns ?? {})).toEqual([
      "pullRequest",
      "push",
      "deploy",
    ]);
    const [provider] = found.all(providerType);
    expect(provider?.inputs).toMatchObject({
      url: "https://token.actions.githubusercontent.com",
      clientIdLists: ["sts.amazonaws.com"],
    });
    const { inputs } = found.one(roleType, "deploy");
    expect(inputs.assumeRolePolicy).toContain("repo:octo-org/octo-repo:environment:prod");
    expect(inputs.assumeRolePolicy).not.toContain("*");
    expect(found.one("aws:iam/rolePolicy:RolePolicy", "deploy").inputs.policy).toContain(
      `arn:aws:ecs:eu-central-1:${account}:service/shop-prod/ui`,
    );
  });

  test("trust the account's own provider where it is named, within a boundary, and only those asked for", async () => {
    const provider = `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`;
    const permissionsBoundary = `arn:aws:iam::${account}:policy/ci`;
    const found = await withGithub({ provider, permissionsBoundary, roles: ["deploy"] });
    expect(found.all(providerType)).toEqual([]);
    const [role, ...others] = found.all(roleType);
    expect(others).toEqual([]);
    expect(role?.inputs).toMatchObject({ permissionsBoundary });
    expect(role?.inputs.assumeRolePolicy).toContain(`"Federated":"${provider}"`);
  });

  test("read the images of the stacks that this one takes promotions from, where they deploy", async () => {
    const found = await withGithub({ promotesFrom: ["dev"] });
    const policyOf = (role: string) => String(found.one("aws:iam/rolePolicy:RolePolicy", role).inputs.policy);
    expect(policyOf("deploy")).toContain(`arn:aws:ecr:eu-central-1:${account}:repository/shop-dev/ui`);
    for (const role of ["pullRequest", "push"]) expect(policyOf(role)).not.toContain("shop-dev/");
    const { error } = await failingProgram("prod", {
      ...configurationOf("prod"),
      "slipway:github": { ...github, promotesFrom: ["nowhere"] },
    });
    expect(error.message).toContain('this project has no stack "nowhere"');
  });

  test("that trust everything of an owner are refused before the first resource", async () => {
    const { error, resources } = await failingProgram("prod", {
      ...configurationOf("prod"),
      "slipway:github": { repository: "octo-org/*" },
    });
    expect(resources).toEqual([]);
    expect(error.message).toContain("slipway:github.repository: must be owner/name");
  });
});
