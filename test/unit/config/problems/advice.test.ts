import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Catalogue } from "../../../../config/catalogue/catalogue.ts";
import { checked, problemsIn, readCatalogue } from "../../../../config/description/load.ts";
import { parseSettings } from "../../../../config/description/settings.ts";
import { describeProblem, type Problem, UserError } from "../../../../config/problems/errors.ts";
import { type Checked, parseYaml } from "../../../../config/problems/yaml.ts";
import type { Settings } from "../../../../config/settings.ts";
import { type Document, keysOf, mutated, mutationOf, renamed, valueAt, withValue } from "./mutations.ts";

const catalogue: Document = {
  source: "https://example.com/shop",
  defaults: { platforms: ["linux/amd64"] },
  sharedPaths: ["proto/**", { path: "lib", services: ["ui"] }],
  services: {
    base: { context: "base", salt: "1", groups: ["shared"] },
    ui: {
      description: "the shop",
      context: "ui",
      dockerfile: "ui/Dockerfile.prod",
      stage: "prod",
      platforms: ["linux/amd64"],
      arguments: { A: "1" },
      secrets: { npm: { environment: "NPM" } },
      contexts: { lib: "lib", layout: "oci-layout://x:1" },
      needs: ["base"],
      extraInputs: ["VERSION"],
      repository: "web/ui",
      targets: [
        {
          kind: "ecs",
          cluster: "shop-${stack}",
          service: "ui",
          container: "app",
          timeoutSeconds: 60,
          order: 1,
          sidecars: { proxy: "base" },
          before: { command: ["migrate"], container: "app", timeoutSeconds: 60 },
          smoke: { url: "https://example.com/health" },
          deploymentAlarms: { alarms: ["stack"], rollback: true },
        },
        {
          kind: "lambda",
          function: "ui",
          alias: "live",
          create: { role: "arn:aws:iam::111122223333:role/x", memoryMegabytes: 256 },
        },
      ],
    },
  },
};

const settings: Document = {
  "aws:region": "eu-west-1",
  "aws:profile": "x",
  "aws:allowedAccountIds": ["111122223333"],
  "aws:assumeRoles": [{ roleArn: "arn:aws:iam::111122223333:role/x", duration: "1h" }],
  "slipway:environment": { file: "env", variables: { A: "1" } },
  "slipway:registry": "localhost:5000",
  "slipway:repositories": {
    prefix: "shop",
    tagMutability: "immutable",
    movingTags: ["*latest"],
    encryption: { kind: "kms", keyArn: "arn:aws:kms:x" },
    pullPrincipals: ["arn:aws:iam::111122223333:root"],
    protect: true,
    replication: [{ region: "eu-west-2", account: "111122223333" }],
  },
  "slipway:retention": {
    rules: [
      { images: { prefixes: ["v"] }, keepLast: 5 },
      { images: "untagged", expireAfterDays: 3, description: "x" },
    ],
  },
  "slipway:scanning": { mode: "enhanced", lambda: true },
  "slipway:alarms": { email: "a@example.com", ecs: { cpuPercent: 90 }, loadBalancers: [] },
  "slipway:builder": { kind: "remote", nodes: [{ endpoint: "tcp://x:1", platforms: ["linux/amd64"] }] },
  "slipway:cache": { kind: "registry" },
  "slipway:baseImages": { "node:24": "${registry}/node:24" },
  "slipway:tags": ["{sha7}", { format: "latest", when: "main" }],
  "slipway:mainBranch": "main",
  "slipway:labels": { a: "b" },
  "slipway:resourceTags": { team: "shop" },
  "slipway:deploy": { attempts: 2, requireCleanTree: true },
  "slipway:github": { repository: "acme/shop", branches: ["main"], roles: ["push", "deploy"] },
  "slipway:services": ["ui", "bas*", { group: "shared" }],
};

/** A document goes through text, as a user's does. */
function throughYaml(document: Document, file: string) {
  const read = parseYaml(stringify(document), file);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return read;
}

function checkedCatalogue(document: Document): Checked<Catalogue> {
  return readCatalogue(throughYaml(document, "services.yaml"), "dev");
}

function checkedSettings(document: Document): Checked<Settings> {
  const { value, locate } = throughYaml(document, "Pulumi.dev.yaml");
  return parseSettings(value as Record<string, unknown>, "dev", locate);
}

