import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Checkout, isCandidate } from "../../../../../runner/targets/gitops/discover/checkout.ts";
import { forStacks } from "../../../../../runner/targets/gitops/discover/choose.ts";
import { proposeGitops } from "../../../../../runner/targets/gitops/discover/propose.ts";

const repository = "git@github.com:acme/deploy.git";

function checkout(files: Readonly<Record<string, string>>, changes: Partial<Checkout> = {}): Checkout {
  const texts = new Map(Object.entries(files));
  return {
    label: "../deploy",
    repository,
    branch: "main",
    paths: new Set(texts.keys()),
    texts,
    notes: [],
    ...changes,
  };
}

function propose(
  files: Readonly<Record<string, string>>,
  changes: Partial<Checkout> = {},
  services = ["ui"],
) {
  return proposeGitops([checkout(files, changes)], { services, stack: "dev", stacks: ["dev", "prod"] });
}

const kustomization = (name = "ui", more = "newName: r.example/shop/ui\n    newTag: none") =>
  `images:\n  - name: ${name}\n    ${more}\n`;
const deployment = (image: string, name = "ui") =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  template:\n    spec:\n      containers:\n        - name: main\n          image: ${image}\n`;
const application = (path: string, more = "", name = "ui-dev") =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${name}, namespace: argocd }\nspec:\n  source: { repoURL: "https://github.com/acme/deploy", path: ${path}${more} }\n`;

test("the shop's manifests give the targets that its README shows", () => {
  const folder = join(import.meta.dirname, "../../../../../examples/shop/gitops");
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(isCandidate);
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
  const { targets, notes } = propose(files, {}, ["ui", "cart", "checkout"]);
  expect(notes).toEqual([]);
  expect(targets).toEqual([
    {
      service: "ui",
      title: "gitops acme/deploy@main:ui/overlays/dev/kustomization.yaml images[ui]",
      target: {
        kind: "gitops",
        repository,
        branch: "main",
        files: [{ path: "ui/overlays/${stack}/kustomization.yaml", kustomize: "ui" }],
        follow: { argocd: { application: "ui-${stack}" } },
      },
    },
    {
      service: "cart",
      title: "gitops acme/deploy@main:cart/values-dev.yaml image",
      target: {
        kind: "gitops",
        repository,
        branch: "main",
        files: [{ path: "cart/values-${stack}.yaml", helm: "image" }],
      },
    },
  ]);
});

test.each<[string, Record<string, string>, object]>([
  [
    "containers of several objects in one file, a CronJob's as well",
    {
      "apps/ui.yaml": `${deployment("r.example/shop/ui:1")}---\napiVersion: batch/v1\nkind: CronJob\nmetadata: { name: tidy }\nspec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: tidy, image: r.example/shop/ui:1 }, { name: log, image: log:1 }] } } } } }\n`,
    },
    {
      files: [
        {
          path: "apps/ui.yaml",
          yaml: "[kind=Deployment][metadata.name=ui].spec.template.spec.containers[name=main].image",
        },
        {
          path: "apps/ui.yaml",
          yaml: "[kind=CronJob][metadata.name=tidy].spec.jobTemplate.spec.template.spec.containers[name=tidy].image",
        },
      ],
    },
  ],
  [
    "values without a digest, by a tag with the digest",
    { "dev/values.yaml": "web:\n  image: { registry: r.example, repository: shop/ui, tag: v1 }\n" },
    { files: [{ path: "${stack}/values.yaml", helm: "web.image" }], write: "tag@digest" },
  ],
  [
    "a kustomization's entry without newName, which is added",
    { "dev/kustomization.yaml": kustomization("ui", "newTag: v1") },
    { files: [{ path: "${stack}/kustomization.yaml", kustomize: "ui", create: true }] },
  ],
  [
    "an entry that has the stack's name, as the file of the other stack has its own",
    {
      "dev/kustomization.yaml": kustomization("shop-dev/ui"),
      "prod/kustomization.yaml": kustomization("shop-prod/ui"),
    },
    { files: [{ path: "${stack}/kustomization.yaml", kustomize: "shop-${stack}/ui" }] },
  ],
  [
    "a HelmRelease's values",
    {
      "dev/ui.yaml":
        'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: ui }\nspec: { values: { image: { repository: r.example/shop/ui, digest: "" } } }\n',
    },
    { files: [{ path: "${stack}/ui.yaml", helm: "spec.values.image" }] },
  ],
  [
    "value files that only the Application names, of a source of its own",
    {
      "settings/dev/ui.yaml": "image: r.example/shop/ui:1\n",
      "argocd/ui.yaml":
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ui, namespace: cd }\nspec:\n  sources:\n    - { repoURL: "https://charts.example", chart: web, helm: { valueFiles: [$values/settings/dev/ui.yaml] } }\n    - { repoURL: "https://github.com/Acme/deploy.git", targetRevision: HEAD, ref: values }\n',
    },
    {
      files: [{ path: "settings/${stack}/ui.yaml", helm: "image" }],
      follow: { argocd: { application: "ui", namespace: "cd" } },
    },
  ],
])("%s", (_, files, target) => {
  const { targets } = propose(files);
  expect(targets.map((one) => one.target)).toEqual([
    { kind: "gitops", repository, branch: "main", ...target },
  ]);
});

