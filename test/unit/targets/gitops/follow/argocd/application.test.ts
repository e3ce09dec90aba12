import { expect, test } from "vitest";
import {
  revisionsOf,
  sameRepository,
} from "../../../../../../runner/targets/gitops/follow/argocd/application.ts";
import { application, commit, earlier, operation } from "../builders.ts";

test.each([
  ["git@github.com:acme/deploy.git", "https://github.com/acme/deploy", true],
  ["ssh://git@github.com:22/acme/deploy.git", "https://github.com/Acme/deploy/", true],
  ["https://token@gitlab.example.com/a/b/c.git", "git@gitlab.example.com:a/b/c", true],
  ["https://github.com/acme/deploy", "https://github.com/acme/deploy-2", false],
  ["https://github.com/acme/deploy", "https://gitlab.com/acme/deploy", false],
])("%s and %s are one repository: %s", (one, other, same) => {
  expect(sameRepository(one, other)).toBe(same);
});

test("the revisions of an Application are those that can be commits, each once", () => {
  const one = application({
    sync: { status: "Synced", revisions: ["1.2.3", commit] },
    operationState: operation("Succeeded", earlier, ""),
  });
  expect(revisionsOf(one)).toEqual([commit, earlier]);
});

test("fields that Slipway does not know, and those that a controller leaves out, are no problem", () => {
  expect(
    application({ sync: undefined, resources: undefined, future: { field: 1 } }).status.resources,
  ).toBeUndefined();
});
