import { parsePath } from "../../../../config/targets/gitops/path.ts";
import type { ManifestPlace } from "../../../../config/targets/gitops/target.ts";

export const oldDigest = `sha256:${"0".repeat(64)}`;
export const newDigest = `sha256:${"1".repeat(64)}`;
export const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
export const wanted = { registry, repository: "shop/ui", digest: newDigest, tag: undefined };
export const oldReference = `${registry}/shop/ui@${oldDigest}`;
export const newReference = `${registry}/shop/ui@${newDigest}`;

export const kustomize = (name = "ui", create = false): ManifestPlace => ({
  path: "kustomization.yaml",
  kind: "kustomize",
  name,
  create,
});
export const helm = (key = "image"): ManifestPlace => ({
  path: "values.yaml",
  kind: "helm",
  key,
  steps: parsePath(key) ?? [],
});
export const yaml = (key: string): ManifestPlace => ({
  path: "deployment.yaml",
  kind: "yaml",
  key,
  steps: parsePath(key) ?? [],
});

/** A file that breaks writers of YAML, the place in it, and the only text that may change. */
export interface NastyFile {
  readonly name: string;
  readonly place: ManifestPlace;
  readonly text: string;
  /** Old and new text of each change, in their order. */
  readonly changes: readonly (readonly [string, string])[];
}

const digestOnly = [[oldDigest, newDigest]] as const;
const whole = [[oldReference, newReference]] as const;

export const nastyFiles: readonly NastyFile[] = [
  {
    name: "octal mode, flow map, aligned values and two spaces before comments",
    place: yaml("spec.template.spec.containers[name=ui].image"),
    text: `kind: Deployment\nspec:\n  template:\n    spec:\n      volumes: [{name: a,secret: {defaultMode: 0644}}]\n      containers:\n      - name:  sidecar\n        image:   other:1\n      - name:  ui   # ours\n        image:   ${oldReference}  # {"$imagepolicy": "ns:ui"}\n        mode:    0x1F\n`,
    changes: whole,
  },
  {
    name: "CRLF, a BOM and no final newline",
    place: kustomize(),
    text: `\uFEFFresources:\r\n- a.yaml\r\nimages:\r\n- name: ui\r\n  newName: ${registry}/shop/ui\r\n  digest: ${oldDigest}`,
    changes: digestOnly,
  },
  {
    name: "several documents with directives and block scalars",
    place: yaml("[kind=Deployment][metadata.name=ui].spec.containers[name=ui].image"),
    text: `%YAML 1.2\n---\nkind: ConfigMap\ndata:\n  run: |\n    image: ${oldReference}\n\n    echo "x"   \n...\n---\nkind: Deployment\nmetadata: {name: ui}\nspec:\n  containers:\n    - {name: ui, image: '${oldReference}', command: [sh,-c, 'a  b']}\n---\nkind: Deployment\nmetadata: {name: other}\nspec:\n  containers:\n    - {name: ui, image: '${oldReference}'}\n`,
    changes: whole,
  },
  {
    name: "anchors, aliases and merge keys beside the image",
    place: yaml("ui.image"),
    text: `base: &base\n  image: other:1\n  cpu: &cpu 010\nui:\n  <<: *base\n  image: "${oldReference}"\n  limit: *cpu\n`,
    changes: whole,
  },
  {
    name: "a folded block scalar",
    place: yaml("image"),
    text: `image: >-\n    ${oldReference}\n\nnext:\n  # outdented comment follows\n# here\n  a: 1e3\n`,
    changes: whole,
  },
  {
    name: "a newTag that becomes a digest, in the middle of other images",
    place: kustomize(),
    text: `images:\n  - name: api\n    newTag: 1.0\n\n  # the shop\n  - newTag:   abc1234   # set by CI\n    name: ui\n    newName: ${registry}/shop/ui\n  - {name: ui2, newTag: abc1234}\n`,
    changes: [["newTag:   abc1234   # set", "digest:   __   # set".replace("__", newDigest)]],
  },
  {
    name: "Helm values with registry, repository and digest in flow style",
    place: helm("ui.image"),
    text: `ui: {replicas: 2,image: { registry: "old.example",   repository: 'x/y', tag: '', digest: ${oldDigest} }}\nother: {{a: 1}: 2}\n`.replace(
      "other: {{a: 1}: 2}\n",
      "other: {a: 1}\n",
    ),
    changes: [
      ['"old.example"', `"${registry}"`],
      ["'x/y'", "'shop/ui'"],
      [oldDigest, newDigest],
    ],
  },
  {
    name: "values that are left out",
    place: helm(),
    text: `image:\n  repository:   # filled in by CI\n  digest:\n`,
    changes: [
      ["repository:   #", `repository:   ${registry}/shop/ui #`],
      ["digest:\n", `digest: ${newDigest}\n`],
    ],
  },
  {
    name: "an alias-laden list, of which one item is ours, and 4-space indentation",
    place: yaml("spec.containers[name=ui].image"),
    text: `spec:\n    extra: &extra\n        name: extra\n        image: x:1\n    containers:\n        - *extra\n        -   name: ui\n            image: ${oldReference}\n            args: ['a',"b", c]\n`,
    changes: whole,
  },
  {
    name: "an annotation key with dots and slashes, and a long folded text",
    place: yaml('metadata.annotations["example.com/ui.image"]'),
    text: `metadata:\n  annotations:\n    text: >\n      a very long text that a printer would wrap at eighty columns because it is longer than that, really\n      and more\n    "example.com/ui.image": ${oldReference}\n    on: yes\n`,
    changes: whole,
  },
  {
    name: "a double-quoted reference over two lines, and tabs before a comment",
    place: yaml("image"),
    text: `image: "${registry}/shop/ui\\\n  @${oldDigest}"\t\t# pinned\ntime: 12:30:45\nbig: 0xFFFFFFFFFFFFFFFFFF\n`,
    changes: [[`${registry}/shop/ui\\\n  @${oldDigest}`, newReference]],
  },
  {
    name: "non-ASCII text, trailing blanks and blank lines at the end",
    place: kustomize("café/ui"),
    text: `# ☕ größer\nimages:   \n- name: café/ui   \n  newName: ${registry}/shop/ui\n  digest: "${oldDigest}"   \n\n\n`,
    changes: digestOnly,
  },
];