test("a base that overlays replace, other stacks' files and other environments are left alone", () => {
  const { targets, notes } = propose({
    "base/deployment.yaml": deployment("ui"),
    "overlays/dev/kustomization.yaml": kustomization(),
    "overlays/prod/kustomization.yaml": kustomization(),
    "overlays/staging/kustomization.yaml": kustomization(),
  });
  expect(targets.map(({ target }) => target)).toMatchObject([
    { files: [{ path: "overlays/${stack}/kustomization.yaml", kustomize: "ui" }] },
  ]);
  expect(notes).toEqual([]);
});

test("a stack without manifests is told of", () => {
  const { targets, notes } = propose({ "overlays/dev/kustomization.yaml": kustomization() });
  expect(targets).toHaveLength(1);
  expect(notes).toEqual([
    "ui: the stack prod has no such manifests in ../deploy yet: overlays/prod/kustomization.yaml does not name ui",
  ]);
});

test.each<[string, Record<string, string>, Partial<Checkout>, RegExp]>([
  [
    "two images of one name",
    { "dev/a.yaml": deployment("one.example/ui:1"), "dev/b.yaml": deployment("two.example/ui:1") },
    {},
    /^ui: images of several repositories have its name \(one\.example\/ui, two\.example\/ui\): \.\.\/deploy\/dev\/a\.yaml, \.\.\/deploy\/dev\/b\.yaml$/,
  ],
  [
    "folders of unknown stacks",
    { "east/ui.yaml": deployment("shop/ui:1"), "west/ui.yaml": deployment("shop/ui:1") },
    {},
    /^ui: several folders name its image, and none is named after the stack dev: /,
  ],
  [
    "another stack alone",
    { "prod/ui.yaml": deployment("shop/ui:1") },
    {},
    /^ui: only manifests of other stacks than dev name its image: /,
  ],
  [
    "another stack and what all share",
    { "prod/ui.yaml": deployment("shop/ui:1"), "ui.yaml": deployment("shop/ui:1") },
    {},
    /^ui: manifests of some stacks and manifests of all stacks name its image: /,
  ],
  ["broken YAML", { "dev/ui.yaml": "a: [ui\nb: }" }, {}, /^\.\.\/deploy\/dev\/ui\.yaml:2:/],
  [
    "a key twice",
    { "dev/ui.yaml": `${deployment("shop/ui:1")}kind: Job\n` },
    {},
    /^\.\.\/deploy\/dev\/ui\.yaml:10:1: /,
  ],
  [
    "an entry twice",
    {
      "dev/kustomization.yaml": `${kustomization()}  - { name: ui, newName: r.example/shop/ui, newTag: x }\n`,
    },
    {},
    /^ui: dev\/kustomization\.yaml: 2 entries have this name, in lines 2, 5: /,
  ],
  [
    "a value behind an alias",
    { "dev/values.yaml": "shared: &i shop/ui:1\nweb: { image: *i }\n" },
    {},
    /^ui: dev\/values\.yaml:2:\d+: is an alias/,
  ],
  [
    "a repository without an origin",
    { "dev/ui.yaml": deployment("shop/ui:1") },
    { repository: undefined },
    /^ui: the repository has no origin/,
  ],
  [
    "no branch",
    { "dev/ui.yaml": deployment("shop/ui:1") },
    { branch: undefined },
    /^ui: the repository has no branch/,
  ],
])("%s gives no target, and a note", (_, files, changes, note) => {
  const { targets, notes } = propose(files, changes);
  expect(targets).toEqual([]);
  expect(notes.join("\n")).toMatch(note);
});

