import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateRepositoryCommand } from "@aws-sdk/client-ecr";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { DiffDocument } from "../../runner/commands/diff/diff.ts";
import type { HistoryDocument } from "../../runner/commands/history/history.ts";
import type { ImagesDocument } from "../../runner/commands/images/list.ts";
import type { PromoteDocument } from "../../runner/commands/promote/promote.ts";
import type { RollbackDocument } from "../../runner/commands/rollback/rollback.ts";
import type { StatusDocument } from "../../runner/commands/status/document.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import type { DeployPlan } from "../../runner/plan/document.ts";
import { readState } from "../../sandbox/state.ts";
import {
  commitFiles,
  fileOn,
  type GitServer,
  git,
  makeRepository,
  serveGit,
} from "../machine/targets/gitops/git-server.ts";
import { cli, clone, createWorld, shopOnOnePlatform, stack, startCli, type World } from "./world.ts";

// Deployments to manifests in git, beside ECS services and Lambda functions.

const directory = join(clone, ".slipway/e2e-gitops");
const files = {
  "apps/ui/kustomization.yaml": `# the shop's pages\nimages:\n  - name: ui   # set by slipway\n    newName: example.com/ui\n    newTag: v0\n`,
  // A service that only manifests run, with a file for each stack.
  "apps/catalog/sandbox/kustomization.yaml": catalogOf("v0"),
  "apps/catalog/live/kustomization.yaml": catalogOf("none"),
  "apps/checkout/values.yaml": `image: {repository: example.com/checkout, digest: ""}\nmode: 0644\n`,
};

function catalogOf(tag: string): string {
  return `images:\n- name: catalog\n  newName: example.com/catalog # by slipway\n  newTag: ${tag}\n`;
}

let world: World;
let server: GitServer;
let bare: string;

beforeAll(async () => {
  server = await serveGit();
  bare = makeRepository(server.root, "deploy.git", files);
  const catalogue = parse(await shopOnOnePlatform()) as {
    services: Record<string, { targets: object[] }>;
  };
  const target = (file: object) => ({
    kind: "gitops",
    repository: `${server.url}/deploy.git`,
    files: [file],
    order: 1,
  });
  const { ui, checkout, catalog, orders } = catalogue.services;
  ui?.targets.push(target({ path: "apps/ui/kustomization.yaml", kustomize: "ui" }));
  checkout?.targets.push(target({ path: "apps/checkout/values.yaml", helm: "image" }));
  const ofStack = { path: "apps/catalog/${stack}/kustomization.yaml", kustomize: "catalog" };
  catalog?.targets.splice(0, 1, target(ofStack));
  Object.assign(orders?.targets[0] ?? {}, { order: 2 });
  Object.assign(process.env, {
    GIT_AUTHOR_NAME: "Deployer",
    GIT_AUTHOR_EMAIL: "deployer@example.com",
    GIT_COMMITTER_NAME: "Deployer",
    GIT_COMMITTER_EMAIL: "deployer@example.com",
  });
  world = await createWorld(directory, { changes: { "services.yaml": stringify(catalogue) } });
});

afterAll(async () => {
  await cli("sandbox", "down", "-C", directory);
  await rm(directory, { recursive: true, force: true });
  server?.close();
  await world?.end();
});

const run = (...words: readonly string[]) => cli(...words, "-C", directory, "--stack", stack);
const json = (...words: readonly string[]) => run(...words, "--output", "json");
const commits = () => Number(git(bare, "rev-list", "--count", "main"));
const digestOf = (reference: string | undefined) => reference?.split("@")[1];
const textOf = (path: string) => fileOn(bare, path).toString();
const namedDigest = (path = "apps/ui/kustomization.yaml") => /digest: (\S+)/.exec(textOf(path))?.[1];

