import { describe, expect, test } from "vitest";
import { catalogueSchema } from "../../../../config/catalogue/catalogue.ts";
import { parseYaml } from "../../../../config/problems/yaml.ts";
import { extendCatalogue, writeCatalogue } from "../../../../runner/commands/init/catalogue-text.ts";
import type { FoundService } from "../../../../runner/commands/init/found.ts";

const target = { kind: "ecs", cluster: "shop-${stack}", service: "front", container: "app" };
const ui: FoundService = {
  name: "ui",
  from: "compose.yaml",
  context: "ui",
  stage: "run",
  arguments: { VERSION: "1" },
  platforms: ["linux/arm64"],
  targets: [target],
  aliases: [],
};
const jobs: FoundService = {
  name: "jobs",
  from: "Dockerfile.jobs",
  context: ".",
  dockerfile: "Dockerfile.jobs",
  aliases: [],
};

function services(text: string) {
  const yaml = parseYaml(text, "services.yaml");
  if ("problems" in yaml) throw new Error(JSON.stringify(yaml.problems));
  return catalogueSchema.parse(yaml.value).services;
}

test("a catalogue of what was found is one that can be read, and says where targets go", () => {
  const text = writeCatalogue([ui, jobs], "https://github.com/acme/shop");
  expect(services(text)).toMatchObject({
    ui: {
      context: "ui",
      stage: "run",
      arguments: { VERSION: "1" },
      targets: [{ kind: "ecs", service: "front" }],
    },
    jobs: { context: ".", dockerfile: "Dockerfile.jobs" },
  });
  expect(text).toContain("source: https://github.com/acme/shop\n");
  expect(text).toContain("\n  # Add targets: targets:");
});

describe("adding services to a catalogue", () => {
  test.each([
    [
      "with comments and odd spaces",
      "# ours\nservices:\n    web:   # the pages\n        context:  web\n        platforms: [ linux/amd64 ]  # only\n",
    ],
    [
      "with keys behind them",
      "services:\n  web:\n    context: web\n\n# all of them\ndefaults:\n  platforms: [linux/amd64]\n",
    ],
    ["without an end of line", "services:\n  web: {context: web}"],
    [
      "with an indented list at the end",
      "services:\n  web:\n    context: web\n    targets:\n    - {kind: ecs, cluster: c, service: s}\n",
    ],
  ])("%s changes nothing else", (_, text) => {
    const extended = extendCatalogue(text, [ui, jobs]);
    expect(Object.keys(services(extended))).toEqual(["web", "ui", "jobs"]);
    expect(services(extended).web).toEqual(services(text).web);
    const lines = extended.split("\n");
    for (const line of text.split("\n")) expect(lines).toContain(line);
  });

  test("works on services between braces, too", () => {
    const extended = extendCatalogue("services: {web: {context: web}} # all\n", [jobs]);
    expect(Object.keys(services(extended))).toEqual(["web", "jobs"]);
    expect(extended).toContain("# all");
  });
});
