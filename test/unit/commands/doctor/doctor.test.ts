import { expect, test } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { parseBuilder, platformsOf } from "../../../../runner/commands/doctor/builder.ts";
import { refused } from "../../../../runner/commands/doctor/refused.ts";
import { showChecks } from "../../../../runner/commands/doctor/show.ts";
import { checkNode } from "../../../../runner/commands/doctor/tools.ts";
import { coloursFor } from "../../../../runner/report/colours.ts";
import { service } from "../../stack/services.ts";

test("a builder's platforms are those of all its nodes, in the form in which images are listed", () => {
  // Printed by docker buildx inspect (0.35.0) for a builder of two nodes.
  const text = `Name:          builders
Driver:        remote
Last Activity: 2026-05-04 10:20:30 +0000 UTC

Nodes:
Name:                  one
Endpoint:              tcp://127.0.0.1:1234
Status:                running
BuildKit version:      v0.31.0
Platforms:             linux/amd64*, linux/amd64/v2, linux/386

Name:                  two
Endpoint:              tcp://127.0.0.1:1235
Status:                running
Platforms:             linux/arm64*
`;
  expect(parseBuilder(text)).toEqual({
    name: "builders",
    driver: "remote",
    platforms: ["linux/amd64", "linux/amd64/v2", "linux/386", "linux/arm64"],
  });
});

test("the platforms to cover are those of all services, each once", () => {
  expect(platformsOf([service("a"), service("b", { platforms: ["linux/arm64/v8", "linux/386"] })])).toEqual([
    "linux/386",
    "linux/amd64",
    "linux/arm64",
  ]);
});

test("a refusal becomes a check that says how many more there are", () => {
  const problems = [
    { code: "unknown-key", where: "services.yaml", key: "services.ui", message: "is wrong", fix: "mend it" },
    { code: "invalid-value", message: "so is this" },
  ] as const;
  expect(refused("description", new UserError(problems))).toEqual({
    name: "description",
    state: "fail",
    message: "services.yaml: services.ui: is wrong (and 1 more)",
    fix: "mend it",
  });
});

test.each([
  ["20.19.0", "fail"],
  ["22.17.1", "fail"],
  ["22.18.0", "ok"],
  ["24.1.0", "ok"],
])("Node.js %s: %s", async (version, state) => {
  expect((await checkNode(version)).state).toBe(state);
});

test("what failed comes with what to do, and with a verdict", () => {
  const text = showChecks(
    [
      { name: "node", state: "ok", message: "24.0.0" },
      { name: "docker", state: "fail", message: "no daemon", fix: "start it" },
    ],
    coloursFor({ isTTY: false }, {}),
  );
  expect(text).toBe(
    "✔ node    24.0.0\n✖ docker  no daemon\n          fix: start it\n\n1 of 2 checks failed.",
  );
});
