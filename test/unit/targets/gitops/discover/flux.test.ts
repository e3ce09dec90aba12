import { expect, test } from "vitest";
import { mentionOf } from "../../../../../runner/targets/gitops/discover/checkout.ts";
import { proposeGitops } from "../../../../../runner/targets/gitops/discover/propose.ts";

const repository = "git@github.com:acme/deploy.git";

function propose(files: Readonly<Record<string, string>>) {
  const texts = new Map(Object.entries(files));
  const checkout = {
    ...{ label: "../deploy", repository, branch: "main", paths: new Set(texts.keys()), texts, notes: [] },
  };
  return proposeGitops([checkout], { services: ["ui"], stack: "dev", stacks: ["dev"] });
}

// As `flux bootstrap` and the guides write them. https://fluxcd.io/flux/guides/repository-structure/
const overlay = "images:\n  - name: ui\n    newName: r.example/shop/ui\n    newTag: none\n";
const source = (branch = "main", url = "ssh://git@github.com/acme/deploy", name = "flux-system") =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { interval: 1m0s, url: "${url}", ref: { branch: ${branch} } }\n`;
const kustomization = (name: string, path: string, namespace = "flux-system") =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  path: ${path}\n  prune: true\n  sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }\n`;
const release = (spec: string, namespace = "shop") =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: ui, namespace: ${namespace} }\nspec: ${spec}\n`;
const image = '{ image: { repository: r.example/shop/ui, digest: "" } }';

test.each<[string, Record<string, string>, object | undefined, readonly string[]]>([
  [
    "the Kustomization whose path is the overlay's folder",
    {
      "clusters/dev/flux-system/gotk-sync.yaml": `${source()}---\n${kustomization("flux-system", "./clusters/dev")}`,
      "clusters/dev/apps.yaml": kustomization("ui-dev", "./apps/dev"),
      "apps/dev/kustomization.yaml": overlay,
    },
    { flux: { kustomization: "ui-${stack}" } },
    [],
  ],
  [
    "the Kustomization with the longest path, in a namespace of its own",
    {
      "flux.yaml": `${source()}---\n${kustomization("all", "./")}---\n${kustomization("apps-dev", "apps/dev", "team")}`,
      "apps/dev/ui/kustomization.yaml": overlay,
    },
    { flux: { kustomization: "apps-${stack}", namespace: "team" } },
    [],
  ],
  [
    "the HelmRelease that holds the values, and the Kustomization that applies it",
    {
      "flux.yaml": `${source()}---\n${kustomization("apps", "./apps/dev")}`,
      "apps/dev/ui.yaml": release(
        `{ chart: { spec: { chart: web, sourceRef: { kind: HelmRepository, name: charts } } }, values: ${image} }`,
      ),
    },
    { flux: { kustomization: "apps", helmRelease: "ui", helmReleaseNamespace: "shop" } },
    [],
  ],
  [
    "the HelmRelease of a chart in the repository, by the file of its values",
    {
      "flux.yaml": `${source()}---\n${release("{ chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }, valuesFiles: [charts/web/dev.yaml] } } }")}`,
      "charts/web/dev.yaml": 'image: { repository: r.example/shop/ui, digest: "" }\n',
    },
    { flux: { helmRelease: "ui", namespace: "shop" } },
    [],
  ],
  [
    "a note where nobody says in which namespace the HelmRelease is",
    { "ui.yaml": release(`{ values: ${image} }`).replace(", namespace: shop", "") },
    undefined,
    ["ui: the file of HelmRelease ui says no namespace: write follow by hand"],
  ],
  [
    "nothing where the source is of another repository",
    {
      "flux.yaml": `${source("main", "https://github.com/acme/other")}---\n${kustomization("apps", "./apps/dev")}`,
      "apps/dev/kustomization.yaml": overlay,
    },
    undefined,
    [],
  ],
  [
    "a note where the source is of another branch",
    {
      "flux.yaml": `${source("live")}---\n${kustomization("apps", "./apps/dev")}`,
      "apps/dev/kustomization.yaml": overlay,
    },
    undefined,
    [
      "ui: Flux's source flux-system/flux-system is of live, and the checkout is of main: write follow by hand",
    ],
  ],
  [
    "a note where the source is in no file",
    {
      "flux.yaml": kustomization("apps", "./apps/dev"),
      "apps/dev/kustomization.yaml": overlay,
    },
    undefined,
    ["ui: the source of Kustomization flux-system/apps is not among the files: write follow by hand"],
  ],
  [
    "a note where two Kustomizations apply the folder",
    {
      "flux.yaml": `${source()}---\n${kustomization("one", "./apps/dev")}---\n${kustomization("two", "apps/dev/")}`,
      "apps/dev/kustomization.yaml": overlay,
    },
    undefined,
    [
      "ui: several objects of Flux deploy its manifests (Kustomization flux-system/one, Kustomization flux-system/two): write follow by hand",
    ],
  ],
  [
    "a note where Argo CD deploys it as well",
    {
      "flux.yaml": `${source()}---\n${kustomization("apps", "./apps/dev")}`,
      "argocd.yaml":
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ui-dev, namespace: argocd }\nspec:\n  source: { repoURL: "https://github.com/acme/deploy", path: apps/dev }\n',
      "apps/dev/kustomization.yaml": overlay,
    },
    undefined,
    ["ui: Argo CD and Flux both deploy its manifests: write follow by hand"],
  ],
])("%s", (_, files, follow, notes) => {
  const found = propose(files);
  expect(found.targets).toHaveLength(1);
  expect(found.targets.map(({ target }) => ("follow" in target ? target.follow : undefined))).toEqual([
    follow,
  ]);
  expect(found.notes).toEqual(notes);
});

test("files with objects of Flux are read, also where they name no image", () => {
  const isMention = mentionOf(["ui"]);
  expect(isMention(source())).toBe(true);
  expect(isMention(kustomization("apps", "./apps"))).toBe(true);
  expect(isMention("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")).toBe(false);
});