test("aliases that grow without end are told of, and cost nothing", () => {
  const levels = [..."bcdefghi"].map((key, index) => {
    const last = `*${"abcdefgh"[index]}`;
    return `${key}: &${key} [${Array(9).fill(last).join(", ")}]\n`;
  });
  const { targets, notes } = propose({ "values.yaml": `a: &a [shop/ui]\n${levels.join("")}` });
  expect(targets).toEqual([]);
  expect(notes.join("\n")).toMatch(/^\.\.\/deploy\/values\.yaml: Excessive alias count/);
});

test.each<[string, Record<string, string>]>([
  ["a name that only begins like the service's", { "dev/a.yaml": deployment("shop/ui-admin:1") }],
  ["a folder of the registry", { "dev/a.yaml": deployment("shop/ui/proxy:1") }],
  ["a compose file", { "compose.yaml": "services: { ui: { image: shop/ui } }\n" }],
  ["values with the tag beside the image", { "dev/values.yaml": "image: shop/ui\ntag: v1\n" }],
  [
    "an address of charts",
    { "dev/values.yaml": "chart: { repository: 'https://charts.example/ui', name: ui }\n" },
  ],
])("%s is none of the service's", (_, files) => {
  expect(propose(files).targets).toEqual([]);
});

test("two repositories that name the image are both told of", () => {
  const files = { "dev/ui.yaml": deployment("shop/ui:1") };
  const other = checkout(files, { label: "../fork", repository: "git@github.com:acme/fork.git" });
  const { targets, notes } = proposeGitops([checkout(files), other], {
    services: ["ui"],
    stack: "dev",
    stacks: ["dev"],
  });
  expect(targets).toEqual([]);
  expect(notes).toEqual([
    "ui: several repositories name its image, in ../deploy and ../fork: add the target that deploys it by hand",
  ]);
});

test.each<[string, Record<string, string>, RegExp | undefined]>([
  ["one Application", { "a.yaml": application("dev") }, undefined],
  ["one of the branch", { "a.yaml": application("dev", ", targetRevision: refs/heads/main") }, undefined],
  [
    "several",
    { "a.yaml": application("dev"), "b.yaml": application("dev", "", "ui-dev-west") },
    /^ui: several Applications deploy its manifests \(argocd\/ui-dev, argocd\/ui-dev-west\): write follow by hand/m,
  ],
  [
    "one of another revision",
    { "a.yaml": application("dev", ", targetRevision: v3") },
    /^ui: the Application ui-dev deploys v3, and the checkout is of main/m,
  ],
])("%s that deploys the folder", (_, files, note) => {
  const { targets, notes } = propose({ "dev/ui.yaml": deployment("shop/ui:1"), ...files });
  const follow = { argocd: { application: "ui-${stack}" } };
  expect(targets[0]?.target).toEqual({
    kind: "gitops",
    repository,
    branch: "main",
    files: [{ path: "${stack}/ui.yaml", yaml: "spec.template.spec.containers[name=main].image" }],
    ...(note === undefined ? { follow } : {}),
  });
  if (note !== undefined) expect(notes.join("\n")).toMatch(note);
});

test("an Application of another folder or another repository is not followed", () => {
  const elsewhere = application("dev").replace("acme/deploy", "acme/other");
  const { targets } = propose({
    "dev/ui.yaml": deployment("shop/ui:1"),
    "a.yaml": application("dev/more"),
    "b.yaml": elsewhere,
  });
  expect(targets[0]?.target).not.toHaveProperty("follow");
});

test.each([
  ["apps/dev/ui-dev.yaml", "apps/${stack}/ui-${stack}.yaml"],
  ["developer/devel-dev2.yaml", "developer/devel-dev2.yaml"],
])("the stack's name in %s", (path, expected) => {
  expect(forStacks(path, "dev")).toBe(expected);
});