test("one run moves an ECS service, a function and the manifests of both, with one commit", async () => {
  const planned = (await json("plan", "ui")).document<DeployPlan>();
  expect(planned.services[0]?.targets[1]).toMatchObject({
    kind: "gitops",
    action: "update",
    changes: [
      { field: "image", before: "example.com/ui:v0" },
      { field: "apps/ui/kustomization.yaml:4", before: "    newName: example.com/ui" },
      { field: "apps/ui/kustomization.yaml:5", before: "    newTag: v0" },
    ],
  });
  for (const name of ["ui", "checkout"]) await world.workspace.write(`examples/shop/${name}/VERSION`, "1\n");
  const ended = await run("deploy", "ui", "checkout");
  expect(ended.exitCode, ended.stderr).toBe(0);
  console.info(ended.stdout);
  expect(commits()).toBe(2);
  expect(git(bare, "diff", "--numstat", "main~1", "main")).toBe(
    "1\t1\tapps/checkout/values.yaml\n2\t2\tapps/ui/kustomization.yaml\n",
  );
  const status = (await json("status", "ui", "checkout")).document<StatusDocument>();
  const [ecs, manifest] = status.targets;
  expect(status.targets.map(({ kind, health, source }) => [kind, health, source])).toEqual([
    ["ecs", "healthy", "current"],
    ["gitops", "healthy", "current"],
    ["lambda", "healthy", "current"],
    ["gitops", "healthy", "current"],
  ]);
  expect(digestOf(manifest?.running)).toBe(digestOf(ecs?.running));
  expect(namedDigest()).toBe(digestOf(manifest?.running));
  expect(git(bare, "log", "-1", "--format=%(trailers:key=Slipway-Service,valueonly)", "main").trim()).toBe(
    "checkout\nui",
  );
});

test("a run that has nothing to do makes no commit", async () => {
  const ended = (await json("deploy", "ui", "checkout")).document<DeployDocument>();
  expect(ended.outcome).toBe("nothing");
  expect(commits()).toBe(2);
});

test("a run that is killed while it pushes is finished by the next one", async () => {
  await world.workspace.write("examples/shop/ui/VERSION", "2\n");
  let reached = () => {};
  const isPushing = new Promise<void>((resolve) => {
    reached = resolve;
  });
  server.before = async (path) => {
    if (!path.endsWith("git-receive-pack")) return;
    reached();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  };
  const killed = startCli("deploy", "ui", "-C", directory, "--stack", stack);
  await isPushing;
  killed.kill("SIGKILL");
  await killed;
  server.before = () => {};
  const ended = (await json("deploy", "ui")).document<DeployDocument>();
  expect(ended.outcome).not.toBe("failed");
  const status = (await json("status", "ui")).document<StatusDocument>();
  expect(status.targets.map(({ source }) => source)).toEqual(["current", "current"]);
  expect(commits()).toBe(3);
});

test("a rollback is a commit with the earlier image", async () => {
  const before = namedDigest();
  const ended = (await json("rollback", "ui")).document<RollbackDocument>();
  expect(ended.targets.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["ecs", "done"],
    ["gitops", "done"],
  ]);
  console.info((await run("status", "ui")).stdout);
  expect(commits()).toBe(4);
  expect(namedDigest()).not.toBe(before);
  expect(namedDigest()).toBe(digestOf(ended.services[0]?.reference));
  const images = (await json("images", "ui")).document<ImagesDocument>();
  expect(JSON.stringify(images)).toContain("HEAD of main");
});

test("what the server rejects puts everything back where all or nothing is wanted", async () => {
  const hook = join(bare, "hooks", "pre-receive");
  writeFileSync(hook, "#!/bin/sh\necho 'the branch is protected' >&2\nexit 1\n");
  chmodSync(hook, 0o755);
  const before = [namedDigest(), textOf("apps/checkout/values.yaml")];
  await world.workspace.write("examples/shop/checkout/VERSION", "3\n");
  const ended = await json("deploy", "ui", "checkout", "--all-or-nothing");
  rmSync(hook);
  expect(ended.exitCode).toBe(1);
  const { targets } = ended.document<DeployDocument>();
  expect(targets.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["ecs", "rolled back"],
    ["gitops", "failed"],
    ["lambda", "rolled back"],
    ["gitops", "failed"],
  ]);
  expect(targets[1]?.message).toContain("the server rejected the push (pre-receive hook declined)");
  expect([namedDigest(), textOf("apps/checkout/values.yaml")]).toEqual(before);
  expect(commits()).toBe(4);
});