async function problemsOfBoth(one: Document, other: Document): Promise<readonly Problem[]> {
  try {
    await checked("/project", checkedCatalogue(one), checkedSettings(other), { sources: false });
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

/** What no reader can make anything of. */
const ofProgrammers = /\bundefined\b|\[object Object\]|\bNaN\b|\bInfinity\b|\bnull\b|Invalid input|function /;

/** What is wrong with the problem's words; empty: nothing. */
function faultsOf(problem: Problem, written: readonly Document[]): string[] {
  const { key, value, message, fix = "" } = problem;
  const keys = new Set(written.flatMap((one) => [...keysOf(one)]));
  const faults: string[] = [];
  const own = typeof value === "string" ? value : undefined;
  const without = (text: string) => (own === undefined || own === "" ? text : text.replaceAll(own, ""));
  if (ofProgrammers.test(without(message)) || message.trim() === "") faults.push("message");
  if (ofProgrammers.test(without(fix))) faults.push("fix");
  if (value === null || (typeof value === "number" && /null/.test(describeProblem(problem))))
    faults.push("value");
  if (key !== undefined && !keys.has(key)) {
    const parent = key.replace(/(\.[^.[\]]+|\[\d+\]|^[^.]+)$/, "");
    if (problem.code !== "missing-key" || (parent !== "" && !keys.has(parent))) faults.push("key");
  }
  return faults;
}

describe("advice", () => {
  test("is about a valid catalogue and valid settings to begin with", async () => {
    expect(await problemsOfBoth(catalogue, settings)).toEqual([]);
  });

  test("has no word of a programmer, and names a key that is written, for any two mistakes", async () => {
    const both = fc.record({
      catalogue: fc.array(mutationOf(catalogue), { maxLength: 2 }),
      settings: fc.array(mutationOf(settings), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(both, async (mistakes) => {
        const [one, other] = [mutated(catalogue, mistakes.catalogue), mutated(settings, mistakes.settings)];
        for (const problem of await problemsOfBoth(one, other)) {
          expect(faultsOf(problem, [one, other]), describeProblem(problem)).toEqual([]);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  test.each([
    ["services.yaml", catalogue, checkedCatalogue],
    ["a stack's settings", settings, checkedSettings],
  ] as const)("that can be followed word for word is not refused in %s", (_, document, check) => {
    fc.assert(
      fc.property(mutationOf(document), (mistake) => {
        const one = mutated(document, [mistake]);
        for (const problem of problemsIn(check(one))) {
          for (const name of advisedNames(problem)) {
            const after = renamed(one, problem.key ?? "", name);
            const again = problemsIn(check(after)).filter(
              ({ code, key }) => code === "unknown-key" && key === problem.key?.replace(/[^.]*$/, name),
            );
            expect(again.map(describeProblem), `${describeProblem(problem)}\n→ ${name}`).toEqual([]);
          }
          for (const advised of advisedValues(problem, one)) {
            const after = withValue(one, problem.key ?? "", advised);
            const again = problemsIn(check(after)).filter(({ key }) => key === problem.key);
            expect(again.map(describeProblem), `${describeProblem(problem)}\n→ ${String(advised)}`).toEqual(
              [],
            );
          }
        }
      }),
      { numRuns: 80, seed: 12 },
    );
  });
});

/** The names that a fix gives for a key. */
function advisedNames({ code, fix = "" }: Problem): string[] {
  if (code !== "unknown-key") return [];
  return [
    ...(/there are: ([^)]+)/.exec(fix)?.[1]?.split(", ") ?? []),
    ...(/mean "(\w+)"/.exec(fix)?.slice(1, 2) ?? []),
  ];
}

/** The values that a fix gives as they are to be written. */
function advisedValues({ fix = "", key = "" }: Problem, document: Document): string[] {
  if (typeof valueAt(document, key) === "object") return [];
  const quoted = /^put it in quotes: "(.*)"$/.exec(fix)?.[1];
  const all = /one of: ([^)]+)/.exec(fix)?.[1]?.split(", ") ?? [];
  const meant = /did you mean "([^"]+)"\? \(one of/.exec(fix)?.[1];
  return [quoted, meant, ...all].filter((one) => one !== undefined);
}

test("names the service, and no key that is not written, for a repository that another one has by default", async () => {
  const other = { "aws:region": "eu-west-1" };
  const both = { services: { web: { context: "x", repository: "ui" }, ui: { context: "y" } } };
  expect(await problemsOfBoth(both, other)).toMatchObject([{ code: "same-repository", key: "services.ui" }]);
});

test("says of a key of another form that it can't be combined, and of no key that it should be called as it is", () => {
  const retention = (value: object) =>
    problemsIn(checkedSettings({ "aws:region": "eu-west-1", "slipway:retention": value }));
  const rules = [{ images: "any", keepLast: 1 }];
  expect(retention({ preset: "releases", rules })).toMatchObject([
    { code: "contradicting-settings", key: expect.stringMatching(/^slipway:retention\.(preset|rules)$/) },
  ]);
  expect(retention({ rules, x: 1 })).toMatchObject([{ code: "unknown-key", key: "slipway:retention.x" }]);
  expect(retention({})).toMatchObject([{ code: "missing-key", message: "is missing" }]);
});

test("offers the keys of a target's own kind", () => {
  const withTarget = (target: object) =>
    problemsIn(checkedCatalogue({ services: { ui: { context: "ui", targets: [target] } } }));
  const [lambda] = withTarget({ kind: "lambda", function: "f", clustre: "c" });
  expect(lambda?.fix).not.toContain("cluster");
  const [ecs] = withTarget({ kind: "ecs", cluster: "c", service: "s", clustre: "c" });
  expect(ecs?.fix).toMatch(/did you mean "cluster"/);
  expect(ecs?.fix).not.toContain("alias");
});

test("advises a filter for a moving tag only where ECR takes it and has room for it", async () => {
  const fixes = async (repositories: object, tags: unknown) =>
    (
      await problemsOfBoth(
        { services: { ui: { context: "ui" } } },
        {
          "aws:region": "eu-west-1",
          "slipway:repositories": { prefix: "shop", tagMutability: "immutable", ...repositories },
          "slipway:tags": tags,
        },
      )
    ).map(({ code, fix }) => [code, fix]);
  const add = 'add "dev" to slipway:repositories.movingTags, or remove it';
  const remove = "remove it, or set tagMutability: mutable";
  expect(await fixes({ movingTags: [] }, ["dev"])).toEqual([["immovable-tag", add]]);
  expect(await fixes({ movingTags: ["a", "b"] }, ["dev"])).toEqual([["immovable-tag", remove]]);
  expect(await fixes({ movingTags: [] }, ["{branch}-{pr}-{branch}"])).toEqual([["immovable-tag", remove]]);
});
