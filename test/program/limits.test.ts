import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../config/catalogue/catalogue.ts";
import { parseSettings } from "../../config/description/settings.ts";
import type { Account } from "../../infra/account.ts";
import { EncryptionKey } from "../../infra/encryption-key.ts";
import { GithubRoles } from "../../infra/github/roles.ts";
import { Monitoring } from "../../infra/monitoring.ts";
import { Replication } from "../../infra/replication.ts";
import { ImageRepository } from "../../infra/repository.ts";
import { leaveOutStackTraces } from "../../infra/stack-traces.ts";
import { modelOf, shapeOf } from "../aws/model.ts";
import { counts, texts, withoutTexts } from "./aws-limits.ts";

// As the program does: the traces would take most of the time here.
leaveOutStackTraces({});

interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Declares everything of a stack but its images: those have no names of AWS's. */
async function declare(count: number, withPrefix: boolean): Promise<Declared[]> {
  const declared: Declared[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        declared.push({ type, name, inputs });
        const arn = `arn:aws:mock:eu-central-1:111122223333:${name}`;
        const repository = { name: inputs.name, arn };
        return { id: name, state: { ...inputs, arn, keyId: name, repository } };
      },
      call: ({ token }) => {
        throw new Error(`${token} is not expected`);
      },
    },
    "slipway",
    "dev",
  );
  const parsed = parseSettings(
    {
      "aws:region": "eu-central-1",
      "slipway:repositories": {
        ...(withPrefix ? { prefix: "shop" } : {}),
        replication: [{ region: "eu-west-1" }],
        pullPrincipals: ["arn:aws:iam::111122223333:root"],
      },
      "slipway:scanning": { mode: "enhanced", lambda: true },
      "slipway:retention": { preset: "environments" },
      // IAM has no room for the permissions of so many: see limitProblems.
      ...(count < 500 && {
        "slipway:github": { repository: "octo-org/octo-repo", stateBucket: "acme-pulumi" },
      }),
    },
    "dev",
    "Pulumi.dev.yaml",
  );
  if (!("value" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const settings = parsed.value;
  const written = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `service-number-${index}`,
      {
        context: ".",
        targets: [
          index % 2 === 0
            ? { kind: "ecs", cluster: "shop-${stack}", service: `service-number-${index}` }
            : { kind: "lambda", function: `service-number-${index}-production` },
        ],
      },
    ]),
  );
  const { services } = resolveCatalogue(catalogueSchema.parse({ services: written }), "dev");
  const account: pulumi.Output<Account> = pulumi.output({
    id: "111122223333",
    region: "eu-central-1",
    partition: "aws",
  });
  const name = "slipway-dev";
  const tags = { "slipway:stack": "dev" };
  const { github } = settings;
  await pulumi.runtime.runInPulumiStack(async () => {
    const key = new EncryptionKey({ name, account, protect: false, tags });
    const repositories = services.map(
      (service) => new ImageRepository({ service, settings, account, keyArn: undefined }),
    );
    new Replication({
      settings,
      account,
      repositories: repositories.map(({ repositoryName }) => repositoryName),
    });
    new Monitoring({ name, services, settings, account, keyArn: key.arn, tags });
    if (github) new GithubRoles({ name, github, settings, services, promotesFrom: [], account, tags });
    return {};
  });
  await pulumi.runtime.disconnect();
  return declared;
}

function brokenBy({ type, name, inputs }: Declared): string[] {
  return Object.entries(texts[type] ?? {}).flatMap(([path, { shape, most, pattern }]) => {
    const value = path.split(".").reduce<unknown>((tree, key) => (tree as Tree | undefined)?.[key], inputs);
    if (typeof value !== "string") return value === undefined ? [] : [`${type} ${name}.${path} is no text`];
    const [service = "", shapeName = ""] = shape.split(" ");
    const model = modelOf(service);
    if (model === undefined) throw new Error(`AWS has no API ${service}`);
    const { min = 0, max = Number.POSITIVE_INFINITY, pattern: general = ".*" } = shapeOf(model, shapeName);
    const fits =
      value.length >= min &&
      value.length <= Math.min(max, most ?? max) &&
      [general, pattern ?? ".*"].every((one) => new RegExp(`^(?:${one})$`, "s").test(value));
    return fits ? [] : [`${type} ${name}.${path}: ${value.length} characters, ${value.slice(0, 80)}`];
  });
}

