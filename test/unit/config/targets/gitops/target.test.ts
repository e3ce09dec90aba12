import { expect, test } from "vitest";
import { addressFault, isPath, shortAddress } from "../../../../../config/targets/gitops/address.ts";
import { gitopsDeclaration } from "../../../../../config/targets/gitops/kind.ts";
import { formatPath, parsePath } from "../../../../../config/targets/gitops/path.ts";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../../config/targets/gitops/target.ts";
import type { TargetPlace } from "../../../../../config/targets/target.ts";

const place = { key: "services.ui.targets[0]" } as TargetPlace;
const written = (more: object = {}) => ({
  kind: "gitops",
  repository: "git@github.com:acme/deploy.git",
  files: [{ path: "apps/${stack}/kustomization.yaml", kustomize: "ui-${stack}" }],
  ...more,
});
const resolved = (more: object = {}) =>
  resolveGitopsTarget(gitopsTargetSchema.parse(written(more)), "ui", (text) =>
    text.replaceAll("${stack}", "dev"),
  );
const problems = (more: object) => gitopsDeclaration.problems(resolved(more), place);

test("a target is read with its defaults and its stack", () => {
  expect(resolved()).toEqual({
    kind: "gitops",
    repository: "git@github.com:acme/deploy.git",
    branch: "main",
    deliver: "push",
    commit: "git",
    files: [{ path: "apps/dev/kustomization.yaml", kind: "kustomize", name: "ui-dev", create: false }],
    write: "digest",
    follow: "none",
    order: 0,
  });
  expect(gitopsDeclaration.identity(resolved())).toBe(
    "acme/deploy@main:apps/dev/kustomization.yaml images[ui-dev]",
  );
  expect(problems({})).toEqual([]);
});

test.each([
  [{ files: [{ path: "a" }] }, "needs one of kustomize, helm and yaml"],
  [{ files: [{ path: "a", helm: "image", yaml: "image" }] }, "needs one of kustomize, helm and yaml"],
  [{ files: [{ path: "a", helm: "image", create: true }] }, "create is for kustomize only"],
  [{ files: [{ path: "a", yaml: "spec..image" }] }, "is not a path"],
  [{ files: [] }, "Too small"],
  [{ deliver: "email" }, "Invalid option"],
  [{ write: "latest" }, "Invalid option"],
])("%o is refused", (more, message) => {
  expect(gitopsTargetSchema.safeParse(written(more)).error?.message).toContain(message);
});

test.each([
  [
    { repository: "https://me:s3cret@github.com/acme/deploy" },
    "repository",
    "holds credentials, which git would store and services.yaml would show",
  ],
  [
    { repository: "https://ghp_token@github.com/acme/deploy" },
    "repository",
    "holds credentials, which git would store and services.yaml would show",
  ],
  [{ repository: "--upload-pack=touch" }, "repository", "begins with a dash, which git takes for an option"],
  [{ repository: "ext::sh -c touch" }, "repository", "names a helper program of git"],
  [{ repository: "ftp://example.com/x" }, "repository", "git is not asked by ftp://"],
  [{ branch: "refs/heads/main" }, "branch", "is not a name that git accepts for a branch"],
  [{ branch: "a..b" }, "branch", "is not a name that git accepts for a branch"],
  [{ branch: "-x" }, "branch", "is not a name that git accepts for a branch"],
  [{ files: [{ path: "../x.yaml", yaml: "a" }] }, "files[0].path", "leads out of the manifest repository"],
  [{ files: [{ path: "/etc/x.yaml", yaml: "a" }] }, "files[0].path", "leads out of the manifest repository"],
  [
    { files: [{ path: "a/../../x.yaml", yaml: "a" }] },
    "files[0].path",
    "leads out of the manifest repository",
  ],
  [
    { files: [{ path: "./x.yaml", yaml: "a" }] },
    "files[0].path",
    "is not the path of a file as git writes it",
  ],
  [
    { files: [{ path: ".git/config", yaml: "a" }] },
    "files[0].path",
    "is not the path of a file as git writes it",
  ],
  [{ tokenEnvironment: "TOKEN" }, "tokenEnvironment", "git sends a token to an https address only"],
])("%o is a problem", (more, key, message) => {
  const [problem] = problems(more);
  expect(problem).toMatchObject({ key: `${place.key}.${key}`, message, fix: expect.any(String) });
  expect(JSON.stringify(problem)).not.toMatch(/s3cret|ghp_token/);
});

test("ways to one repository have one short name, and paths are told from addresses", () => {
  for (const address of [
    "git@github.com:acme/deploy.git",
    "https://github.com/acme/deploy",
    "ssh://git@github.com/acme/deploy.git",
    "../acme/deploy",
  ]) {
    expect(shortAddress(address), address).toBe("acme/deploy");
    expect(addressFault(address), address).toBeUndefined();
  }
  expect(["../deploy", "/srv/deploy.git", "C:/deploy", "~/deploy"].map(isPath)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["git@host:x", "host:x/y", "https://host/x", "file:///x"].map(isPath)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each([
  "image",
  "spec.template.spec.containers[name=ui].image",
  "[kind=Deployment][metadata.name=ui].spec.image",
  'metadata.annotations["example.com/ui.image"]',
  "list[0][1].a",
])("the path %s is read and written", (text) => {
  const steps = parsePath(text);
  expect(formatPath(steps ?? [])).toBe(text);
});

test.each(["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[b", "a b", 'a["b]', "a[=b]", "a]b"])(
  "%o is no path",
  (text) => {
    expect(parsePath(text)).toBeUndefined();
  },
);
