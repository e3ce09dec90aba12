import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadStack, problemsIn } from "../../../../config/description/load.ts";
import { parseSettings } from "../../../../config/description/settings.ts";
import { registryHost, repositoryName } from "../../../../config/names.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { didYouMean, nearest } from "../../../../config/problems/nearest.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-config-"));
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }
}

async function problems(stack = "dev") {
  const error = await loadStack(project, stack).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems;
}

const settings = "config:\n  aws:region: eu-west-1\n  slipway:repositories: {prefix: shop}\n";

describe("loading a stack", () => {
  test("fills in defaults and replaces ${stack} in targets", async () => {
    await write({
      "Pulumi.dev.yaml": settings,
      "services.yaml":
        "services:\n  ui:\n    context: src/ui/\n    targets:\n      - {kind: ecs, cluster: 'shop-${stack}', service: ui}\n" +
        "      - {kind: lambda, function: 'ui-${stack}'}\n",
      "src/ui/Dockerfile": "FROM scratch\n",
    });
    const { catalogue, settings: loaded } = await loadStack(project, "dev");
    const [ui] = catalogue.services;
    expect(ui).toMatchObject({
      name: "ui",
      dockerfile: "src/ui/Dockerfile",
      platforms: ["linux/amd64", "linux/arm64"],
    });
    expect(ui?.targets).toEqual([
      {
        kind: "ecs",
        cluster: "shop-dev",
        service: "ui",
        container: "ui",
        containers: { ui: "ui" },
        timeoutSeconds: 900,
        order: 0,
        targetHealth: true,
      },
      { kind: "lambda", function: "ui-dev", alias: "live", timeoutSeconds: 300, order: 0 },
    ]);
    expect(ui && repositoryName(loaded, ui)).toBe("shop/ui");
    expect(registryHost(loaded, "111122223333")).toBe("111122223333.dkr.ecr.eu-west-1.amazonaws.com");
  });

  test("reports the problems of both files at once, with file, key, value and fix", async () => {
    await write({
      "Pulumi.dev.yaml":
        "config:\n  aws:region: nowhere\n  slipway:retention: {rules: [{images: any, keepLast: 0}]}\n",
      "services.yaml": "services:\n  ui:\n    contxt: src\n    platforms: [linux/vax]\n",
    });
    const found = await problems();
    expect(found.map(({ where, key }) => `${where} ${key}`).sort()).toEqual([
      "Pulumi.dev.yaml:2:3 aws:region",
      "Pulumi.dev.yaml:3:45 slipway:retention.rules[0].keepLast",
      "services.yaml:2:3 services.ui.context",
      "services.yaml:3:5 services.ui.contxt",
      "services.yaml:4:17 services.ui.platforms[0]",
    ]);
    expect(found.find(({ key }) => key === "services.ui.contxt")?.fix).toMatch(/did you mean "context"/);
    expect(found.find(({ key }) => key === "services.ui.platforms[0]")?.value).toBe("linux/vax");
  });

  test("says which context, Dockerfile or extra input is not there", async () => {
    await write({
      "Pulumi.dev.yaml": settings,
      "services.yaml":
        "services:\n  a: {context: nowhere}\n  b: {context: here, extraInputs: [gone.txt]}\n  c: {context: ../outside}\n  d: {context: here, contexts: {l: 'oci-layout://gone:1', m: 'docker-image://x'}}\n",
      "here/README": "",
    });
    const found = await problems();
    expect(found.map(({ code, key, value }) => [code, key, value])).toEqual([
      ["missing-context", "services.a.context", "nowhere"],
      ["missing-file", "services.b.context", "here"],
      ["missing-file", "services.b.extraInputs[0]", "gone.txt"],
      ["outside-project", "services.c.context", "../outside"],
      ["missing-file", "services.d.context", "here"],
      ["missing-context", "services.d.contexts.l", "gone"],
    ]);
  });

  test("takes a dockerfile in lower case where Docker takes it", async () => {
    await write({
      "Pulumi.dev.yaml": settings,
      "services.yaml": "services:\n  a: {context: a}\n  b: {context: a, dockerfile: b/Dockerfile}\n",
      "a/dockerfile": "",
      "b/dockerfile": "",
    });
    await expect(loadStack(project, "dev")).resolves.toBeDefined();
  });

  test("suggests the stack that was meant", async () => {
    await write({
      "Pulumi.prod.yaml": settings,
      "services.yaml": "services: {a: {context: x}}\n",
      "x/Dockerfile": "",
    });
    const [problem] = await problems("pord");
    expect(problem).toMatchObject({ code: "unknown-stack", fix: 'did you mean "prod"? (there are: prod)' });
  });

  test("says where in the file a path is that is not there", async () => {
    await write({
      "Pulumi.dev.yaml": settings,
      "services.yaml":
        "services:\n  a: &a\n    context: nowhere\n  b:\n    <<: *a\n    extraInputs:\n      - gone.txt\n",
      "nowhere/Dockerfile": "FROM scratch\n",
    });
    expect((await problems()).map(({ where, key }) => [where, key])).toEqual([
      ["services.yaml:7:9", "services.b.extraInputs[0]"],
    ]);
  });

  test.each([
    ["slipway:repositries", { prefix: "shop" }, "slipway:repositries", /did you mean "repositories"/],
    ["slipwy:tags", ["{sha7}"], "slipwy:tags", /did you mean "slipway:tags"/],
    ["slipway:deploy", { parallelBuild: 3 }, "slipway:deploy.parallelBuild", /did you mean "parallelBuilds"/],
  ])("knows what %s was meant to be", (key, value, place, fix) => {
    const [problem, ...others] = problemsIn(
      parseSettings({ "aws:region": "eu-west-1", [key]: value }, "dev", "Pulumi.dev.yaml"),
    );
    expect(problem).toMatchObject({ code: "unknown-key", where: "Pulumi.dev.yaml", key: place });
    expect(problem?.fix).toMatch(fix);
    expect(others).toEqual([]);
  });

  test("leaves other programs' keys alone", () => {
    const config = {
      "aws:region": "eu-west-1",
      "shop:replicas": 2,
      "aws:defaultTags": {},
      encryptionsalt: "x",
    };
    expect(problemsIn(parseSettings(config, "dev", "Pulumi.dev.yaml"))).toEqual([]);
  });

  test.each([
    ["slipway:repositories", { prefix: "Shop" }, "slipway:repositories.prefix"],
    [
      "slipway:repositories",
      { pullPrincipals: ["arn:aws:iam::*:root"] },
      "slipway:repositories.pullPrincipals[0]",
    ],
    [
      "slipway:builder",
      { kind: "remote", nodes: [{ endpoint: "ssh://x", platforms: ["linux/arm64"] }] },
      "slipway:builder.nodes[0].endpoint",
    ],
    ["slipway:registry", "https://registry.example", "slipway:registry"],
    ["aws:allowedAccountIds", ["12"], "aws:allowedAccountIds[0]"],
  ])("refuses a bad %s", (key, value, place) => {
    const checked = parseSettings({ "aws:region": "eu-west-1", [key]: value }, "dev", "Pulumi.dev.yaml");
    expect(problemsIn(checked).map((problem) => problem.key)).toEqual([place]);
  });
});

describe("suggestions", () => {
  test("come only when they are near", () => {
    expect(nearest("catlog", ["cart", "catalog", "ui"])).toBe("catalog");
    expect(nearest("warehouse", ["cart", "catalog", "ui"])).toBeUndefined();
    expect(didYouMean("x", [])).toBe("choose one that exists (there are none)");
  });
});
