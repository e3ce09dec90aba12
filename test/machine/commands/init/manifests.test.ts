import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";
import { takeDefaults } from "../../../../runner/commands/init/ask.ts";
import { init } from "../../../../runner/commands/init/init.ts";

const example = join(import.meta.dirname, "../../../../examples/shop/gitops");

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "slipway-init-manifests-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(parent, path)), { recursive: true });
    await writeFile(join(parent, path), content);
  }
}

async function commit(checkout: string, origin: string): Promise<void> {
  const git = (...args: string[]) => execa("git", args, { cwd: join(parent, checkout) });
  await git("init", "-q", "-b", "main");
  await git("remote", "add", "origin", origin);
  await git("add", "-A");
}

function run() {
  const request = { stack: "dev", region: "eu-west-1", fromLive: false, dryRun: false, mayExtend: true };
  const context = { emit: () => {}, signal: new AbortController().signal };
  return init({ ...request, directory: join(parent, "shop") }, takeDefaults({}), context);
}

const shop = { "shop/ui/Dockerfile": "FROM scratch\n", "shop/cart/Dockerfile": "FROM scratch\n" };

test("manifests in a neighbour become targets that every stack loads, without the credentials of its origin", async () => {
  await write(shop);
  await commit("shop", "git@github.com:acme/shop.git");
  await cp(example, join(parent, "deploy"), { recursive: true });
  await commit("deploy", "https://me:secret@github.com/acme/deploy.git");
  const { services, notes } = await run();
  expect(notes).toEqual([]);
  expect(services.map(({ runsAs }) => runsAs)).toEqual([
    ["gitops acme/deploy@main:cart/values-dev.yaml image"],
    ["gitops acme/deploy@main:ui/overlays/dev/kustomization.yaml images[ui]"],
  ]);
  expect(await readFile(join(parent, "shop/services.yaml"), "utf8")).not.toContain("secret");
  for (const stack of ["dev", "prod"]) {
    const { catalogue } = await loadStack(join(parent, "shop"), stack);
    expect(catalogue.services).toMatchObject([
      {
        name: "cart",
        targets: [{ files: [{ path: `cart/values-${stack}.yaml`, key: "image" }], follow: "none" }],
      },
      {
        name: "ui",
        targets: [
          {
            repository: "https://github.com/acme/deploy.git",
            branch: "main",
            files: [{ path: `ui/overlays/${stack}/kustomization.yaml`, kind: "kustomize", name: "ui" }],
            follow: { argocd: { application: `ui-${stack}` } },
          },
        ],
      },
    ]);
  }
});

test("a service that services.yaml has is left as it is, and its target is shown once", async () => {
  const catalogue = "services:\n  ui: { context: ui }\n  cart: { context: cart }\n";
  await write({ ...shop, "shop/services.yaml": catalogue });
  await cp(example, join(parent, "shop/manifests"), { recursive: true });
  await commit("shop", "git@github.com:acme/shop.git");
  const { notes } = await run();
  expect(await readFile(join(parent, "shop/services.yaml"), "utf8")).toBe(catalogue);
  expect(notes[0]).toMatch(
    /^ui: gitops acme\/shop@main:manifests\/ui\/overlays\/dev\/.+ names its image: add to its targets in services\.yaml: \{ kind: gitops, repository: git@github\.com:acme\/shop\.git, /,
  );
  const target = /services\.yaml: (\{.*\})$/.exec(notes[0] ?? "")?.[1] ?? "";
  await write({
    "shop/services.yaml": `services:\n  ui: { context: ui, targets: [${target}] }\n  cart: { context: cart }\n`,
  });
  await loadStack(join(parent, "shop"), "dev");
  expect((await run()).notes.filter((note) => note.startsWith("ui:"))).toEqual([]);
});

test("links, templates, large files, and what git does not track are passed over", async () => {
  const deployment = (image: string) =>
    `apiVersion: v1\nkind: Pod\nspec: { containers: [{ name: ui, image: ${image} }] }\n`;
  await write({
    ...shop,
    "outside/pod.yaml": deployment("a.example/ui:1"),
    "outside/folder/pod.yaml": deployment("b.example/ui:1"),
    "deploy/dev/pod.yaml": deployment("c.example/ui:1"),
    "deploy/dev/large.yaml": `${deployment("d.example/ui:1")}${"# large\n".repeat(40_000)}`,
    "deploy/dev/folder/pod.yaml": deployment("e.example/ui:1"),
    "deploy/chart/Chart.yaml": "name: ui\n",
    "deploy/chart/templates/dev.yaml": deployment("{{ .Values.image }} # ui"),
    "deploy/dev/template.yaml": deployment('"{{ image }}" # ui'),
    "plain/dev/pod.yaml": deployment("g.example/ui:1"),
  });
  await symlink("../../outside/pod.yaml", join(parent, "deploy/dev/link.yaml"));
  await commit("deploy", "git@github.com:acme/deploy.git");
  await write({ "deploy/dev/new.yaml": deployment("f.example/ui:1") });
  // A folder that git tracks has become a link.
  await rename(join(parent, "deploy/dev/folder"), join(parent, "gone"));
  await symlink("../../outside/folder", join(parent, "deploy/dev/folder"));
  const { services, notes } = await run();
  expect(services.find(({ name }) => name === "ui")?.targets).toMatchObject([
    { files: [{ path: "${stack}/pod.yaml", yaml: "spec.containers[name=ui].image" }] },
  ]);
  expect(notes).toContain("../deploy/dev/template.yaml: is a template ({{), which Slipway does not edit");
  expect(notes.join("\n")).not.toContain("chart");
});
