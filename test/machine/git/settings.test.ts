import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadStack } from "../../../config/description/load.ts";
import { readTree } from "../../../runner/commands/init/tree.ts";
import { findGitBase } from "../../../runner/git/base.ts";
import { compareSince } from "../../../runner/git/changed-since.ts";
import { commonAncestor, readRevision } from "../../../runner/git/revision.ts";
import { findUncommitted } from "../../../runner/git/uncommitted.ts";
import { hashSources } from "../../../source/hash.ts";

let root: string;
let project: string;
let other: string;
let first: string;
let head: string;
let baseline: unknown;

const git = (directory: string, ...args: readonly string[]) =>
  execa("git", ["-C", directory, "-c", "user.name=t", "-c", "user.email=t@localhost", ...args]);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-settings-"));
  [project, other] = [join(root, "project"), join(root, "other")];
  for (const directory of [project, other]) {
    await git(root, "init", "-q", "-b", "main", directory);
    await git(directory, "commit", "-q", "--allow-empty", "-m", "first");
  }
  first = (await git(project, "rev-parse", "HEAD")).stdout;
  await git(project, "remote", "add", "origin", "https://git.example.com/team/app.git");
  const files = {
    "Pulumi.yaml": "name: test\nruntime: nodejs\n",
    "Pulumi.dev.yaml": "config:\n  aws:region: eu-west-1\n",
    "services.yaml": "services: { ui: { context: . } }\n",
    Dockerfile: "FROM busybox:1\n",
    ".gitignore": ".slipway/\n",
    ".dockerignore": "fsmonitor\n",
    "Grüße.txt": "1\n",
    script: "1\n",
    staged: "1\n",
  };
  for (const [path, content] of Object.entries(files)) await writeFile(join(project, path), content);
  await signCommits();
  await git(project, "add", "--all");
  await git(project, "commit", "-q", "-m", "second");
  await git(project, "tag", "v1.0.0");
  head = (await git(project, "rev-parse", "HEAD")).stdout;
  // One difference of each sort.
  await writeFile(join(project, "Grüße.txt"), "2\n");
  await writeFile(join(project, "new"), "");
  await execa("chmod", ["+x", join(project, "script")]);
  await writeFile(join(project, "staged"), "2\n");
  await git(project, "add", "staged");
  await git(project, "replace", head, first);
  await writeFile(join(root, "nothing-changed"), "#!/bin/sh\nprintf 'token\\0'\n", { mode: 0o755 });
  baseline = await answers();
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A signed commit makes git print a signature where it is told to show one. */
async function signCommits(): Promise<void> {
  const key = join(root, "key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  await writeFile(join(root, "signers"), `t@localhost ${(await execa("cat", [`${key}.pub`])).stdout}\n`);
  for (const [name, value] of [
    ["gpg.format", "ssh"],
    ["user.signingkey", `${key}.pub`],
    ["commit.gpgsign", "true"],
    ["gpg.ssh.allowedSignersFile", join(root, "signers")],
  ] as const) {
    await git(project, "config", name, value);
  }
}

const signal = new AbortController().signal;

/** Every question that Slipway asks git. */
async function answers() {
  const description = await loadStack(project, "dev", {});
  const { services } = description.catalogue;
  const sources = await hashSources(project, { services, baseImages: {} }, services);
  const revision = await readRevision(project, {});
  const since = await compareSince(
    { ...description, services },
    { kind: "commit", ref: "HEAD", commit: head },
    { emit: () => {}, signal },
  );
  return {
    revision,
    uncommitted: await findUncommitted(description, sources, revision?.commit ?? "", signal),
    since,
    base: await findGitBase(project, "main"),
    tag: await findGitBase(project, "v1.0.0"),
    ancestor: await commonAncestor(project, first, head),
    tree: await readTree(project),
  };
}

test("the answers are those of the repository as it is", () => {
  expect(baseline).toMatchObject({
    revision: { commit: head, branch: "main", tagsHere: ["v1.0.0"] },
    uncommitted: new Map([["ui", ["Grüße.txt", "new", "script", "staged"]]]),
    since: { services: new Map([["ui", { kind: "changed" }]]) },
    base: { kind: "commit", commit: head },
    tag: { kind: "commit", commit: head },
    ancestor: first,
    tree: { name: "app", source: "https://git.example.com/team/app" },
  });
});

const settings: readonly (readonly [string, string])[] = [
  ["log.showSignature", "true"],
  ["log.date", "relative"],
  ["log.decorate", "full"],
  ["log.mailmap", "true"],
  ["log.follow", "true"],
  ["format.pretty", "fuller"],
  ["status.showUntrackedFiles", "no"],
  ["status.short", "true"],
  ["status.branch", "true"],
  ["status.relativePaths", "false"],
  ["core.quotePath", "true"],
  ["core.quotePath", "false"],
  ["core.fileMode", "false"],
  ["core.symlinks", "false"],
  ["core.fsmonitor", "nothing-changed"],
  ["core.untrackedCache", "true"],
  ["core.ignoreStat", "true"],
  ["core.checkStat", "minimal"],
  ["core.trustctime", "false"],
  ["core.pager", "false"],
  ["core.abbrev", "4"],
  ["core.excludesFile", "/dev/null"],
  ["core.hooksPath", "/nonexistent"],
  ["core.safecrlf", "true"],
  ["core.autocrlf", "input"],
  ["core.warnAmbiguousRefs", "false"],
  ["core.preloadIndex", "false"],
  ["core.splitIndex", "true"],
  ["color.ui", "always"],
  ["color.diff", "always"],
  ["color.branch", "always"],
  ["diff.external", "false"],
  ["diff.ignoreSubmodules", "all"],
  ["diff.noprefix", "true"],
  ["diff.relative", "true"],
  ["diff.renames", "copies"],
  ["diff.orderFile", "/nonexistent"],
  ["diff.autoRefreshIndex", "false"],
  ["diff.wordRegex", "."],
  ["column.ui", "always"],
  ["tag.sort", "-refname"],
  ["versionsort.suffix", "-rc"],
  ["submodule.recurse", "true"],
  ["pager.diff", "false"],
  ["pager.ls-files", "false"],
  ["alias.log", "!false"],
  ["alias.diff", "!false"],
  ["advice.detachedHead", "true"],
  ["i18n.logOutputEncoding", "latin1"],
  ["fetch.prune", "true"],
  ["transfer.fsckObjects", "true"],
  ["gpg.program", "false"],
  ["trace2.normalTarget", "2"],
];

describe("no setting of git changes an answer:", () => {
  const value = (text: string) => (text === "nothing-changed" ? join(root, text) : text);

  test.each(settings)("%s = %s, in the repository", async (name, text) => {
    await git(project, "config", name, value(text));
    try {
      expect(await answers()).toEqual(baseline);
    } finally {
      await git(project, "config", "--unset", name);
    }
  });

  test("all at once, by the user", async () => {
    const global = join(root, "gitconfig");
    for (const [name, text] of settings) await execa("git", ["config", "--file", global, name, value(text)]);
    vi.stubEnv("GIT_CONFIG_GLOBAL", global);
    expect(await answers()).toEqual(baseline);
  });
});

describe("no environment of a hook changes an answer:", () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ["GIT_DIR", () => join(other, ".git")],
    ["GIT_WORK_TREE", () => other],
    ["GIT_INDEX_FILE", () => join(other, ".git/index")],
    ["GIT_OBJECT_DIRECTORY", () => join(other, ".git/objects")],
    ["GIT_COMMON_DIR", () => join(other, ".git")],
    ["GIT_NAMESPACE", () => "other"],
    ["GIT_PREFIX", () => "other/"],
    ["GIT_EXTERNAL_DIFF", () => "false"],
    ["GIT_DIFF_OPTS", () => "-u1"],
    ["GIT_LITERAL_PATHSPECS", () => "1"],
    ["GIT_ICASE_PATHSPECS", () => "1"],
    ["GIT_NO_REPLACE_OBJECTS", () => ""],
    ["GIT_TRACE", () => "1"],
    ["GIT_PAGER", () => "false"],
    ["GIT_OPTIONAL_LOCKS", () => "1"],
    ["GIT_DEFAULT_REF_FORMAT", () => "reftable"],
    ["LC_ALL", () => "de_DE.UTF-8"],
    ["LANGUAGE", () => "de"],
    ["PAGER", () => "false"],
  ])("%s", async (name, value) => {
    vi.stubEnv(name, value());
    expect(await answers()).toEqual(baseline);
  });
});

test("git writes nothing into the repository, so that no hook runs", async () => {
  const index = () => execa("stat", ["-c", "%Y %i %s", join(project, ".git/index")]);
  const before = (await index()).stdout;
  await answers();
  expect((await index()).stdout).toBe(before);
});
