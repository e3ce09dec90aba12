// Not execa: its 150 files take a fifth of the time in which a plan has nothing to do.
import { execFile } from "node:child_process";

/** Git in one directory, run with a fixed environment. */
export interface Git {
  /**
   * Returns the output of a command.
   *
   * @throws an error with what git said in its message, and `exitCode`, `stdout` and `stderr`, when the command
   *   fails
   */
  text(args: readonly string[]): Promise<string>;
  /** The same as bytes, with an input for commands that read one. */
  bytes(args: readonly string[], input?: string | Uint8Array): Promise<Buffer>;
}

/**
 * Settings that would change an answer, with the values that Slipway expects. They are on git's command line,
 * so they override those of the system, the user and the repository.
 * https://git-scm.com/docs/git-config
 */
const settings = [
  // What git compares: every file by itself, and never by what a daemon or an earlier run remembers.
  "core.fsmonitor=false",
  "core.untrackedCache=keep",
  "core.ignoreStat=false",
  "core.checkStat=default",
  "core.trustctime=true",
  "diff.autoRefreshIndex=true",
  // What counts as a difference: the source hash counts the executable bit and links, so git does, as well.
  "core.fileMode=true",
  "core.symlinks=true",
  "core.safecrlf=false",
  // How paths are printed.
  "core.quotePath=false",
  "diff.relative=false",
  "diff.noprefix=false",
  "color.ui=false",
];

/**
 * Git's variables for reaching a remote, for trust, and for git's own location. A partial clone needs the
 * first to fetch missing objects, and a container trusts its checkout by `safe.directory`.
 */
const kept =
  /^GIT_(SSH|SSH_.*|ASKPASS|SSL_.*|HTTP_.*|PROXY_.*|ALLOW_PROTOCOL|EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+|PARAMETERS))$/;

/**
 * The environment that git runs in: the process's own, without the variables that a hook, a rebase or an
 * alias leaves for git (`GIT_DIR`, `GIT_INDEX_FILE`, `GIT_WORK_TREE` and the like). With them git would
 * answer for another repository, or for another state of this one.
 */
export function gitEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const own = Object.entries(environment).filter(
    ([name]) => (!name.startsWith("GIT_") || kept.test(name)) && name !== "LANGUAGE",
  );
  return {
    ...Object.fromEntries(own),
    LC_ALL: "C",
    // Reading never writes the index, so it runs no hook and disturbs nobody.
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // A commit is what its id says, not what somebody put in its place.
    GIT_NO_REPLACE_OBJECTS: "1",
  };
}

/**
 * Opens git in a directory. Every question that Slipway asks git goes through here, so that no setting and
 * no hook changes an answer.
 *
 * @param environment variables for git beside those of `gitEnvironment`
 */
export function openGit(
  directory: string,
  signal?: AbortSignal,
  environment: Readonly<Record<string, string | undefined>> = {},
): Git {
  const bytes: Git["bytes"] = (args, input) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        "git",
        ["--no-pager", ...settings.flatMap((one) => ["-c", one]), ...args],
        {
          cwd: directory,
          env: { ...gitEnvironment(process.env), ...environment },
          encoding: "buffer",
          maxBuffer: 2 ** 31 - 1,
          ...(signal === undefined ? {} : { signal }),
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else if (typeof error.code !== "number") reject(error);
          else {
            const said = { stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8") };
            reject(Object.assign(error, { exitCode: error.code }, said));
          }
        },
      );
      // Git may end before it has read all of it.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
  return { bytes, text: async (args) => (await bytes(args)).toString("utf8") };
}