type Tree = Readonly<Record<string, unknown>>;

/** AWS takes 50 rules in a lifecycle policy, each with its own priority. */
function lifecyclesBroken(declared: readonly Declared[]): string[] {
  return declared
    .filter(({ type }) => type.endsWith(":LifecyclePolicy"))
    .flatMap(({ name, inputs }) => {
      const { rules } = JSON.parse(inputs.policy as string) as { rules: { rulePriority: number }[] };
      const priorities = new Set(rules.map(({ rulePriority }) => rulePriority));
      return rules.length <= 50 && priorities.size === rules.length ? [] : [`${name}: ${rules.length} rules`];
    });
}

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html and
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
function dashboardsBroken(declared: readonly Declared[]): string[] {
  return declared
    .filter(({ type }) => type.endsWith(":Dashboard"))
    .flatMap(({ inputs }) => {
      const { widgets } = JSON.parse(inputs.dashboardBody as string) as {
        widgets: { properties: { alarms?: string[]; metrics?: unknown[] } }[];
      };
      const metrics = widgets.map(({ properties }) => properties.metrics?.length ?? 0);
      const alarms = widgets.map(({ properties }) => properties.alarms?.length ?? 0);
      return [
        ...(widgets.length > 500 ? [`${widgets.length} widgets`] : []),
        ...metrics.filter((count) => count > 500).map((count) => `${count} metrics in a widget`),
        ...alarms.filter((count) => count > 100).map((count) => `${count} alarms in a widget`),
        ...(metrics.reduce((sum, count) => sum + count, 0) > 2500 ? ["more than 2500 metrics"] : []),
      ];
    });
}

/** What EventBridge takes: five targets for a rule. */
function targetsBroken(declared: readonly Declared[]): string[] {
  const rules = declared
    .filter(({ type }) => type.endsWith(":EventTarget"))
    .map(({ inputs }) => String(inputs.rule));
  return [...new Set(rules)].filter((rule) => rules.filter((one) => one === rule).length > 5);
}

test.each([
  [1, true],
  [50, true],
  [50, false],
  [500, false],
])("what is declared for %i services is what AWS takes (a common prefix: %s)", async (count, withPrefix) => {
  const declared = await declare(count, withPrefix);
  expect(declared.flatMap(brokenBy)).toEqual([]);
  expect(lifecyclesBroken(declared)).toEqual([]);
  expect(dashboardsBroken(declared)).toEqual([]);
  expect(targetsBroken(declared)).toEqual([]);

  const types = [...new Set(declared.map(({ type }) => type))].filter((type) => /^awsx?:/.test(type));
  for (const type of types) {
    const urns = declared.filter((one) => one.type === type);
    expect(urns.length, type).toBeLessThanOrEqual(counts[type] ?? Number.POSITIVE_INFINITY);
    // Policies inside of roles have one name, each in its role.
    const names = urns.flatMap(({ inputs }) =>
      typeof inputs.name === "string" ? [`${String(inputs.role ?? "")} ${inputs.name}`] : [],
    );
    expect(names.length, type).toBe(new Set(names).size);
  }
  // A type without a line above says so here.
  const known = [...Object.keys(texts), ...withoutTexts];
  expect(types.filter((type) => !known.includes(type))).toEqual([]);

  const replications = declared.filter(({ type }) => type.endsWith(":ReplicationConfiguration"));
  const rules = replications.flatMap(
    ({ inputs }) =>
      (inputs.replicationConfiguration as { rules: { repositoryFilters: { filter: string }[] }[] }).rules,
  );
  expect(rules.length).toBeLessThanOrEqual(10);
  for (const { repositoryFilters } of rules) {
    expect(repositoryFilters.length).toBeGreaterThanOrEqual(1);
    expect(repositoryFilters.length).toBeLessThanOrEqual(100);
  }
  expect(rules.flatMap(({ repositoryFilters }) => repositoryFilters)).toHaveLength(withPrefix ? 1 : count);
});
