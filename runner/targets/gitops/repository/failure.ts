import type { ErrorCode } from "../../../../config/problems/codes.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import type { Remote } from "./remote.ts";

/** What git says when it failed. */
export interface GitFailure extends Error {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function isGitFailure(error: unknown): error is GitFailure {
  return error instanceof Error && "exitCode" in error && "stderr" in error;
}

interface Reason {
  readonly when: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
}

/** What git, ssh and curl say, and what it means; the first that matches. */
const reasons: readonly Reason[] = [
  {
    when: /couldn't find remote ref|Remote branch .* not found/i,
    code: "branch-not-found",
    message: "the branch does not exist",
    fix: "create it with a first commit, or name another branch in the target",
  },
  {
    when: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    code: "repository-refused",
    message: "ssh does not know the server's host key",
    fix: "check the server's fingerprint, and add its key to ~/.ssh/known_hosts",
  },
  {
    when: /Permission denied \(|publickey|Load key .*: /i,
    code: "repository-refused",
    message: "the server does not accept the ssh key",
    fix: "give ssh a key that may push to this repository: an agent, GIT_SSH_COMMAND, or a deploy key with write access",
  },
  {
    when: /Authentication failed|could not read (Username|Password)|HTTP Basic: Access denied|error: 401|returned error: 403|terminal prompts disabled|Invalid username or (password|token)/i,
    code: "repository-refused",
    message: "the server does not accept the credentials",
    fix: "set tokenEnvironment to the name of a variable with a token that may push, or use git's credential helper",
  },
  {
    when: /Repository not found|repository '.*' not found|does not appear to be a git repository|error: 404|No such file or directory|project you were looking for could not be found/i,
    code: "repository-refused",
    message: "there is no such repository, or the credentials may not see it",
    fix: "check the address, and that the credentials may read it",
  },
  {
    when: /dubious ownership|safe\.directory/i,
    code: "repository-refused",
    message: "git refuses to read the repository because it belongs to another user",
    fix: "if you trust it, add it to git's safe.directory",
  },
  {
    when: /SSL certificate|certificate verify failed|server certificate/i,
    code: "repository-unreachable",
    message: "the server's certificate is not trusted",
    fix: "set http.sslCAInfo for this server",
  },
  {
    when: /Could not resolve host|Connection (refused|timed out|reset)|Failed to connect|Operation timed out|Network is unreachable|No route to host|unable to access|early EOF|hung up|unexpected disconnect|RPC failed|Could not read from remote/i,
    code: "repository-unreachable",
    message: "the repository does not answer",
    fix: "check the address and the network, and run the command again",
  },
];

/**
 * The problem for a failure to reach a manifest repository. Git's own words follow, without credentials.
 *
 * @param secrets texts that must not be shown
 */
export function accessProblem(
  remote: Remote,
  failure: GitFailure,
  secrets: readonly string[] = [],
): UserError {
  const said = saidBy(failure, secrets);
  const reason = reasons.find(({ when }) => when.test(said));
  const { code, message, fix } = reason ?? {
    code: "repository-unreachable" as const,
    message: "git failed",
    fix: "correct what git says",
  };
  const words = lastWords(said);
  return new UserError(
    {
      code,
      where: `${remote.name}, branch ${remote.branch}`,
      message: words === "" ? message : `${message}: ${words}`,
      fix,
    },
    { exitCode: 1 },
  );
}

/** What git said, without credentials. */
export function saidBy({ stderr, message }: GitFailure, secrets: readonly string[] = []): string {
  return withoutSecrets(stderr === "" ? message : stderr, secrets);
}

/** A text with secrets, and with user names and passwords in addresses, replaced. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret !== "")
    .reduce((all, secret) => all.replaceAll(secret, "***"), text);
  return hidden.replaceAll(/(\w+:\/\/)[^/\s@]*:[^/\s@]*@/g, "$1***@");
}

/** The lines in which git and the server give a reason, as one line. */
export function lastWords(said: string): string {
  const lines = said
    .split("\n")
    .map((line) => line.replace(/^(fatal|error|remote): ?/gi, "").trim())
    .filter((line) => line !== "" && !/^(hint:|To |Please make sure|and the repository exists)/.test(line));
  return lines.slice(0, 6).join("; ");
}
