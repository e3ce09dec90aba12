import { expect, test } from "vitest";
import {
  isCandidate,
  isChartTemplate,
  mentionOf,
} from "../../../../../runner/targets/gitops/discover/checkout.ts";
import { writtenAddress } from "../../../../../runner/targets/gitops/discover/origin.ts";

test.each([
  ["apps/ui.yaml", true],
  ["apps/ui.yml", true],
  ["apps/Kustomization", true],
  ["node_modules/x/ui.yaml", false],
  [".github/workflows/ci.yaml", false],
  ["apps/ui.json", false],
])("whether %s may hold manifests", (path, expected) => {
  expect(isCandidate(path)).toBe(expected);
});

test("the templates of a chart are told by its Chart.yaml", () => {
  const paths = new Set(["charts/ui/Chart.yaml"]);
  expect(isChartTemplate("charts/ui/templates/deployment.yaml", paths)).toBe(true);
  expect(isChartTemplate("apps/templates/deployment.yaml", paths)).toBe(false);
});

test.each([
  ["image: shop/ui:1", true],
  ["images: [{name: ui}]", true],
  ["repository: 'r.example/ui'", true],
  ["apiVersion: argoproj.io/v1alpha1\nkind: Application\n", true],
  ["image: shop/gui:1", false],
  ["build: it", false],
])("whether %s mentions ui", (text, expected) => {
  expect(mentionOf(["ui", "a.b"])(text)).toBe(expected);
});

test.each([
  ["https://me:secret@git.example/acme/deploy.git?token=1#x", "https://git.example/acme/deploy.git"],
  ["https://secret@git.example/acme/deploy", "https://git.example/acme/deploy"],
  ["ssh://git:secret@git.example:22/acme/deploy.git", "ssh://git@git.example:22/acme/deploy.git"],
  ["git@git.example:acme/deploy.git", "git@git.example:acme/deploy.git"],
  ["git:secret@git.example:acme/deploy.git", "git@git.example:acme/deploy.git"],
  ["/srv/git/deploy.git", "../../git/deploy.git"],
  ["../deploy.git", "../deploy.git"],
  ["ext::sh -c x", undefined],
  ["git://git.example/acme/deploy.git", undefined],
  ["", undefined],
])("the origin %s is written without credentials", (origin, expected) => {
  expect(writtenAddress(origin, "/srv/work/deploy", "/srv/work/shop")).toBe(expected);
});
