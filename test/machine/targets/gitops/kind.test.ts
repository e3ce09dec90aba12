import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  type GitopsTarget,
  gitopsTargetSchema,
  resolveGitopsTarget,
} from "../../../../config/targets/gitops/target.ts";
import type { Image } from "../../../../runner/registry/image.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { fakeContext, image, sha } from "../../../unit/targets/fakes.ts";
import { commitFiles, fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";

const old = `localhost:5000/shop/ui@${sha("0")}`;
const kustomization = (letter: string) =>
  `images:\n- name: ui # ours\n  newName: localhost:5000/shop/ui\n  digest: ${sha(letter)}\n- name: cart\n  newTag: v1 # first\n  newName: localhost:5000/shop/cart\n`;
const deployment = (letter: string) => `spec:\n  image: 'localhost:5000/shop/ui@${sha(letter)}'\n`;

let server: GitServer;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => {
  for (const who of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${who}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${who}_EMAIL`, "deployer@example.com");
  }
});

function world() {
  count += 1;
  const name = `deploy-${count}.git`;
  const bare = makeRepository(server.root, name, {
    "dev/kustomization.yaml": kustomization("0"),
    "dev/deployment.yaml": deployment("0"),
  });
  const directory = mkdtempSync(join(tmpdir(), "slipway-gitops-"));
  const context = { ...fakeContext(), directory, release: { stack: "dev", commit: "a".repeat(40) } };
  const targetOf = (files: readonly object[]): GitopsTarget =>
    resolveGitopsTarget(
      gitopsTargetSchema.parse({ kind: "gitops", repository: `${server.url}/${name}`, files }),
      "ui",
      (text) => text.replaceAll("${stack}", "dev"),
    );
  const both = targetOf([
    { path: "${stack}/kustomization.yaml", kustomize: "ui" },
    { path: "${stack}/deployment.yaml", yaml: "spec.image" },
  ]);
  const planOf = async (target: GitopsTarget, service: string, wanted: Image) =>
    gitopsKind.plan(service, target, await gitopsKind.inspect(target, context), wanted);
  return { bare, context, targetOf, both, planOf };
}

const isUi = (bare: string, letter: string) =>
  fileOn(bare, "dev/kustomization.yaml").toString() === kustomization(letter) &&
  fileOn(bare, "dev/deployment.yaml").toString() === deployment(letter);

test("a target with two files is planned line by line, committed, and done means committed", async () => {
  const { bare, context, both, planOf } = world();
  const plan = await planOf(both, "ui", image);
  expect(plan).toMatchObject({
    action: "update",
    problems: [],
    title: `gitops deploy-${count}@main:dev/kustomization.yaml images[ui]`,
    changes: [
      { field: "image", before: old, after: `localhost:5000/shop/ui@${sha("1")}` },
      { field: "dev/kustomization.yaml:4", before: `  digest: ${sha("0")}`, after: `  digest: ${sha("1")}` },
      { field: "dev/deployment.yaml:2" },
    ],
  });
  expect(await gitopsKind.isAsPlanned(plan, context)).toBe(true);
  const checks = await gitopsKind.verify(both, plan.state, { image, registry: image.registry }, context);
  expect(checks.map(({ state }) => state)).toEqual(["ok", "ok"]);
  const applied = await gitopsKind.apply(plan, image, context);
  const outcome = await gitopsKind.follow(plan, applied, image, context);
  expect(outcome).toMatchObject({
    outcome: "done",
    message: expect.stringContaining("nothing was proven"),
    running: `localhost:5000/shop/ui@${sha("1")}`,
    details: { commit: git(bare, "rev-parse", "main").trim(), branch: "main" },
  });
  expect(isUi(bare, "1")).toBe(true);
  expect((await planOf(both, "ui", image)).action).toBe("none");
  expect(await gitopsKind.status("ui", both, context)).toMatchObject({
    health: "healthy",
    running: `localhost:5000/shop/ui@${sha("1")}`,
  });
  expect(await gitopsKind.inUse(context, [both])).toHaveLength(2);
});

test("a digest that is not built yet is shown as such", async () => {
  const { both, planOf } = world();
  const plan = await planOf(both, "ui", { ...image, digest: undefined } as unknown as Image);
  expect(plan.changes[1]?.after).toBe("  digest: (after build)");
});

test("what was moved is put back byte by byte, beside a change of somebody else in the same file", async () => {
  const { bare, context, both, planOf } = world();
  const plan = await planOf(both, "ui", image);
  const applied = await gitopsKind.apply(plan, image, context);
  commitFiles(bare, { "dev/kustomization.yaml": `# theirs\n${kustomization("1")}` }, "theirs");
  const reverted = await gitopsKind.revert(plan, applied, context);
  expect(reverted).toMatchObject({ outcome: "rolled back", running: old });
  expect(fileOn(bare, "dev/kustomization.yaml").toString()).toBe(`# theirs\n${kustomization("0")}`);
  expect(fileOn(bare, "dev/deployment.yaml").toString()).toBe(deployment("0"));
  const said = git(bare, "log", "-1", "--format=%B", "main");
  expect(said).toMatch(/^Put ui back on dev to sha256:000000000000\n/);
  expect(said).toContain(`\nSlipway-Image: ui ${old}\n`);
});

test("a tag that became a digest is put back as the tag", async () => {
  const { bare, context, targetOf, planOf } = world();
  const target = targetOf([{ path: "dev/kustomization.yaml", kustomize: "cart" }]);
  const cart = { ...image, service: "cart", repository: "shop/cart" };
  const plan = await planOf(target, "cart", cart);
  const applied = await gitopsKind.apply(plan, cart, context);
  expect(fileOn(bare, "dev/kustomization.yaml").toString()).toContain(`  digest: ${sha("1")} # first`);
  expect(await gitopsKind.revert(plan, applied, context)).toMatchObject({ outcome: "rolled back" });
  expect(isUi(bare, "0")).toBe(true);
});

test("an image that somebody else has set since stays when the rest is put back", async () => {
  const { bare, context, both, planOf } = world();
  const plan = await planOf(both, "ui", image);
  const applied = await gitopsKind.apply(plan, image, context);
  commitFiles(
    bare,
    { "dev/kustomization.yaml": kustomization("7"), "dev/deployment.yaml": deployment("7") },
    "x",
  );
  expect(await gitopsKind.revert(plan, applied, context)).toMatchObject({
    outcome: "rolled back",
    message: "someone else has set another image: it stays",
    running: `localhost:5000/shop/ui@${sha("7")}`,
  });
  expect(isUi(bare, "7")).toBe(true);
});

test("a change by somebody else after the plan is noticed, and one elsewhere is not", async () => {
  const { bare, context, both, planOf } = world();
  const plan = await planOf(both, "ui", image);
  commitFiles(bare, { "README.md": "elsewhere" }, "elsewhere");
  await vi.waitFor(async () => expect(await gitopsKind.isAsPlanned(plan, context)).toBe(true), 20_000);
  commitFiles(bare, { "dev/kustomization.yaml": kustomization("7") }, "theirs");
  await expect(gitopsKind.apply(plan, image, context)).rejects.toThrow("was changed after it was planned");
  expect(await gitopsKind.isAsPlanned(plan, context)).toBe(false);
});

test("targets of one branch are applied together", async () => {
  const { bare, context, both, targetOf, planOf } = world();
  const cart = { ...image, service: "cart", repository: "shop/cart" };
  const other = targetOf([{ path: "dev/kustomization.yaml", kustomize: "cart" }]);
  const { together } = gitopsKind;
  expect(together?.key(both, "/project")).toBe(together?.key(other, "/project"));
  const moves = [
    { plan: await planOf(both, "ui", image), image, context },
    { plan: await planOf(other, "cart", cart), image: cart, context },
  ];
  const results = (await together?.apply(moves)) ?? [];
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("2");
});

test("a tag is written alone, compared by what it resolves to, and never when it is on another image", async () => {
  const { bare, context, targetOf } = world();
  const target: GitopsTarget = {
    ...targetOf([{ path: "dev/kustomization.yaml", kustomize: "cart" }]),
    write: "tag",
  };
  const cart: Image = { ...image, service: "cart", repository: "shop/cart", sourceHash: "c".repeat(64) };
  const tag = `src-${"c".repeat(64)}`;
  const ecr = mockClient(ECRClient);
  const onTag = (digest: string) =>
    ecr.on(DescribeImagesCommand).resolves({ imageDetails: [{ imageDigest: digest, imageTags: [tag] }] });
  const plan = async (wanted: Image) =>
    gitopsKind.plan("cart", target, await gitopsKind.inspect(target, context), wanted);
  onTag(sha("8"));
  const planned = await plan(cart);
  expect(planned.changes).toMatchObject([
    { field: "image", before: `localhost:5000/shop/cart@${sha("8")}` },
    { field: "dev/kustomization.yaml:6", after: `  newTag: ${tag} # first` },
  ]);
  await expect(gitopsKind.apply(planned, cart, context)).rejects.toMatchObject({
    problems: [
      { code: "tag-moved", message: expect.stringContaining("has sha256:888888888888 under this tag") },
    ],
  });
  onTag(cart.digest);
  const applied = await gitopsKind.apply(planned, cart, context);
  expect(await gitopsKind.follow(planned, applied, cart, context)).toMatchObject({ outcome: "done" });
  expect(fileOn(bare, "dev/kustomization.yaml").toString()).toContain(`  newTag: ${tag} # first\n`);
  expect(await plan(cart)).toMatchObject({ action: "none", problems: [] });
  expect(await gitopsKind.status("cart", target, context)).toMatchObject({
    health: "healthy",
    running: `localhost:5000/shop/cart@${cart.digest}`,
  });
  onTag(sha("9"));
  expect(await plan(cart)).toMatchObject({ problems: [{ code: "tag-moved" }] });
  const { sourceHash: _, ...unknown } = cart;
  expect(await plan(unknown)).toMatchObject({ problems: [{ code: "contradicting-settings" }] });
  ecr.restore();
});

test("a repository that can't be reached is a problem of the plan", async () => {
  const { context } = world();
  const target = resolveGitopsTarget(
    gitopsTargetSchema.parse({ kind: "gitops", repository: "../nothing", files: [{ path: "a", yaml: "b" }] }),
    "ui",
    (text) => text,
  );
  const state = await gitopsKind.inspect(target, context);
  expect(gitopsKind.plan("ui", target, state, image).problems).toMatchObject([
    { code: "repository-refused" },
  ]);
  await expect(gitopsKind.inUse(context, [target])).rejects.toThrow("there is no such repository");
});
