import { UserError } from "../../../../config/problems/errors.ts";
import { openGit } from "../../../git/git.ts";
import type { Clone } from "./clone.ts";
import { isGitFailure, lastWords, saidBy } from "./failure.ts";
import type { Pushed } from "./push.ts";
import type { StoredFile } from "./tree.ts";

/** A commit that is to be made. */
export interface NewCommit {
  readonly tree: string;
  readonly parent: string;
  readonly message: string;
  /** What differs from the parent's tree, by path. */
  readonly files: ReadonlyMap<string, StoredFile>;
}

/** A commit that no branch has yet. */
export interface MadeCommit {
  readonly id: string;
  /** Whether the server calls its signature valid; undefined where git made it. */
  readonly isVerified?: boolean;
}

/** Makes commits, and brings them to their branch: by git, or through a server's API. */
export interface Committer {
  /** @throws UserError when it can't be made; nothing was changed then */
  make(commit: NewCommit): Promise<MadeCommit>;
  /** As `pushCommit`. */
  push(commit: string, tip: string): Promise<Pushed>;
  /** As `replaceBranch`. */
  replace(branch: string, commit: string, seen: string | undefined): Promise<Pushed>;
}

/** Git's variables for who commits, and when. https://git-scm.com/docs/git-commit-tree */
const identityVariables = /^GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)$/;

function gitAs({ remote: { cache } }: Clone) {
  const identity = Object.entries(process.env).filter(([name]) => identityVariables.test(name));
  return openGit(cache, undefined, { GIT_DIR: cache, ...Object.fromEntries(identity) });
}

/**
 * Asks git in whose name it would commit.
 *
 * @throws UserError `no-git-identity`
 */
export async function readIdentity(clone: Clone): Promise<void> {
  const git = gitAs(clone);
  try {
    await git.text(["var", "GIT_AUTHOR_IDENT"]);
    await git.text(["var", "GIT_COMMITTER_IDENT"]);
  } catch (error) {
    if (isGitFailure(error)) throw noIdentity(clone, error);
    throw error;
  }
}

function noIdentity({ remote }: Clone, cause: Error): UserError {
  return new UserError(
    {
      code: "no-git-identity",
      where: `${remote.name}, branch ${remote.branch}`,
      message: "git does not know in whose name to commit",
      fix: "set user.name and user.email with git config --global, or GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL",
    },
    { exitCode: 1, cause },
  );
}

/**
 * Makes a commit in the name that git is configured with, signed when git is configured to sign.
 *
 * @returns its id
 * @throws UserError `no-git-identity`, `signing-failed`
 */
export async function makeCommit(
  clone: Clone,
  commit: Pick<NewCommit, "tree" | "parent" | "message">,
): Promise<string> {
  const git = gitAs(clone);
  // `git commit-tree` signs only when it is told to.
  const signs =
    (await git.text(["config", "--type=bool", "--get", "commit.gpgSign"]).catch(() => "")).trim() === "true";
  const args = ["commit-tree", ...(signs ? ["-S"] : []), "-p", commit.parent, "-F", "-", commit.tree];
  try {
    return (await git.bytes(args, commit.message)).toString("latin1").trim();
  } catch (error) {
    if (!isGitFailure(error)) throw error;
    const said = saidBy(error);
    const where = `${clone.remote.name}, branch ${clone.remote.branch}`;
    if (
      /empty ident name|unable to auto-detect email|Please tell me who you are|Author identity unknown/i.test(
        said,
      )
    ) {
      throw noIdentity(clone, error);
    }
    if (!signs) throw error;
    throw new UserError(
      {
        code: "signing-failed",
        where,
        key: "commit.gpgSign",
        message: `git could not sign the commit: ${lastWords(said)}`,
        fix: "make the key of user.signingKey available to git, or switch commit.gpgSign off",
      },
      { exitCode: 1, cause: error },
    );
  }
}
