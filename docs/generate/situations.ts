import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type TagPreset, tagPresets } from "../../config/stack/tags.ts";
import { readRevision } from "../../runner/git/revision.ts";
import { planTags, type TagPlan } from "../../runner/tags/tags.ts";

/** The source hash of a service that differs from the commit. */
const sourceHash = "fedcba9876543210fedcba9876543210";

/** A state of a repository at the time of a deployment. */
interface Situation {
  readonly title: string;
  /** Brings the repository into this state. It starts as a clone of one with a commit on main, and origin/HEAD. */
  readonly prepare?: (git: Git, directory: string) => Promise<unknown>;
  /** Set when the repository does not start as a clone. */
  readonly bare?: "no repository" | "no commit";
  readonly version?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly isDirty?: true;
}

type Git = (...words: readonly string[]) => Promise<unknown>;

const commitThenTag = async (git: Git, ...tags: readonly string[]) => {
  for (const tag of tags) {
    await git("commit", "--allow-empty", "-m", tag);
    await git("tag", tag);
  }
};

const longBranch = `feature/${"a-very-long-name-".repeat(10)}end`;

export const situations: readonly Situation[] = [
  { title: "the main branch" },
  { title: "a feature branch", prepare: (git) => git("switch", "-c", "feature/cart-2") },
  { title: "a branch with emoji and slashes", prepare: (git) => git("switch", "-c", "feat/🚀/checkout") },
  { title: "a branch of 181 characters", prepare: (git) => git("switch", "-c", longBranch) },
  {
    title: "a main branch called trunk",
    prepare: async (git) => {
      await git("switch", "-c", "trunk");
      await git("update-ref", "refs/remotes/origin/trunk", "HEAD");
      await git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk");
    },
  },
  {
    title: "a git tag, the newest release, on main",
    prepare: (git) => commitThenTag(git, "v1.4.1", "v1.4.2"),
  },
  {
    title: "an annotated git tag, as CI checks it out",
    prepare: async (git) => {
      await git("tag", "-a", "v1.4.2", "-m", "Release");
      await git("checkout", "--detach", "v1.4.2");
    },
    environment: { GITHUB_REF: "refs/tags/v1.4.2", GITHUB_REF_NAME: "v1.4.2", GITHUB_REF_TYPE: "tag" },
  },
  {
    title: "a release of an older line",
    prepare: async (git) => {
      await commitThenTag(git, "v1.3.9", "v1.4.0", "v2.0.0");
      await git("checkout", "--detach", "v1.3.9");
    },
  },
  { title: "a pre-release on main", prepare: (git) => commitThenTag(git, "v2.0.0-rc.1") },
  { title: "a release below 1.0 on main", prepare: (git) => commitThenTag(git, "v0.7.1") },
  { title: "a tag with the name of the branch", prepare: (git) => git("tag", "main") },
  {
    title: "pull request 12, as GitHub checks it out",
    prepare: (git) => git("checkout", "--detach"),
    environment: {
      GITHUB_REF: "refs/pull/12/merge",
      GITHUB_REF_NAME: "12/merge",
      GITHUB_HEAD_REF: "feature/cart-2",
    },
  },
  {
    title: "a fork's pull request from its own main",
    prepare: (git) => git("checkout", "--detach"),
    environment: { GITHUB_REF: "refs/pull/13/merge", GITHUB_REF_NAME: "13/merge", GITHUB_HEAD_REF: "main" },
  },
  { title: "a detached head", prepare: (git) => git("checkout", "--detach") },
  {
    title: "a shallow clone",
    prepare: async (git, directory) => {
      await commitThenTag(git, "v1.4.2");
      await git(
        "clone",
        "--no-local",
        "--depth",
        "1",
        "--no-tags",
        `file://${directory}`,
        join(directory, "../shallow"),
      );
    },
  },
  {
    title: "uncommitted changes",
    isDirty: true,
  },
  {
    title: "uncommitted changes on a git tag",
    prepare: (git) => commitThenTag(git, "v1.4.2"),
    isDirty: true,
  },
  { title: "`--version v3.1.0` on main", version: "v3.1.0" },
  { title: "`--version hotfix-login` on main", version: "hotfix-login" },
  { title: "before the first commit", bare: "no commit" },
  { title: "no git repository", bare: "no repository", version: "v3.1.0" },
];

/** What each preset makes of a situation, in a real repository created for it. */
export async function plansIn(situation: Situation): Promise<Record<TagPreset, TagPlan>> {
  const root = await mkdtemp(join(tmpdir(), "slipway-git-"));
  try {
    const directory = await layOut(situation, root);
    // CI's variables describe the commit that is checked out.
    const commit = (await readRevision(directory, {}))?.commit;
    const environment = situation.environment && { ...situation.environment, GITHUB_SHA: commit };
    const revision = await readRevision(directory, environment ?? {});
    const plans = Object.entries(tagPresets).map(([name, formats]) => [
      name,
      planTags(formats, {
        stack: "dev",
        version: situation.version,
        revision,
        uncommittedSource: situation.isDirty ? sourceHash : undefined,
      }),
    ]);
    return Object.fromEntries(plans) as Record<TagPreset, TagPlan>;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function layOut(situation: Situation, root: string): Promise<string> {
  const origin = join(root, "origin");
  const directory = join(root, "work");
  const git = gitIn(root);
  if (situation.bare === "no repository") return root;
  await git("init", "--initial-branch=main", situation.bare === undefined ? origin : directory);
  if (situation.bare === "no commit") return directory;
  await writeFile(join(origin, "file"), "as committed\n");
  await gitIn(origin)("add", "--all");
  await gitIn(origin)("commit", "-m", "First");
  await git("clone", origin, directory);
  await situation.prepare?.(gitIn(directory), directory);
  return situation.title === "a shallow clone" ? join(root, "shallow") : directory;
}

/** Git without the machine's settings and with a fixed clock: the same commits everywhere. */
function gitIn(directory: string): Git {
  const time = "2026-05-04T03:02:01Z";
  const env = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_AUTHOR_NAME: "Somebody",
    GIT_AUTHOR_EMAIL: "somebody@example.com",
    GIT_AUTHOR_DATE: time,
    GIT_COMMITTER_NAME: "Somebody",
    GIT_COMMITTER_EMAIL: "somebody@example.com",
    GIT_COMMITTER_DATE: time,
  };
  return (...words) => execa("git", words, { cwd: directory, env });
}
