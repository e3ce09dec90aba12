import { describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../config/catalogue/catalogue.ts";
import { checkStack } from "../../../config/description/check.ts";
import type { StackDescription } from "../../../config/description/description.ts";
import { parseSettings } from "../../../config/description/settings.ts";
import { limitProblems } from "../../../infra/limits/limits.ts";

/** A stack of services, each with a target on ECS and one on Lambda, or with the targets that are given. */
function stackOf(
  names: readonly string[],
  configuration: Readonly<Record<string, unknown>> = {},
  { stack = "dev", targets }: { stack?: string; targets?: (name: string) => object[] } = {},
): StackDescription {
  const parsed = parseSettings({ "aws:region": "eu-central-1", ...configuration }, stack, "Pulumi.yaml");
  if (!("value" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const usual = (name: string) => [
    { kind: "ecs", cluster: "shop", service: name },
    { kind: "lambda", function: name },
  ];
  const services = Object.fromEntries(
    names.map((name) => [name, { context: ".", targets: (targets ?? usual)(name) }]),
  );
  const catalogue = resolveCatalogue(catalogueSchema.parse({ services }), stack);
  return { directory: "/", catalogue, settings: parsed.value };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `service-${index}`);
const github = { "slipway:github": { repository: "octo-org/octo-repo" } };
const keysOf = (description: StackDescription, project = "slipway") =>
  limitProblems(description, project).map(({ code, where, key }) => `${code} ${where} ${key}`);

test.each([1, 50, 500])("nothing is wrong with %i services under names of usual length", (count) => {
  const replication = { replication: [{ region: "eu-west-1" }] };
  // IAM has no room for the roles of 500 services.
  const settings = { ...(count < 500 && github), "slipway:repositories": replication };
  expect(limitProblems(stackOf(many(count), settings), "slipway")).toEqual([]);
});

describe("the project's and the stack's name", () => {
  test("may be as long as a rule's and a role's name let them, and no longer", () => {
    // slipway-<stack>-failed-deployments, of 64
    const longest = "s".repeat(64 - "slipway-".length - "-failed-deployments".length);
    expect(keysOf(stackOf(["ui"], github, { stack: longest }))).toEqual([]);
    const found = limitProblems(stackOf(["ui"], github, { stack: `${longest}s` }), "slipway");
    expect(found).toEqual([
      {
        code: "name-too-long",
        where: "Pulumi.yaml",
        key: "name",
        value: `slipway-${longest}s-failed-deployments`,
        message:
          "the name of an EventBridge rule has 65 characters with the stack's name in it; AWS takes 64",
        fix: "shorten the names of the project and the stack by 1 together",
      },
    ]);
  });

  test("have less room in a stack whose rules are numbered", () => {
    const longest = "s".repeat(64 - "slipway-".length - "-failed-deployments".length);
    const description = stackOf(many(200), {}, { stack: longest });
    expect(limitProblems(description, "slipway").map(({ value }) => value)).toEqual([
      expect.stringMatching(/-failed-deployments-\d$/),
    ]);
  });

  test("are held against every name that is made of them", () => {
    const description = stackOf(["ui"], github, { stack: "s".repeat(260) });
    const said = limitProblems(description, "p".repeat(260)).map(({ message }) => message);
    for (const what of ["rule", "role", "topic", "alias", "log group", "dashboard", "namespace"]) {
      expect(said.filter((message) => message.includes(what))).toHaveLength(1);
    }
  });
});

describe("alarms", () => {
  test("of the second target of a service, and of a service that is called so, are not one", () => {
    const targets = (name: string) =>
      ["blue", "green"].map((color) => ({ kind: "ecs", cluster: "shop", service: `${name}-${color}` }));
    const found = limitProblems(stackOf(["ui", "ui-2"], {}, { targets }), "slipway");
    expect(found.map(({ code, value }) => `${code} ${String(value)}`)).toEqual([
      "same-alarm ui-2-cpu",
      "same-alarm ui-2-memory",
      "same-alarm ui-2-running-tasks",
    ]);
  });

  test("have names that CloudWatch takes", () => {
    const name = "s".repeat(60);
    const found = (project: string) =>
      limitProblems(stackOf([name]), project).filter(({ where }) => where === "services.yaml");
    // <project>-dev-<service>-running-tasks, of 255
    const longest = 255 - "-dev-".length - name.length - "-running-tasks".length;
    expect(found("p".repeat(longest))).toEqual([]);
    expect(found("p".repeat(longest + 1))).toMatchObject([
      { code: "name-too-long", key: "services", value: `${name}-running-tasks` },
    ]);
  });
});

describe("policies, tags and replication", () => {
  test("a repository's policy has room for so many principals", () => {
    const principals = (count: number) => ({
      "slipway:repositories": {
        pullPrincipals: Array.from(
          { length: count },
          (_, index) => `arn:aws:iam::111122223333:role/reader-${index}`,
        ),
      },
    });
    expect(keysOf(stackOf(["ui"], principals(100)))).toEqual([]);
    expect(keysOf(stackOf(["ui"], principals(300)))).toEqual([
      "policy-too-long Pulumi.dev.yaml slipway:repositories.pullPrincipals",
    ]);
  });

  test("a role has room for the permissions of so many services", () => {
    expect(limitProblems(stackOf(many(50), github), "slipway")).toEqual([]);
    const found = limitProblems(stackOf(many(500), github), "slipway");
    expect(found.map(({ code, key, message }) => `${code} ${key} ${message}`)).toEqual(
      ["pullRequest", "deploy"].map((role) =>
        expect.stringMatching(
          `policy-too-long slipway:github the ${role} role needs \\d+ policies, but IAM allows 10`,
        ),
      ),
    );
  });

  test("a role trusts so many branches", () => {
    const branches = (count: number) => ({
      "slipway:github": { repository: "octo-org/octo-repo", branches: many(count) },
    });
    expect(keysOf(stackOf(["ui"], branches(10)))).toEqual([]);
    expect(keysOf(stackOf(["ui"], branches(100)))).toEqual([
      "policy-too-long Pulumi.dev.yaml slipway:github",
      "policy-too-long Pulumi.dev.yaml slipway:github",
    ]);
  });

  test("a resource has so many tags, of such keys and values", () => {
    const tags = (resourceTags: object) => stackOf(["ui"], { "slipway:resourceTags": resourceTags });
    expect(keysOf(tags({ team: "shop", "cost center": "a@b/c" }))).toEqual([]);
    expect(keysOf(tags(Object.fromEntries(many(50).map((name) => [name, ""]))))).toEqual([
      "refused-tag Pulumi.dev.yaml slipway:resourceTags",
    ]);
    expect(keysOf(tags({ "aws:team": "x", a: "x".repeat(257), "b#": "x" }))).toEqual([
      "refused-tag Pulumi.dev.yaml slipway:resourceTags.aws:team",
      "refused-tag Pulumi.dev.yaml slipway:resourceTags.a",
      "refused-tag Pulumi.dev.yaml slipway:resourceTags.b#",
    ]);
  });

  test("repositories without a common prefix are replicated up to a thousand", () => {
    const to = (count: number, more: object = {}) =>
      stackOf(many(count), {
        "slipway:repositories": { replication: [{ region: "eu-west-1" }], ...more },
        "slipway:alarms": { ecs: { enabled: false }, lambda: { enabled: false } },
      });
    expect(keysOf(to(1000))).toEqual([]);
    expect(keysOf(to(1001))).toEqual(["refused-by-ecr Pulumi.dev.yaml slipway:repositories.replication"]);
    expect(keysOf(to(1001, { prefix: "shop" }))).toEqual([]);
    const regions = Array.from({ length: 26 }, () => ({ region: "eu-west-1" }));
    expect(keysOf(to(1, { replication: regions }))).toEqual([
      "refused-by-ecr Pulumi.dev.yaml slipway:repositories.replication",
    ]);
  });

  test("a repository's name has two characters at least, and 256 at most", () => {
    const found = (names: string[], prefix?: string) =>
      checkStack(stackOf(names, { "slipway:repositories": prefix === undefined ? {} : { prefix } })).map(
        ({ code, where, key }) => `${code} ${where} ${key}`,
      );
    expect(found(["a"])).toEqual(["refused-by-ecr services.yaml services.a"]);
    expect(found(["a"], "b")).toEqual([]);
    expect(found(["a"], "b".repeat(255))).toEqual([
      "refused-by-ecr services.yaml services.a",
      "refused-by-ecr Pulumi.dev.yaml slipway:repositories.prefix",
    ]);
  });
});
