import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../../config/problems/errors.ts";
import { type Git, openGit } from "../../../git/git.ts";
import { accessProblem, isGitFailure } from "./failure.ts";
import type { Remote } from "./remote.ts";

/** Time for one conversation with the server. */
const networkSeconds = 120;

/** Slipway's copy of a manifest repository. */
export interface Clone {
  readonly remote: Remote;
  /** Git in the copy, for commands that stay on this machine or fetch what they miss. */
  readonly git: Git;
  /** Git in the copy that fetches nothing: what is not here is missing. */
  readonly local: Git;
  /** Texts that messages must not show. */
  readonly secrets: readonly string[];
  /** Git in the copy for one conversation with the server, which ends when its time is up. */
  network(signal?: AbortSignal): Git;
}

/**
 * Opens Slipway's copy of a manifest repository, and makes it if there is none: bare, with one commit of
 * history and without the contents of files, which git fetches one by one where they are read. So the size of
 * the repository hardly matters. https://git-scm.com/docs/partial-clone
 */
export async function openClone(remote: Remote): Promise<Clone> {
  const { secrets, environment } = credentialsOf(remote, process.env);
  if (!existsSync(remote.cache)) await makeClone(remote);
  const network = (signal?: AbortSignal) => {
    const limit = AbortSignal.timeout(networkSeconds * 1000);
    return openGit(
      remote.cache,
      signal === undefined ? limit : AbortSignal.any([signal, limit]),
      environment,
    );
  };
  // The first is git's own word for it from 2.44 on; before, no way to the server is allowed.
  const offline = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };
  return {
    remote,
    git: openGit(remote.cache, undefined, environment),
    local: openGit(remote.cache, undefined, { ...environment, ...offline }),
    secrets,
    network,
  };
}

async function makeClone({ cache, address }: Remote): Promise<void> {
  await mkdir(dirname(cache), { recursive: true });
  // Made aside, so that a run that is killed leaves no half of it, and two runs don't make it together.
  const temporary = await mkdtemp(`${cache}.`);
  const git = openGit(temporary, undefined, { GIT_DIR: temporary });
  try {
    await git.text(["init", "--bare", "--quiet", "."]);
    const settings = [
      ["remote.origin.url", address],
      ["remote.origin.promisor", "true"],
      ["remote.origin.partialclonefilter", "blob:none"],
      ["gc.auto", "0"],
      ["maintenance.auto", "false"],
    ] as const;
    for (const [name, value] of settings) await git.text(["config", name, value]);
    await rename(temporary, cache);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(cache)) throw error;
  }
}

/** What a target's token is to git: a header, which is in the environment and not on the command line. */
function credentialsOf(
  { address, tokenEnvironment, name, branch, cache }: Remote,
  { GIT_CONFIG_COUNT: count, ...environment }: NodeJS.ProcessEnv,
): { readonly secrets: readonly string[]; readonly environment: Readonly<Record<string, string>> } {
  const batch = {
    // The copy lies in the project, whose own repository git would otherwise look for.
    GIT_DIR: cache,
    // Nobody is there to answer what ssh would ask on the terminal: it fails, and says why.
    SSH_ASKPASS: "false",
    SSH_ASKPASS_REQUIRE: "force",
  };
  if (tokenEnvironment === undefined) return { secrets: [], environment: batch };
  const token = environment[tokenEnvironment];
  if (token === undefined || token === "") {
    throw new UserError(
      {
        code: "repository-refused",
        where: `${name}, branch ${branch}`,
        key: "tokenEnvironment",
        value: tokenEnvironment,
        message: "this environment variable is not set",
        fix: `set ${tokenEnvironment} to a token that may push to the repository`,
      },
      { exitCode: 1 },
    );
  }
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  const next = Number(count ?? 0);
  return {
    secrets: [token, basic],
    environment: {
      ...batch,
      GIT_CONFIG_COUNT: String(next + 1),
      [`GIT_CONFIG_KEY_${next}`]: `http.${new URL(address).origin}/.extraHeader`,
      [`GIT_CONFIG_VALUE_${next}`]: `Authorization: Basic ${basic}`,
    },
  };
}

/** Name of the branch in the copy. */
function localRef({ branch }: Remote): string {
  return `refs/remotes/origin/${branch}`;
}

/** What git says of a copy that is damaged, or that a run which was killed has left locked. */
const damaged =
  /bad object|is corrupt|loose object|not a git repository: |object file .* is empty|missing blob|did not send all necessary objects|fetch-pack: invalid/;

/** What git says when another run works in the same copy. */
const inUse = /cannot lock ref|Unable to create '.*\.lock'|shallow file has changed|File exists/;
const attempts = 5;

/**
 * Fetches the branch.
 *
 * @returns the commit that it is at now
 * @throws UserError when the repository can't be reached, or has no such branch
 */
export async function fetchTip(clone: Clone, signal?: AbortSignal): Promise<string> {
  const { remote } = clone;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(clone, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isGitFailure(error)) throw timedOut(remote, error);
      const isLocked = inUse.test(error.stderr);
      if (attempt < attempts && isLocked) {
        await sleep(50 * 2 ** attempt * (0.5 + Math.random()), undefined, { signal });
        continue;
      }
      if (attempt > attempts || !(isLocked || damaged.test(error.stderr))) {
        throw accessProblem(remote, error, clone.secrets);
      }
      await renew(remote);
      attempt = attempts;
    }
  }
}

/** Makes the copy again: nothing in it is needed. */
async function renew(remote: Remote): Promise<void> {
  const aside = `${remote.cache}.old-${process.pid}-${Date.now()}`;
  await rename(remote.cache, aside).catch(() => {});
  await rm(aside, { recursive: true, force: true });
  await makeClone(remote);
}

async function fetchOnce(clone: Clone, signal: AbortSignal | undefined): Promise<string> {
  const { remote } = clone;
  const ref = localRef(remote);
  // The history since the first fetch stays complete: whether a commit comes after ours can then be told.
  const isNew = (await clone.git.text(["for-each-ref", ref])).trim() === "";
  const fetch = [
    ...["-c", "protocol.version=2", "fetch", "--no-tags", "--no-write-fetch-head", "--quiet"],
    ...["--no-recurse-submodules", "--filter=blob:none", ...(isNew ? ["--depth=1"] : [])],
    ...["origin", `+refs/heads/${remote.branch}:${ref}`],
  ];
  await clone.network(signal).text(fetch);
  return (await clone.git.text(["rev-parse", "--verify", `${ref}^{commit}`])).trim();
}

/** A conversation that took too long. */
export function timedOut({ name, branch }: Remote, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "AbortError") return error;
  return new UserError(
    {
      code: "repository-unreachable",
      where: `${name}, branch ${branch}`,
      message: `the repository did not answer within ${networkSeconds} seconds`,
      fix: "check the address and the network, and run the command again",
    },
    { exitCode: 1, cause: error },
  );
}

/**
 * Brings a commit of the repository into the copy.
 *
 * @returns whether it is there: servers need not hand out what no branch leads to
 */
export async function fetchCommit(clone: Clone, commit: string, signal: AbortSignal): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false;
  const isHere = () =>
    clone.local.text(["cat-file", "-e", `${commit}^{commit}`]).then(
      () => true,
      () => false,
    );
  if (await isHere()) return true;
  await fetchTip(clone, signal);
  if (await isHere()) return true;
  const args = ["fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--filter=blob:none", "--depth=1"];
  await clone
    .network(signal)
    .text([...args, "origin", commit])
    .catch(() => "");
  return isHere();
}