test("a service that fails last takes back an ECS service, a function and the manifests of both", async () => {
  const configuration = join(directory, "examples/shop/orders/orders.conf");
  const healthy = await readFile(configuration, "utf8");
  await writeFile(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
  const ended = await run("deploy", "ui", "checkout", "orders", "--all-or-nothing", "--output", "json");
  await writeFile(configuration, healthy);
  expect(ended.exitCode, ended.stderr).toBe(1);
  const { targets } = ended.document<DeployDocument>();
  console.info(targets.map(({ title, outcome, message }) => `${title}: ${outcome}: ${message}`).join("\n"));
  expect(targets.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["ecs", "rolled back"],
    ["gitops", "rolled back"],
    ["ecs", "rolled back"],
    ["lambda", "rolled back"],
    ["gitops", "rolled back"],
  ]);
  // A commit with the images, and commits that put the lines back; the files are as they were.
  expect(commits()).toBeGreaterThan(5);
  expect(git(bare, "diff", "--stat", `main~${commits() - 4}`, "main")).toBe("");
});

test("diff compares two releases of a manifest, and a release with what the manifest names", async () => {
  for (const version of ["1", "2"]) {
    await world.workspace.write("examples/shop/catalog/VERSION", `${version}\n`);
    await world.workspace.commit(`catalog ${version}`);
    const deployed = await json("deploy", "catalog");
    expect(deployed.exitCode, deployed.stderr).toBe(0);
  }
  const path = "apps/catalog/sandbox/kustomization.yaml";
  const history = (await json("history", "catalog")).document<HistoryDocument>();
  const [second, first] = history.services[0]?.releases ?? [];
  const compare = async (...sides: readonly string[]) => {
    const [service] = (await json("diff", ...sides, "catalog")).document<DiffDocument>().services;
    return service?.differences.find(({ field }) => field === "image");
  };
  expect(second?.image).toBe(namedDigest(path));
  expect(await compare(first?.id ?? "", second?.id ?? "")).toMatchObject({
    before: first?.image,
    after: second?.image,
  });
  expect(await compare("live", second?.id ?? "")).toBeUndefined();
  const text = textOf(path);
  commitFiles(bare, { [path]: text.replace(second?.image ?? "", first?.image ?? "") }, "by hand");
  expect(await compare("live", second?.id ?? "")).toMatchObject({
    before: first?.image,
    after: second?.image,
  });
  commitFiles(bare, { [path]: text }, "and back");
});

test("a promotion writes the other stack's manifest, with the registry that has the digest by then", async () => {
  const [from, to] = ["sandbox", "live"].map((name) => `apps/catalog/${name}/kustomization.yaml`) as [
    string,
    string,
  ];
  const registry = await secondStack();
  const promote = (...words: readonly string[]) =>
    cli("promote", "catalog", "--from", stack, "--to", "live", ...words, "-C", directory, "--output", "json");
  const before = commits();

  const refused = await promote();
  expect(refused.exitCode, refused.stdout).toBe(2);
  expect(refused.stdout).toContain('"no-repository"');
  expect(textOf(to)).toBe(catalogOf("none"));
  await world.clients.ecr.send(new CreateRepositoryCommand({ repositoryName: "live/catalog" }));

  const planned = await promote("--dry-run");
  expect(planned.exitCode, planned.stderr).toBe(0);
  expect(planned.stdout).toContain(`${registry}/live/catalog`);
  expect(commits()).toBe(before);

  const ended = await promote();
  expect(ended.exitCode, ended.stderr).toBe(0);
  const done = ended.document<PromoteDocument>();
  console.info(JSON.stringify(done.copied), git(bare, "show", "main"));
  expect(done.targets).toMatchObject([{ kind: "gitops", outcome: "done" }]);
  expect(namedDigest(to)).toBe(namedDigest(from));
  expect(textOf(to)).toBe(
    `images:\n- name: catalog\n  newName: ${registry}/live/catalog # by slipway\n  digest: ${namedDigest(from)}\n`,
  );
  expect(git(bare, "diff", "--numstat", "main~1", "main")).toBe(`2\t2\t${to}\n`);
  expect((await promote()).document<PromoteDocument>().outcome).toBe("nothing");
  expect(commits()).toBe(before + 1);
});

/** A stack with repositories of its own, in a registry of another name; returns the name. */
async function secondStack(): Promise<string> {
  const own = await readState(join(directory, ".slipway/sandbox/state.json"));
  const registry = own?.registry ?? "";
  expect(registry).not.toBe(world.state.registry);
  const settings = parse(await readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  Object.assign(settings.config, {
    "slipway:registry": registry,
    "slipway:repositories": { ...(settings.config["slipway:repositories"] as object), prefix: "live" },
  });
  await writeFile(join(directory, "Pulumi.live.yaml"), stringify(settings));
  return registry;
}
