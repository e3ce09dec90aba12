import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import type { WrittenImage } from "../../../../runner/targets/gitops/edit/change.ts";
import { editImage } from "../../../../runner/targets/gitops/edit/edit.ts";
import { ensureTools } from "../../../../sandbox/toolchain/ensure.ts";

// What Slipway edited, rendered by the programs that clusters render it with.

const example = join(import.meta.dirname, "../../../../examples/shop/gitops");
const registry = "222233334444.dkr.ecr.eu-central-1.amazonaws.com";
const digest = `sha256:${"e".repeat(64)}`;

let programs: Readonly<Record<"kubectl" | "helm", string>>;

beforeAll(async () => {
  const { signal } = new AbortController();
  const { kubectl, helm } = await ensureTools(["kubectl", "helm"], { emit: () => {}, signal });
  programs = { kubectl: kubectl.path, helm: helm.path };
}, 120_000);

/** A copy of the example in which Slipway has set the image of a service. */
function edited(file: object, repository: string, tag?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-render-"));
  cpSync(example, folder, { recursive: true });
  const target = resolveGitopsTarget(
    gitopsTargetSchema.parse({ kind: "gitops", repository: "./deploy", files: [file] }),
    "any",
    (text) => text,
  );
  const image: WrittenImage = { registry, repository, digest, tag };
  for (const place of target.files) {
    const path = join(folder, place.path);
    writeFileSync(path, editImage(readFileSync(path, "utf8"), place, image).text);
  }
  return folder;
}

/** The images of all containers in rendered manifests, and the manifests' kinds. */
function rendered(text: string): { readonly kinds: readonly string[]; readonly images: readonly string[] } {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as null | Rendered)
    .filter((object) => object !== null);
  return {
    kinds: objects.map(({ kind }) => kind),
    images: objects.flatMap(({ spec }) => spec.template?.spec.containers.map(({ image }) => image) ?? []),
  };
}

interface Rendered {
  readonly kind: string;
  readonly spec: {
    readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

const run = (program: "kubectl" | "helm", ...args: readonly string[]) =>
  execFileSync(programs[program], args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

test.each(["dev", "prod"])("kustomize renders the overlay of %s with the image that was set", (stack) => {
  const path = `ui/overlays/${stack}/kustomization.yaml`;
  const folder = edited({ path, kustomize: "ui" }, "shop/ui");
  expect(rendered(run("kubectl", "kustomize", join(folder, "ui/overlays", stack)))).toEqual({
    kinds: ["Service", "Deployment"],
    images: [`${registry}/shop/ui@${digest}`],
  });
});

test("kustomize renders an image by tag and digest with both", () => {
  const path = "ui/overlays/dev/kustomization.yaml";
  const folder = edited({ path, kustomize: "ui" }, "shop/ui", "src-0123456789ab");
  expect(rendered(run("kubectl", "kustomize", join(folder, "ui/overlays/dev"))).images).toEqual([
    `${registry}/shop/ui:src-0123456789ab@${digest}`,
  ]);
});

test.each([["dev"], ["prod"]])(
  "Helm renders a chart with the values of %s and the image that was set",
  (stack) => {
    const values = `cart/values-${stack}.yaml`;
    const folder = edited({ path: values, helm: "image" }, "shop/cart");
    const chart = join(folder, "chart");
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: cart\nversion: 1.0.0\n");
    writeFileSync(
      join(chart, "templates/deployment.yaml"),
      [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata: {name: cart}",
        "spec:",
        "  replicas: {{ .Values.replicas }}",
        "  selector: {matchLabels: {app: cart}}",
        "  template:",
        "    metadata: {labels: {app: cart}}",
        "    spec:",
        "      containers:",
        "        - name: cart",
        '          image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"',
        "",
      ].join("\n"),
    );
    const text = run("helm", "template", "cart", chart, "--values", join(folder, values));
    expect(rendered(text)).toEqual({ kinds: ["Deployment"], images: [`${registry}/shop/cart@${digest}`] });
    expect(text).toContain(`replicas: ${stack === "dev" ? 1 : 3}`);
  },
);
